#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace dns_tools::api {

/// The first value of `name` in an application/x-www-form-urlencoded query string, decoded: `+` is
/// a space, `%41` is a byte, a `%` without two hex digits stands for itself (URL Standard §5.1).
std::optional<std::string> query_parameter(std::string_view query, std::string_view name);

/// The first of the pairs between ampersands, undecoded, which is taken away from `query`.
std::string_view next_pair(std::string_view& query) noexcept;

/// Whether an undecoded pair gives the parameter `name`.
bool is_named(std::string_view pair, std::string_view name);

}  // namespace dns_tools::api
