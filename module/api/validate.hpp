#pragma once

#include "api/reply.hpp"

namespace dns_tools::api {

/// Whether `ip` (in the query of a GET, in the JSON body of a POST) is an IPv4 address.
Reply validate(const Request& request);

}  // namespace dns_tools::api
