#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "api/reply.hpp"

namespace dns_tools::api {

/// The string member `name` of a body that must be exactly one JSON object (RFC 8259), other
/// members ignored; or the 400 that says what is wrong with the body or the member. `code` is the
/// error code for a missing or non-string member; a body that is no JSON object is `invalid_body`.
std::variant<std::string, Reply> string_member(std::string_view body, std::string_view name,
                                               std::string_view code);

}  // namespace dns_tools::api
