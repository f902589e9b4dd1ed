#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "api/reply.hpp"

namespace dns_tools::api {

/// The one input of a route: a member of a POST's JSON body, a query parameter otherwise. When it
/// is missing or no string, the 400 with `code` to answer.
std::variant<std::string, Reply> parameter(const Request& request, std::string_view name,
                                           std::string_view code);

}  // namespace dns_tools::api
