#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "base/uuid.hpp"

namespace dns_tools::api {

/// Reads UNIX time in seconds ("1663534325.5") or a date-time of RFC 3339 §5.6, from the year 0 to
/// 9999. What is finer than a microsecond is rounded up, so that "not before this instant" means
/// the same before and after. A space may stand for the sign of the offset, which is what a query
/// makes of a plus that was not encoded.
std::optional<UnixMicros> parse_instant(std::string_view text) noexcept;

/// The most bytes that write_instant() writes.
inline constexpr std::size_t instant_bound = 27;

/// "2022-09-18T20:52:05.999999Z" (RFC 3339); nothing for a year of more than four digits or before
/// the year 0, which that form cannot say. Returns the end.
char* write_instant(UnixMicros instant, char* out) noexcept;

}  // namespace dns_tools::api
