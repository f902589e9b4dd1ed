#pragma once

#include <string_view>
#include <variant>

#include "base/ip_address.hpp"

namespace dns_tools::dns {

/// Why a text is not an IPv4 address.
enum class Ipv4Error {
    empty,
    not_four_numbers,  ///< fewer or more than four parts
    empty_number,      ///< nothing between two dots
    not_a_digit,       ///< a byte other than 0-9 and dot, a NUL or a space included
    leading_zero,
    number_too_large,  ///< above 255
};

/// What is wrong, as a sentence: "a number has a leading zero".
std::string_view describe(Ipv4Error error) noexcept;

/// Reads exactly four decimal numbers 0-255 without leading zeros, the whole text, nothing else.
/// No range is excluded.
std::variant<Ipv4Address, Ipv4Error> parse_ipv4(std::string_view text) noexcept;

}  // namespace dns_tools::dns
