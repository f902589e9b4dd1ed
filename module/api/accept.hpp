#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace dns_tools::api {

/// Which of `types` ("text/csv", in lower case) a client prefers, by its Accept header (RFC 9110
/// §12.5.1): the one of the highest weight, of equal ones the first; the first of all when the
/// header is empty or accepts none. Parameters of media types are not looked at.
std::size_t preferred_type(std::string_view accept,
                           std::span<const std::string_view> types) noexcept;

}  // namespace dns_tools::api
