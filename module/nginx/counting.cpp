#include "nginx/counting.hpp"

#include <algorithm>
#include <chrono>
#include <new>
#include <optional>

#include "metrics/counters.hpp"
#include "nginx/guard.hpp"
#include "nginx/handlers.hpp"
#include "nginx/location_conf.hpp"
#include "nginx/main_conf.hpp"
#include "nginx/worker.hpp"

namespace dns_tools::nginx {

namespace {

using metrics::Endpoint;

/// Which endpoint a request has come to, and when. Internal redirects clear what modules keep for a
/// request, but not its pool, so this lies among the pool's cleanups.
struct Mark {
    Endpoint endpoint;
    metrics::Clock::time_point since;
};

// There is nothing to clean up: its address tells marks from other cleanups.
void forget(void*) noexcept {}

Mark* find_mark(const ngx_http_request_t* r) noexcept {
    for (auto* cleanup = r->pool->cleanup; cleanup != nullptr; cleanup = cleanup->next) {
        if (cleanup->handler == &forget) {
            return static_cast<Mark*>(cleanup->data);
        }
    }
    return nullptr;
}

void mark(ngx_http_request_t* r, Endpoint endpoint) {
    if (Mark* known = find_mark(r)) {
        known->endpoint = endpoint;
        return;
    }
    ngx_pool_cleanup_t* cleanup = ngx_pool_cleanup_add(r->pool, sizeof(Mark));
    if (cleanup == nullptr) {
        throw std::bad_alloc();
    }
    cleanup->handler = &forget;
    new (cleanup->data) Mark{endpoint, metrics::Clock::now()};
}

std::optional<Endpoint> endpoint_of_location(ngx_http_request_t* r) noexcept {
    return static_cast<LocationConf*>(ngx_http_get_module_loc_conf(r, ngx_http_dns_tools_module))
        ->endpoint;
}

ngx_int_t note(ngx_http_request_t* r, std::optional<Endpoint> endpoint) noexcept {
    if (!endpoint || r != r->main) {
        return NGX_DECLINED;
    }
    return guarded<ngx_int_t>(r->connection->log, NGX_HTTP_INTERNAL_SERVER_ERROR,
                              [r, endpoint]() -> ngx_int_t {
                                  mark(r, *endpoint);
                                  return NGX_DECLINED;
                              });
}

// A location was found. It comes before whatever may refuse the request there (access, limit_req).
ngx_int_t note_location(ngx_http_request_t* r) noexcept {
    return note(r, endpoint_of_location(r));
}

// A request that nginx refuses while it finds the location, for its body's size, may be redirected
// to an error page before note_location() is called. What it leaves then is the content handler.
ngx_int_t note_redirect(ngx_http_request_t* r) noexcept {
    if (!r->internal || r->content_handler == nullptr) {
        return NGX_DECLINED;
    }
    const auto route = std::find_if(routes.begin(), routes.end(), [r](const Route& candidate) {
        return candidate.handler == r->content_handler;
    });
    return note(r, route == routes.end()
                       ? std::nullopt
                       : std::optional(static_cast<Endpoint>(route - routes.begin())));
}

// Of the request line: an error page makes the request a GET.
metrics::Method method_of(const ngx_http_request_t* r) noexcept {
    const auto line = view(r->request_line);
    if (line.starts_with("GET ")) {
        return metrics::Method::get;
    }
    if (line.starts_with("POST ")) {
        return metrics::Method::post;
    }
    return line.starts_with("HEAD ") ? metrics::Method::head : metrics::Method::other;
}

// As $status has it.
unsigned status_of(const ngx_http_request_t* r) noexcept {
    return static_cast<unsigned>(r->err_status != 0 ? r->err_status : r->headers_out.status);
}

ngx_int_t count_request(ngx_http_request_t* r) noexcept {
    metrics::Counters* counters = worker() == nullptr ? nullptr : worker()->counters();
    if (counters == nullptr || r != r->main) {
        return NGX_OK;
    }
    const Mark* known = find_mark(r);
    const auto endpoint = known != nullptr ? known->endpoint : endpoint_of_location(r);
    if (endpoint) {
        const auto now = metrics::Clock::now();
        const auto since = known != nullptr ? known->since : now;
        counters->http_request(*endpoint, method_of(r), status_of(r), now - since, now);
    }
    return NGX_OK;
}

bool add_handler(ngx_conf_t* cf, ngx_http_phases phase, ngx_http_handler_pt handler) noexcept {
    auto* core = static_cast<ngx_http_core_main_conf_t*>(
        ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module));
    auto* place = static_cast<ngx_http_handler_pt*>(ngx_array_push(&core->phases[phase].handlers));
    if (place == nullptr) {
        return false;
    }
    *place = handler;
    return true;
}

}  // namespace

ngx_int_t add_counting(ngx_conf_t* cf) noexcept {
    if (main_conf(cf).zone == nullptr) {
        return NGX_OK;
    }
    return add_handler(cf, NGX_HTTP_SERVER_REWRITE_PHASE, &note_redirect) &&
                   add_handler(cf, NGX_HTTP_REWRITE_PHASE, &note_location) &&
                   add_handler(cf, NGX_HTTP_LOG_PHASE, &count_request)
               ? NGX_OK
               : NGX_ERROR;
}

void count_lookup(const LookupContext& context) noexcept {
    metrics::Counters* counters = worker()->counters();
    if (counters == nullptr) {
        return;
    }
    counters->lookup(metrics::RecordType::a, metrics::lookup_result(context.result),
                     metrics::lookup_source(context.source), context.answered - context.started,
                     context.answered);
    if (context.name) {
        counters->domain(context.name->text(), context.answered);
    }
}

}  // namespace dns_tools::nginx
