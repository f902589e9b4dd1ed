#pragma once

#include <string_view>
#include <utility>

#include "api/reply.hpp"
#include "nginx/guard.hpp"
#include "nginx/ngx.hpp"

namespace dns_tools::nginx {

/// A buffer for a body of at most `size` bytes, from the request's pool. Throws std::bad_alloc.
ngx_buf_t* body_buffer(ngx_http_request_t* r, std::size_t size);

inline constexpr std::string_view json_type = "application/json";

/// Sends status, headers and the bytes between `body->pos` and `body->last` as the whole response,
/// of a type that is a literal. Returns what ngx_http_finalize_request() takes.
ngx_int_t send(ngx_http_request_t* r, ngx_uint_t status, ngx_buf_t* body,
               std::string_view type = json_type);

/// Sends a reply of the contract. An error is what the request's lookup ended with, if it is one.
ngx_int_t send(ngx_http_request_t* r, const api::Reply& reply);

/// Sends status and headers of a reply whose body, of any length, the caller sends afterwards.
/// Returns what ngx_http_send_header() returns.
ngx_int_t send_head(ngx_http_request_t* r, const api::Reply& reply);

/// Runs `answer`, which sends a response and returns what sending returned. If it throws before a
/// header has gone out, 500 `internal_error` goes out instead; after that, the connection ends.
template <typename Answer>
ngx_int_t answer_or_fail(ngx_http_request_t* r, Answer&& answer) noexcept {
    constexpr ngx_int_t failed = NGX_HTTP_INTERNAL_SERVER_ERROR;
    ngx_log_t* log = r->connection->log;
    const auto rc = guarded(log, failed, std::forward<Answer>(answer));
    if (rc != failed) {
        return rc;
    }
    if (r->header_sent) {
        return NGX_ERROR;
    }
    return guarded(log, failed, [r] { return send(r, api::internal_error()); });
}

}  // namespace dns_tools::nginx
