#include <array>
#include <charconv>
#include <new>

#include "nginx/guard.hpp"
#include "nginx/lookup_context.hpp"
#include "nginx/request.hpp"
#include "nginx/request_context.hpp"

namespace dns_tools::nginx {

namespace {

using Value = ngx_http_variable_value_t;
using Microseconds = std::chrono::microseconds;

// "4294967.295999", which is more than a lookup can last.
constexpr std::size_t max_duration_text = 20;

char* allocate(ngx_http_request_t* r, std::size_t size) {
    auto* text = static_cast<char*>(ngx_pnalloc(r->pool, size));
    if (text == nullptr) {
        throw std::bad_alloc();
    }
    return text;
}

std::string_view domain(ngx_http_request_t*, const LookupContext& context) {
    return context.name ? context.name->text() : std::string_view();
}

std::string_view type(ngx_http_request_t*, const LookupContext&) {
    return "A";
}

std::string_view result(ngx_http_request_t*, const LookupContext& context) {
    return context.result;
}

std::string_view source(ngx_http_request_t*, const LookupContext& context) {
    return context.source;
}

std::string_view id(ngx_http_request_t* r, const LookupContext& context) {
    if (!context.id) {
        return {};
    }
    char* text = allocate(r, Uuid::text_size);
    return {text, context.id->write(text)};
}

std::string_view addresses(ngx_http_request_t* r, const LookupContext& context) {
    if (context.addresses.empty()) {
        return {};
    }
    char* text = allocate(r, context.addresses.size() * (Ipv4Address::max_text + 1));
    char* end = text;
    for (const auto& record : context.addresses) {
        if (end != text) {
            *end++ = ',';
        }
        end = record.address.write(end);
    }
    return {text, end};
}

std::string_view duration(ngx_http_request_t* r, const LookupContext& context) {
    const auto end = context.result.empty() ? std::chrono::steady_clock::now() : context.answered;
    const auto micros = std::chrono::duration_cast<Microseconds>(end - context.started).count();
    char* text = allocate(r, max_duration_text);
    auto* last = ngx_snprintf(reinterpret_cast<u_char*>(text), max_duration_text, "%L.%06L",
                              static_cast<std::int64_t>(micros / 1'000'000),
                              static_cast<std::int64_t>(micros % 1'000'000));
    return {text, reinterpret_cast<char*>(last)};
}

void set(Value* value, std::string_view text) {
    value->data = ngx_string_of(text).data;
    value->len = static_cast<unsigned>(text.size()) & 0x0fff'ffff;
    value->valid = 1;
    value->no_cacheable = 0;
    value->not_found = 0;
}

template <std::string_view (*get)(ngx_http_request_t*, const LookupContext&)>
ngx_int_t get_variable(ngx_http_request_t* r, Value* value, uintptr_t) noexcept {
    return guarded<ngx_int_t>(r->connection->log, NGX_ERROR, [r, value]() -> ngx_int_t {
        const LookupContext* context = lookup_context_of(r);
        const auto text = context == nullptr ? std::string_view() : get(r, *context);
        if (text.empty()) {
            value->not_found = 1;
            return NGX_OK;
        }
        set(value, text);
        return NGX_OK;
    });
}

// Unlike the others, this one has a value in every request.
ngx_int_t get_client_ip(ngx_http_request_t* r, Value* value, uintptr_t) noexcept {
    return guarded<ngx_int_t>(r->connection->log, NGX_ERROR, [r, value]() -> ngx_int_t {
        const auto client = client_address(r);
        if (!client) {
            value->not_found = 1;
            return NGX_OK;
        }
        char* text = allocate(r, IpAddress::max_text);
        set(value, {text, client->write(text)});
        return NGX_OK;
    });
}

struct Variable {
    std::string_view name;
    ngx_http_get_variable_pt get;
};

constexpr std::array variables{
    Variable{"dns_tools_domain", &get_variable<domain>},
    Variable{"dns_tools_type", &get_variable<type>},
    Variable{"dns_tools_result", &get_variable<result>},
    Variable{"dns_tools_source", &get_variable<source>},
    Variable{"dns_tools_addresses", &get_variable<addresses>},
    Variable{"dns_tools_id", &get_variable<id>},
    Variable{"dns_tools_duration", &get_variable<duration>},
    Variable{"dns_tools_client_ip", &get_client_ip},
};

}  // namespace

ngx_int_t add_variables(ngx_conf_t* cf) noexcept {
    for (const auto& variable : variables) {
        // The value changes while the request is under way (empty before, set after the lookup).
        auto name = ngx_string_of(variable.name);
        ngx_http_variable_t* added = ngx_http_add_variable(cf, &name, NGX_HTTP_VAR_NOCACHEABLE);
        if (added == nullptr) {
            return NGX_ERROR;
        }
        added->get_handler = variable.get;
    }
    return NGX_OK;
}

}  // namespace dns_tools::nginx
