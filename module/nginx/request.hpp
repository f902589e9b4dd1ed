#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "api/reply.hpp"
#include "base/ip_address.hpp"
#include "nginx/ngx.hpp"

namespace dns_tools::nginx {

/// Goes on with a request whose method is allowed and whose body, if it has one, is read; answers
/// it, or suspends it and sees to it that it is answered later.
using Handle = ngx_int_t (*)(ngx_http_request_t* r, const api::Request& request);

/// The way every handler begins: checks the method, reads the body of a POST (a longer one than the
/// contract allows is refused as soon as that is known) and calls `handle`. What it returns is for
/// nginx.
template <api::Allowed allowed, Handle handle>
ngx_int_t receive(ngx_http_request_t* r) noexcept;

/// What is to be known of the client: the peer as nginx, or its realip module, sees it, as far as
/// dns_tools_client_ip lets it be known. None over a UNIX socket.
std::optional<IpAddress> client_address(ngx_http_request_t* r);

/// What all headers of this name say, in one list (RFC 9110 §5.3); `name` is in lower case.
std::string header_list(ngx_http_request_t* r, std::string_view name);

namespace detail {
ngx_int_t receive(ngx_http_request_t* r, api::Allowed allowed, Handle handle,
                  ngx_http_client_body_handler_pt body_goes_on) noexcept;
void continue_body(ngx_http_request_t* r, Handle handle,
                   ngx_http_client_body_handler_pt body_goes_on) noexcept;

/// What nginx calls when a body, or more of it, has arrived.
template <Handle handle>
void body_goes_on(ngx_http_request_t* r) noexcept {
    continue_body(r, handle, &body_goes_on<handle>);
}
}  // namespace detail

template <api::Allowed allowed, Handle handle>
ngx_int_t receive(ngx_http_request_t* r) noexcept {
    return detail::receive(r, allowed, handle, &detail::body_goes_on<handle>);
}

}  // namespace dns_tools::nginx
