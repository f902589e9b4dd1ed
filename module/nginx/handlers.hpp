#pragma once

#include <array>

#include "metrics/labels.hpp"
#include "nginx/ngx.hpp"

/// The content handlers, one file each.
namespace dns_tools::nginx {

ngx_int_t handle_info(ngx_http_request_t* r) noexcept;
ngx_int_t handle_health(ngx_http_request_t* r) noexcept;
ngx_int_t handle_ready(ngx_http_request_t* r) noexcept;
ngx_int_t handle_lookup(ngx_http_request_t* r) noexcept;
ngx_int_t handle_validate(ngx_http_request_t* r) noexcept;
ngx_int_t handle_history(ngx_http_request_t* r) noexcept;
ngx_int_t handle_metrics(ngx_http_request_t* r) noexcept;
ngx_int_t handle_stats(ngx_http_request_t* r) noexcept;

/// The directive that gives a location its handler.
struct Route {
    const char* directive;
    ngx_http_handler_pt handler;
};

/// By metrics::Endpoint.
inline constexpr std::array<Route, metrics::count_of<metrics::Endpoint>> routes{{
    {"dns_tools_info", &handle_info},
    {"dns_tools_health", &handle_health},
    {"dns_tools_ready", &handle_ready},
    {"dns_tools_lookup", &handle_lookup},
    {"dns_tools_validate", &handle_validate},
    {"dns_tools_history", &handle_history},
    {"dns_tools_metrics", &handle_metrics},
    {"dns_tools_stats", &handle_stats},
}};

}  // namespace dns_tools::nginx
