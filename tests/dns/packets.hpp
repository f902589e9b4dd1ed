#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dns/message.hpp"

namespace dns_tools::dns::test {

/// The name in the question of a well-formed query.
inline std::string question_name(std::span<const std::uint8_t> query) {
    std::string name;
    for (std::size_t at = header_size; query[at] != 0; at += 1u + query[at]) {
        name += name.empty() ? "" : ".";
        name.append(query.begin() + static_cast<std::ptrdiff_t>(at) + 1,
                    query.begin() + static_cast<std::ptrdiff_t>(at) + 1 + query[at]);
    }
    return name;
}

/// A DNS message put together byte by byte, also a wrong one.
class Packet {
public:
    /// A response to `query` without records: its id, its question, QR and RD set.
    explicit Packet(std::span<const std::uint8_t> query, unsigned rcode = 0) {
        std::size_t end = header_size;
        while (query[end] != 0) {
            end += 1u + query[end];
        }
        bytes.assign(query.begin(), query.begin() + static_cast<std::ptrdiff_t>(end + 5));
        bytes[2] = 0x81;
        bytes[3] = static_cast<std::uint8_t>(0x80 | rcode);
        for (std::size_t i = 6; i < header_size; ++i) {
            bytes[i] = 0;
        }
    }

    /// `owner` and `target` are texts without escapes; an owner of "@" points to the question.
    Packet& a(std::string_view owner, std::array<std::uint8_t, 4> address, std::uint32_t ttl) {
        return record(owner, 1, ttl, address);
    }
    Packet& cname(std::string_view owner, std::string_view target, std::uint32_t ttl) {
        const auto data = name(target);
        return record(owner, 5, ttl, data);
    }
    Packet& record(std::string_view owner, std::uint16_t type, std::uint32_t ttl,
                   std::span<const std::uint8_t> data, std::uint16_t record_class = 1) {
        raw_record(owner == "@" ? std::vector<std::uint8_t>{0xc0, 0x0c} : name(owner), type, ttl,
                   data, record_class);
        return *this;
    }
    Packet& raw_record(std::span<const std::uint8_t> owner, std::uint16_t type, std::uint32_t ttl,
                       std::span<const std::uint8_t> data, std::uint16_t record_class = 1) {
        append(owner);
        put16(type);
        put16(record_class);
        put16(static_cast<std::uint16_t>(ttl >> 16));
        put16(static_cast<std::uint16_t>(ttl));
        put16(static_cast<std::uint16_t>(data.size()));
        append(data);
        count(section);
        return *this;
    }
    Packet& opt(std::uint8_t upper_rcode) {
        section = 10;
        return raw_record(std::vector<std::uint8_t>{0}, 41,
                          static_cast<std::uint32_t>(upper_rcode) << 24, {}, 1232);
    }
    Packet& truncated() {
        bytes[2] |= 0x02;
        return *this;
    }
    /// Records go to the section counted at this place of the header from now on.
    Packet& into(std::size_t counter) {
        section = counter;
        return *this;
    }

    void count(std::size_t at) {
        const unsigned next = (bytes[at] << 8 | bytes[at + 1]) + 1;
        bytes[at] = static_cast<std::uint8_t>(next >> 8);
        bytes[at + 1] = static_cast<std::uint8_t>(next);
    }
    void put16(std::uint16_t value) {
        bytes.push_back(static_cast<std::uint8_t>(value >> 8));
        bytes.push_back(static_cast<std::uint8_t>(value));
    }
    void append(std::span<const std::uint8_t> more) {
        bytes.insert(bytes.end(), more.begin(), more.end());
    }

    static std::vector<std::uint8_t> name(std::string_view text) {
        std::vector<std::uint8_t> wire;
        while (!text.empty()) {
            const auto size = std::min(text.find('.'), text.size());
            wire.push_back(static_cast<std::uint8_t>(size));
            wire.insert(wire.end(), text.begin(), text.begin() + static_cast<std::ptrdiff_t>(size));
            text.remove_prefix(std::min(size + 1, text.size()));
        }
        wire.push_back(0);
        return wire;
    }

    std::vector<std::uint8_t> bytes;
    std::size_t section = 6;
};

}  // namespace dns_tools::dns::test
