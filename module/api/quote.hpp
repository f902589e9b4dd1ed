#pragma once

#include <string>
#include <string_view>

namespace dns_tools::api {

/// Client input as an error message shows it: between quotes, cut after 80 bytes (`...` tells so),
/// with `\"`, `\\` and, for control characters and what is not UTF-8, `\xNN`.
std::string quote(std::string_view input);

}  // namespace dns_tools::api
