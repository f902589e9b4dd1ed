#pragma once

#include "nginx/lookup_context.hpp"
#include "nginx/ngx.hpp"

namespace dns_tools::nginx {

/// Has every request to the module's locations counted when it ends, once, whoever answers it and
/// whatever redirects it meets. Does nothing without a zone.
ngx_int_t add_counting(ngx_conf_t* cf) noexcept;

/// Counts a lookup that has been answered, also that of a subrequest.
void count_lookup(const LookupContext& context) noexcept;

}  // namespace dns_tools::nginx
