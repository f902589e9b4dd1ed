#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "dns/answer.hpp"

/// DNS messages as bytes (RFC 1035 §4): queries are built and answers are read here, nowhere else.
namespace dns_tools::dns {

inline constexpr std::size_t header_size = 12;

enum class RecordType : std::uint16_t { a = 1, ns = 2, cname = 5, soa = 6, opt = 41 };

/// A query of one question in class IN, with recursion desired.
class QueryMessage {
public:
    /// Header, the longest name, type and class, and an empty OPT record.
    static constexpr std::size_t max_size = header_size + 255 + 4 + 11;

    /// `name` is the text of a Name. `edns`: whether an OPT record tells the server that answers of
    /// 1232 bytes may come over UDP (RFC 6891 §6.1).
    void build(std::string_view name, RecordType type, bool edns) noexcept;

    void set_id(std::uint16_t id) noexcept;
    std::span<const std::uint8_t> bytes() const noexcept { return {bytes_.data(), size_}; }
    /// Name, type and class of the question.
    std::span<const std::uint8_t> question() const noexcept {
        return {bytes_.data() + header_size, question_end_ - header_size};
    }

private:
    std::array<std::uint8_t, max_size> bytes_;
    std::size_t size_ = 0;
    std::size_t question_end_ = 0;
};

/// What a message is to a query.
enum class Reading {
    not_an_answer,  ///< no response, or one to another question: nothing to go by
    truncated,      ///< the whole answer is to be had over TCP (RFC 1035 §4.2.1)
    format_error,   ///< rcode FORMERR: a server that does not know EDNS may say so (RFC 6891 §7)
    failed,         ///< an error of the server's, or nonsense
    answered,       ///< ok, nxdomain or no_addresses
};

/// Reads a message of any bytes as the answer to a query for A records. `answered` fills in all of
/// `answer`; `failed` and `format_error` leave in `answer.detail` what is wrong with the message.
/// The id is not looked at: who receives knows which query it belongs to.
Reading read_answer(std::span<const std::uint8_t> message, const QueryMessage& query,
                    Answer& answer);

/// Whether a message is a response to this question, whatever it says.
bool is_answer(std::span<const std::uint8_t> message, const QueryMessage& query) noexcept;

}  // namespace dns_tools::dns
