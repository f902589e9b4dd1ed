#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

/// JSON (RFC 8259) written straight into memory that the caller has made large enough: nothing
/// here allocates but append_string(). Each put… returns the end of what it wrote.
namespace dns_tools::api::json {

/// The most bytes that put_string() writes for a text of `size` bytes: every byte may become
/// `\u00XX`, between two quotes.
constexpr std::size_t string_bound(std::size_t size) noexcept {
    return 6 * size + 2;
}

/// The most bytes that put_integer() writes.
inline constexpr std::size_t integer_bound = 20;

/// Writes text that is JSON already.
inline char* put(std::string_view json, char* out) noexcept {
    std::memcpy(out, json.data(), json.size());
    return out + json.size();
}

/// Writes any bytes as a JSON string; each byte that is not UTF-8 becomes U+FFFD.
char* put_string(std::string_view text, char* out) noexcept;

char* put_integer(std::int64_t value, char* out) noexcept;

/// The same string as put_string(), at the end of `json`.
void append_string(std::string& json, std::string_view text);

}  // namespace dns_tools::api::json
