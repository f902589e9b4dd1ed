#include "nginx/request.hpp"

#include <span>
#include <stdexcept>
#include <string>

#include "nginx/location_conf.hpp"
#include "nginx/pool.hpp"
#include "nginx/request_context.hpp"
#include "nginx/response.hpp"

namespace dns_tools::nginx {

namespace {

api::Method method_of(const ngx_http_request_t* r) noexcept {
    switch (r->method) {
        case NGX_HTTP_GET:
            return api::Method::get;
        case NGX_HTTP_HEAD:
            return api::Method::head;
        case NGX_HTTP_POST:
            return api::Method::post;
        default:
            return api::Method::other;
    }
}

ngx_int_t refuse(ngx_http_request_t* r, const api::Reply& reply) {
    // The body, if there is one, is thrown away unread: no "100 Continue" invites it.
    r->expect_tested = 1;
    if (ngx_http_discard_request_body(r) != NGX_OK) {
        r->keepalive = 0;
    }
    return send(r, reply);
}

ngx_int_t refuse_body(ngx_http_request_t* r) {
    r->keepalive = 0;
    return refuse(r, api::body_too_large());
}

// When a part of the body is read already. nginx closes the connection unless that was all of it.
ngx_int_t refuse_rest(ngx_http_request_t* r) {
    if (r->reading_body) {
        r->keepalive = 0;
    }
    return send(r, api::body_too_large());
}

void append(const ngx_buf_t* buffer, std::string& body) {
    const auto size = static_cast<std::size_t>(ngx_buf_size(buffer));
    if (body.size() + size > api::max_body) {
        body.resize(api::max_body + 1);  // enough for the caller to see that it is too much
        return;
    }
    if (!buffer->in_file) {
        body.append(reinterpret_cast<const char*>(buffer->pos), size);
        return;
    }
    // Another module has had the body read into a file (client_body_in_file_only).
    const auto before = body.size();
    body.resize(before + size);
    if (ngx_read_file(buffer->file, reinterpret_cast<u_char*>(&body[before]), size,
                      buffer->file_pos) != static_cast<ssize_t>(size)) {
        throw std::runtime_error("cannot read the request body back from its file");
    }
}

// Adds what has arrived. While more is to come, the buffers are given back to nginx for it; a whole
// body is left as it is, for others may read it too (mirror).
void take_part(ngx_http_request_t* r, std::string& body) {
    if (r->request_body == nullptr) {
        return;
    }
    for (ngx_chain_t* link = r->request_body->bufs; link != nullptr; link = link->next) {
        append(link->buf, body);
        if (r->reading_body) {
            link->buf->pos = link->buf->last;
        }
    }
    if (r->reading_body) {
        r->request_body->bufs = nullptr;
    }
}

std::string& partial_body(ngx_http_request_t* r) {
    RequestContext& context = request_context(r);
    if (context.partial_body == nullptr) {
        context.partial_body = &make_for_request<std::string>(r);
    }
    return *context.partial_body;
}

ngx_int_t read_on(ngx_http_request_t* r, Handle handle,
                  ngx_http_client_body_handler_pt body_goes_on) {
    std::string whole;
    const bool in_parts = r->reading_body || partial_body_of(r) != nullptr;
    std::string& body = in_parts ? partial_body(r) : whole;
    // Another module has begun to read the body, and has sent the request here before its end:
    // nginx must not call that module back.
    r->request_body_no_buffering = 1;
    for (;;) {
        take_part(r, body);
        if (body.size() > api::max_body) {
            return refuse_rest(r);
        }
        if (!r->reading_body) {
            return handle(r, {api::Method::post, view(r->args), body});
        }
        const ngx_int_t rc = ngx_http_read_unbuffered_request_body(r);
        if (rc == NGX_HTTP_REQUEST_ENTITY_TOO_LARGE) {
            return refuse_rest(r);
        }
        if (rc >= NGX_HTTP_SPECIAL_RESPONSE) {
            return rc;
        }
        if (r->reading_body && r->request_body->bufs == nullptr) {
            r->read_event_handler = body_goes_on;
            return NGX_DONE;
        }
    }
}

}  // namespace

namespace detail {

ngx_int_t receive(ngx_http_request_t* r, api::Allowed allowed, Handle handle,
                  ngx_http_client_body_handler_pt body_goes_on) noexcept {
    return answer_or_fail(r, [&]() -> ngx_int_t {
        const auto method = method_of(r);
        if (const auto refusal = api::check_method(method, allowed)) {
            return refuse(r, *refusal);
        }
        if (method != api::Method::post) {
            const ngx_int_t rc = ngx_http_discard_request_body(r);
            return rc != NGX_OK ? rc : handle(r, {method, view(r->args), {}});
        }
        if (r->headers_in.content_length_n > static_cast<off_t>(api::max_body)) {
            return refuse_body(r);
        }
        // Unbuffered: a body of unknown length is never more than bounded memory, and no file.
        r->request_body_no_buffering = 1;
        const ngx_int_t rc = ngx_http_read_client_request_body(r, body_goes_on);
        if (rc == NGX_HTTP_REQUEST_ENTITY_TOO_LARGE) {
            return refuse_body(r);
        }
        return rc >= NGX_HTTP_SPECIAL_RESPONSE ? rc : NGX_DONE;
    });
}

void continue_body(ngx_http_request_t* r, Handle handle,
                   ngx_http_client_body_handler_pt body_goes_on) noexcept {
    const auto rc = answer_or_fail(r, [&] { return read_on(r, handle, body_goes_on); });
    // A request that goes on later keeps the reference that reading the body took.
    if (rc != NGX_DONE) {
        ngx_http_finalize_request(r, rc);
    }
}

}  // namespace detail

std::optional<IpAddress> client_address(ngx_http_request_t* r) {
    const auto peer = IpAddress::from(*r->connection->sockaddr);
    const auto* privacy = location_conf(r).privacy;
    return peer && privacy != nullptr ? privacy->apply(*peer) : peer;
}

std::string header_list(ngx_http_request_t* r, std::string_view name) {
    std::string list;
    for (auto* part = &r->headers_in.headers.part; part != nullptr; part = part->next) {
        for (const auto& header :
             std::span(static_cast<const ngx_table_elt_t*>(part->elts), part->nelts)) {
            if (std::string_view(reinterpret_cast<const char*>(header.lowcase_key),
                                 header.key.len) == name) {
                list += list.empty() ? "" : ", ";
                list += view(header.value);
            }
        }
    }
    return list;
}

}  // namespace dns_tools::nginx
