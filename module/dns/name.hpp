#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>
#include <variant>

namespace dns_tools::dns {

/// Why a text is no name that can be looked up.
enum class NameError : std::uint8_t {
    empty,           ///< nothing, or nothing but a dot
    ip_literal,      ///< an IPv4 or IPv6 address, also in brackets
    empty_label,     ///< two dots in a row, or one at the beginning
    label_too_long,  ///< more than 63 bytes in A-label form
    too_long,        ///< more than 253 bytes in A-label form
    bad_character,   ///< ASCII other than letters, digits, hyphen, underscore and dot
    bad_utf8,        ///< bytes above 127 that are not UTF-8
    bad_idna,        ///< no A-label form by UTS 46
};

/// What is wrong, in plain English, as the end of a sentence that begins with the parameter:
/// "has a label of more than 63 bytes".
std::string_view describe(NameError error) noexcept;

/// A domain name as it is asked for: A-labels in lower case, no trailing dot, 1 to 253 bytes
/// (RFC 1035 §2.3.4, RFC 5890). Holds its text in place; copying never allocates.
class Name {
public:
    static constexpr std::size_t max_size = 253;
    static constexpr std::size_t max_label = 63;

    /// Reads what a person types: one trailing dot is dropped, ASCII is lower-cased, U-labels
    /// become A-labels (UTS 46, non-transitional).
    static std::variant<Name, NameError> parse(std::string_view text);

    std::string_view text() const noexcept { return {text_.data(), size_}; }

    /// Whether this is `ancestor` or ends in `.ancestor`; `ancestor` is in canonical form.
    bool is_at_or_below(std::string_view ancestor) const noexcept;

    friend bool operator==(const Name& a, const Name& b) noexcept { return a.text() == b.text(); }

private:
    Name() = default;

    std::array<char, max_size> text_;
    std::uint8_t size_ = 0;
};

}  // namespace dns_tools::dns

template <>
struct std::hash<dns_tools::dns::Name> {
    std::size_t operator()(const dns_tools::dns::Name& name) const noexcept {
        return std::hash<std::string_view>()(name.text());
    }
};
