#pragma once

#include <string>
#include <string_view>

#include "base/uuid.hpp"

namespace dns_tools::api {

/// The value of a Link header (RFC 8288 §3) to the page behind `cursor`: a reference relative to
/// the server, made of the request's own target (its path and query, as it was sent) with `cursor`
/// in place of the one it had. What a URI may not hold (RFC 3986 §3.3, §3.4) becomes `%XX`.
std::string next_page(std::string_view target, const Uuid& cursor);

}  // namespace dns_tools::api
