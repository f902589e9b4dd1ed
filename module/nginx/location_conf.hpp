#pragma once

#include "nginx/ngx.hpp"

namespace dns_tools::nginx {

/// What the module knows of a location.
struct LocationConf {
    bool answers = false;  ///< it has one of the module's handlers
};

void* create_location_conf(ngx_conf_t* cf) noexcept;

/// Lifts nginx's default limit for bodies where the module answers: its own, lower limit is met
/// with JSON, nginx's with a page of HTML. A limit that the configuration sets stays.
char* merge_location_conf(ngx_conf_t* cf, void* parent, void* child) noexcept;

}  // namespace dns_tools::nginx
