#pragma once

#include <cstddef>
#include <string_view>

namespace dns_tools {

/// The size in bytes, 1 to 4, of the well-formed UTF-8 sequence that `text` begins with
/// (RFC 3629 §4); 0 when it begins with none.
std::size_t utf8_sequence(std::string_view text) noexcept;

/// The offset of the first byte that belongs to no well-formed sequence; npos when there is none.
std::size_t find_bad_utf8(std::string_view text) noexcept;

}  // namespace dns_tools
