#pragma once

/// The one place that includes nginx's headers.

extern "C" {
#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>
#include <ngx_http.h>
}

#include <string_view>

extern "C" ngx_module_t ngx_http_dns_tools_module;

namespace dns_tools::nginx {

inline std::string_view view(const ngx_str_t& text) noexcept {
    return {reinterpret_cast<const char*>(text.data), text.len};
}

/// An ngx_str_t over text that outlives it; nginx does not write through it.
inline ngx_str_t ngx_string_of(std::string_view text) noexcept {
    return {text.size(), reinterpret_cast<u_char*>(const_cast<char*>(text.data()))};
}

/// For %*s, which takes a length and a pointer.
#define DNS_TOOLS_FORMAT_ARGS(text) (text).size(), (text).data()

}  // namespace dns_tools::nginx
