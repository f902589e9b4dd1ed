#pragma once

#include <utility>

#include "api/reply.hpp"
#include "nginx/ngx.hpp"
#include "nginx/response.hpp"

namespace dns_tools::nginx {

/// Parks a request until somebody calls resume(). A client that leaves meanwhile ends the request,
/// which destroys what make_for_request() made for it. Returns NGX_DONE for the handler to return.
ngx_int_t suspend(ngx_http_request_t* r, api::Method method);

/// What an answer returns that cannot be sent yet: the request stays parked, or is to be parked.
inline constexpr ngx_int_t not_yet = NGX_BUSY;

/// Ends a parked request from an event, unless it is not_yet: `answer` sends the response and
/// returns what sending returned.
template <typename Answer>
void resume(ngx_http_request_t* r, Answer&& answer) noexcept {
    ngx_connection_t* connection = r->connection;
    ngx_http_set_log_request(connection->log, r);
    const auto rc = answer_or_fail(r, std::forward<Answer>(answer));
    if (rc == not_yet) {
        return;
    }
    ngx_http_finalize_request(r, rc);
    ngx_http_run_posted_requests(connection);
}

}  // namespace dns_tools::nginx
