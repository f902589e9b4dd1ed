#include "nginx/request_context.hpp"

#include <new>

namespace dns_tools::nginx {

namespace {

RequestContext* find(ngx_http_request_t* r) noexcept {
    return static_cast<RequestContext*>(ngx_http_get_module_ctx(r, ngx_http_dns_tools_module));
}

}  // namespace

RequestContext& request_context(ngx_http_request_t* r) {
    if (RequestContext* context = find(r)) {
        return *context;
    }
    void* memory = ngx_palloc(r->pool, sizeof(RequestContext));
    if (memory == nullptr) {
        throw std::bad_alloc();
    }
    auto* context = new (memory) RequestContext;
    ngx_http_set_ctx(r, context, ngx_http_dns_tools_module);
    return *context;
}

std::string* partial_body_of(ngx_http_request_t* r) noexcept {
    const RequestContext* context = find(r);
    return context == nullptr ? nullptr : context->partial_body;
}

LookupContext* lookup_context_of(ngx_http_request_t* r) noexcept {
    const RequestContext* context = find(r);
    return context == nullptr ? nullptr : context->lookup;
}

}  // namespace dns_tools::nginx
