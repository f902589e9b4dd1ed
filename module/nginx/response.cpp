#include "nginx/response.hpp"

#include <charconv>
#include <new>
#include <string_view>

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

}  // namespace

ngx_buf_t* body_buffer(ngx_http_request_t* r, std::size_t size) {
    ngx_buf_t* buffer = ngx_create_temp_buf(r->pool, size);
    if (buffer == nullptr) {
        throw std::bad_alloc();
    }
    return buffer;
}

ngx_int_t send(ngx_http_request_t* r, ngx_uint_t status, ngx_buf_t* body) {
    static constexpr std::string_view json = "application/json";

    r->headers_out.status = status;
    r->headers_out.content_length_n = body->last - body->pos;
    r->headers_out.content_type = ngx_string_of(json);
    r->headers_out.content_type_len = json.size();

    const ngx_int_t rc = ngx_http_send_header(r);
    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        return rc;
    }
    body->last_buf = r == r->main;
    body->last_in_chain = 1;
    ngx_chain_t out{body, nullptr};
    return ngx_http_output_filter(r, &out);
}

ngx_int_t send(ngx_http_request_t* r, const api::Reply& reply) {
    if (!reply.allow.empty()) {
        add_header(r, "Allow", reply.allow);
    }
    if (reply.retry_after != 0) {
        char digits[10];
        const auto end = std::to_chars(digits, digits + sizeof digits, reply.retry_after).ptr;
        add_header(r, "Retry-After", {digits, end});
    }
    ngx_buf_t* body = body_buffer(r, reply.body.size());
    body->last = ngx_cpymem(body->last, reply.body.data(), reply.body.size());
    return send(r, static_cast<ngx_uint_t>(reply.status), body);
}

}  // namespace dns_tools::nginx
