#pragma once

#include <cstddef>
#include <string_view>

#include "metrics/zone.hpp"
#include "nginx/main_conf.hpp"
#include "nginx/ngx.hpp"

namespace dns_tools::nginx {

/// The least size of the shared memory, in bytes; whole KiB.
std::size_t metrics_zone_size() noexcept;

/// Declares the shared memory. A reload keeps it, unless its size changes or the module itself is
/// another one. Null when nginx refuses it, which it has told then.
ngx_shm_zone_t* add_metrics_zone(ngx_conf_t* cf, std::string_view name, std::size_t size);

/// What lies in it; null when there is none.
metrics::Zone* metrics_zone(const MainConf& conf) noexcept;

}  // namespace dns_tools::nginx
