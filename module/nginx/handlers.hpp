#pragma once

#include "nginx/ngx.hpp"

/// The content handlers, one file each.
namespace dns_tools::nginx {

ngx_int_t handle_info(ngx_http_request_t* r) noexcept;
ngx_int_t handle_health(ngx_http_request_t* r) noexcept;
ngx_int_t handle_ready(ngx_http_request_t* r) noexcept;
ngx_int_t handle_lookup(ngx_http_request_t* r) noexcept;
ngx_int_t handle_validate(ngx_http_request_t* r) noexcept;
ngx_int_t handle_history(ngx_http_request_t* r) noexcept;

}  // namespace dns_tools::nginx
