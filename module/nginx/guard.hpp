#pragma once

#include <exception>
#include <utility>

#include "nginx/ngx.hpp"

namespace dns_tools::nginx {

/// Runs `body` on behalf of nginx, which is C: an exception is logged and becomes `on_failure`.
template <typename Result, typename Body>
Result guarded(ngx_log_t* log, Result on_failure, Body&& body) noexcept {
    try {
        return std::forward<Body>(body)();
    } catch (const std::exception& error) {
        ngx_log_error(NGX_LOG_ERR, log, 0, "dns_tools: %s", error.what());
        return on_failure;
    }
}

template <typename Body>
void guarded(ngx_log_t* log, Body&& body) noexcept {
    guarded(log, false, [&body] {
        body();
        return true;
    });
}

}  // namespace dns_tools::nginx
