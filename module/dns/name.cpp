#include "dns/name.hpp"

#include <idn2.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <optional>
#include <string>

#include "base/ip_address.hpp"
#include "base/utf8.hpp"
#include "dns/ipv4_text.hpp"

namespace dns_tools::dns {

namespace {

// A name of 253 bytes has fewer code points than bytes, and UTF-8 spends at most 4 bytes on each.
constexpr std::size_t max_input = 4 * (Name::max_size + 1);

// What separates labels besides the ASCII dot (UTS 46): U+3002, U+FF0E, U+FF61.
constexpr std::string_view other_dots[] = {"\xe3\x80\x82", "\xef\xbc\x8e", "\xef\xbd\xa1"};

constexpr bool is_ascii(char c) {
    return static_cast<unsigned char>(c) < 0x80;
}

constexpr char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
}

/// A byte of a label, after lower-casing.
constexpr bool is_label_byte(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

constexpr bool is_name_byte(char c) {
    return is_label_byte(lower(c)) || c == '.';
}

std::string_view without_trailing_dot(std::string_view text) {
    if (text.ends_with('.')) {
        text.remove_suffix(1);
    }
    return text;
}

/// An address as a person may write one in place of a name: `192.0.2.1`, `2001:db8::1`, `[::1]`,
/// `fe80::1%eth0` (RFC 4007 §11).
bool is_ip_literal(std::string_view text) {
    if (std::holds_alternative<Ipv4Address>(parse_ipv4(text))) {
        return true;
    }
    const bool in_brackets = text.starts_with('[') && text.ends_with(']');
    if (in_brackets) {
        text = text.substr(1, text.size() - 2);
    } else if (text.find(':') == text.npos) {
        return false;
    }
    if (const auto zone = text.find('%'); zone != text.npos && zone + 1 < text.size()) {
        text = text.substr(0, zone);
    }
    const auto address = IpAddress::parse(text);
    return address.has_value();
}

NameError idna_error(int code) {
    switch (code) {
        case IDN2_TOO_BIG_LABEL:
        case IDN2_PUNYCODE_BIG_OUTPUT:
            return NameError::label_too_long;
        case IDN2_TOO_BIG_DOMAIN:
            return NameError::too_long;
        default:
            return NameError::bad_idna;
    }
}

/// Adds the A-label form of a label that is not all ASCII.
std::optional<NameError> append_a_label(std::string& name, std::string_view label) {
    const std::string terminated(label);
    std::uint8_t* made = nullptr;
    const int code = idn2_lookup_u8(reinterpret_cast<const std::uint8_t*>(terminated.c_str()),
                                    &made, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
    const std::unique_ptr<std::uint8_t, decltype(&idn2_free)> owner(
        made, [](void* memory) { idn2_free(memory); });
    if (code != IDN2_OK) {
        return idna_error(code);
    }
    name += reinterpret_cast<const char*>(made);
    return std::nullopt;
}

/// The A-label form of a text that is not all ASCII. Labels that are stay as they are: the rules of
/// IDNA (hyphens in the third and fourth place, say) are not for them.
std::variant<std::string, NameError> to_ascii(std::string_view text) {
    if (find_bad_utf8(text) != text.npos) {
        return NameError::bad_utf8;
    }
    // libidn2 would end at a NUL and, without STD3 rules (underscores are fine), keep spaces.
    if (!std::all_of(text.begin(), text.end(),
                     [](char c) { return !is_ascii(c) || is_name_byte(c); })) {
        return NameError::bad_character;
    }
    std::string dotted(text);
    for (const auto dot : other_dots) {
        for (auto at = dotted.find(dot); at != dotted.npos; at = dotted.find(dot, at)) {
            dotted.replace(at, dot.size(), 1, '.');
        }
    }
    std::string name;
    for (std::size_t begin = 0; begin <= dotted.size();) {
        const auto end = std::min(dotted.find('.', begin), dotted.size());
        const auto label = std::string_view(dotted).substr(begin, end - begin);
        const auto begin_of_label = name.size();
        if (std::all_of(label.begin(), label.end(), is_ascii)) {
            name += label;
        } else if (const auto error = append_a_label(name, label)) {
            return *error;
        }
        // A label takes microseconds: none is converted in vain.
        const bool is_empty = name.size() == begin_of_label;
        if (!is_empty && name.size() > Name::max_size) {
            return NameError::too_long;
        }
        if (is_empty && end + 1 < dotted.size()) {
            return NameError::empty_label;
        }
        name += '.';
        begin = end + 1;
    }
    name.pop_back();
    return name;
}

/// What is wrong with an ASCII text without its trailing dot.
std::optional<NameError> check_ascii(std::string_view text) {
    if (text.empty()) {
        return NameError::empty;
    }
    if (text.size() > Name::max_size) {
        return NameError::too_long;
    }
    if (is_ip_literal(text)) {
        return NameError::ip_literal;
    }
    if (!std::all_of(text.begin(), text.end(), is_name_byte)) {
        return NameError::bad_character;
    }
    for (std::size_t begin = 0; begin <= text.size();) {
        const auto size = std::min(text.find('.', begin), text.size()) - begin;
        if (size == 0) {
            return NameError::empty_label;
        }
        if (size > Name::max_label) {
            return NameError::label_too_long;
        }
        begin += size + 1;
    }
    return std::nullopt;
}

}  // namespace

std::string_view describe(NameError error) noexcept {
    switch (error) {
        case NameError::empty:
            return "is empty";
        case NameError::ip_literal:
            return "is an IP address, not a domain name";
        case NameError::empty_label:
            return "has an empty label: two dots in a row, or a dot at the beginning";
        case NameError::label_too_long:
            return "has a label of more than 63 bytes";
        case NameError::too_long:
            return "is longer than 253 bytes";
        case NameError::bad_character:
            return "has a character other than letters, digits, hyphens, underscores and dots";
        case NameError::bad_utf8:
            return "is not valid UTF-8";
        case NameError::bad_idna:
            return "is not a valid internationalized domain name";
    }
    return {};
}

std::variant<Name, NameError> Name::parse(std::string_view text) {
    if (text.size() > max_input) {
        return NameError::too_long;
    }
    std::string converted;
    if (!std::all_of(text.begin(), text.end(), is_ascii)) {
        auto result = to_ascii(text);
        if (const auto* error = std::get_if<NameError>(&result)) {
            return *error;
        }
        converted = std::get<std::string>(std::move(result));
        text = converted;
    }
    text = without_trailing_dot(text);
    if (const auto error = check_ascii(text)) {
        return *error;
    }
    Name name;
    std::transform(text.begin(), text.end(), name.text_.begin(), lower);
    name.size_ = static_cast<std::uint8_t>(text.size());
    return name;
}

bool Name::is_at_or_below(std::string_view ancestor) const noexcept {
    if (!text().ends_with(ancestor)) {
        return false;
    }
    const auto left = size_ - ancestor.size();
    return left == 0 || text_[left - 1] == '.';
}

}  // namespace dns_tools::dns
