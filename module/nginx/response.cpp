#include "nginx/response.hpp"

#include <algorithm>
#include <charconv>
#include <new>
#include <string_view>
#include <utility>

#include "nginx/lookup_context.hpp"

namespace dns_tools::nginx {

namespace {

std::string_view copy_to_pool(ngx_http_request_t* r, std::string_view text) {
    auto* bytes = static_cast<char*>(ngx_pnalloc(r->pool, text.size()));
    if (bytes == nullptr) {
        throw std::bad_alloc();
    }
    text.copy(bytes, text.size());
    return {bytes, text.size()};
}

void add_header(ngx_http_request_t* r, std::string_view name, std::string_view value) {
    auto* header = static_cast<ngx_table_elt_t*>(ngx_list_push(&r->headers_out.headers));
    if (header == nullptr) {
        throw std::bad_alloc();
    }
    *header = {};
    header->hash = 1;
    header->key = ngx_string_of(name);
    header->value = ngx_string_of(copy_to_pool(r, value));
}

void set_head(ngx_http_request_t* r, ngx_uint_t status, std::string_view content_type) {
    // By now the lookup is done, and saved: nginx would make a 412 of If-Match here, since what is
    // answered has no version.
    r->disable_not_modified = 1;
    r->headers_out.status = status;
    r->headers_out.content_type = ngx_string_of(content_type);
    // What nginx compares with gzip_types and the like is the type without its parameters.
    r->headers_out.content_type_len = std::min(content_type.find(';'), content_type.size());
}

void set_head(ngx_http_request_t* r, const api::Reply& reply) {
    set_head(r, static_cast<ngx_uint_t>(reply.status), reply.content_type);
    if (reply.retry_after != 0) {
        char digits[10];
        const auto end = std::to_chars(digits, digits + sizeof digits, reply.retry_after).ptr;
        add_header(r, "Retry-After", {digits, end});
    }
    const std::pair<std::string_view, std::string_view> others[] = {
        {"Allow", reply.allow},
        {"Link", reply.link},
        {"Vary", reply.vary},
        {"Content-Disposition", reply.content_disposition}};
    for (const auto& [name, value] : others) {
        if (!value.empty()) {
            add_header(r, name, value);
        }
    }
}

/// The head that is set already, and all of the body.
ngx_int_t send_whole(ngx_http_request_t* r, ngx_buf_t* body) {
    r->headers_out.content_length_n = body->last - body->pos;
    const ngx_int_t rc = ngx_http_send_header(r);
    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        return rc;
    }
    body->last_buf = r == r->main;
    body->last_in_chain = 1;
    ngx_chain_t out{body, nullptr};
    return ngx_http_output_filter(r, &out);
}

}  // namespace

ngx_buf_t* body_buffer(ngx_http_request_t* r, std::size_t size) {
    ngx_buf_t* buffer = ngx_create_temp_buf(r->pool, size);
    if (buffer == nullptr) {
        throw std::bad_alloc();
    }
    return buffer;
}

ngx_int_t send(ngx_http_request_t* r, ngx_uint_t status, ngx_buf_t* body, std::string_view type) {
    set_head(r, status, type);
    return send_whole(r, body);
}

ngx_int_t send(ngx_http_request_t* r, const api::Reply& reply) {
    if (!reply.code.empty()) {
        lookup_failed(r, reply.code);
    }
    set_head(r, reply);
    ngx_buf_t* body = body_buffer(r, reply.body.size());
    body->last = ngx_cpymem(body->last, reply.body.data(), reply.body.size());
    return send_whole(r, body);
}

ngx_int_t send_head(ngx_http_request_t* r, const api::Reply& reply) {
    set_head(r, reply);
    return ngx_http_send_header(r);
}

}  // namespace dns_tools::nginx
