#include "dns/ipv4_text.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace dns_tools::dns {

namespace {

constexpr bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

std::variant<std::uint8_t, Ipv4Error> parse_number(std::string_view digits) noexcept {
    if (digits.empty()) {
        return Ipv4Error::empty_number;
    }
    if (digits.size() > 1 && digits.front() == '0') {
        return Ipv4Error::leading_zero;
    }
    unsigned value = 0;
    for (const char digit : digits) {
        value = value * 10 + static_cast<unsigned>(digit - '0');
        if (value > 255) {
            return Ipv4Error::number_too_large;
        }
    }
    return static_cast<std::uint8_t>(value);
}

}  // namespace

std::string_view describe(Ipv4Error error) noexcept {
    switch (error) {
        case Ipv4Error::empty:
            return "the text is empty";
        case Ipv4Error::not_four_numbers:
            return "there are not exactly four numbers separated by dots";
        case Ipv4Error::empty_number:
            return "a number is missing";
        case Ipv4Error::not_a_digit:
            return "there is a character other than a digit or a dot";
        case Ipv4Error::leading_zero:
            return "a number has a leading zero";
        case Ipv4Error::number_too_large:
            return "a number is above 255";
    }
    return {};
}

std::variant<Ipv4Address, Ipv4Error> parse_ipv4(std::string_view text) noexcept {
    if (text.empty()) {
        return Ipv4Error::empty;
    }
    if (!std::all_of(text.begin(), text.end(), [](char c) { return is_digit(c) || c == '.'; })) {
        return Ipv4Error::not_a_digit;
    }
    if (std::count(text.begin(), text.end(), '.') != 3) {
        return Ipv4Error::not_four_numbers;
    }

    Ipv4Address address;
    for (auto& byte : address.bytes) {
        const auto dot = std::min(text.find('.'), text.size());
        const auto number = parse_number(text.substr(0, dot));
        if (const auto* error = std::get_if<Ipv4Error>(&number)) {
            return *error;
        }
        byte = *std::get_if<std::uint8_t>(&number);
        text.remove_prefix(std::min(dot + 1, text.size()));
    }
    return address;
}

}  // namespace dns_tools::dns
