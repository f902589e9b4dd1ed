#include "nginx/suspension.hpp"

#include <stdexcept>

namespace dns_tools::nginx {

ngx_int_t suspend(ngx_http_request_t* r, api::Method method) {
    ngx_event_t* read = r->connection->read;
    if (read->ready) {
        // The client may have left already: nothing else would say so.
        ngx_post_event(read, &ngx_posted_events);
    } else if (ngx_handle_read_event(read, 0) != NGX_OK) {
        throw std::runtime_error("cannot watch the client's connection");
    }
    r->read_event_handler = ngx_http_test_reading;

    if (method != api::Method::post) {
        r->main->count++;  // reading a body has taken this reference already
    }
    return NGX_DONE;
}

}  // namespace dns_tools::nginx
