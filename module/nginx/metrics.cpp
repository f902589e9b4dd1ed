#include <chrono>

#include "api/service.hpp"
#include "api/stats.hpp"
#include "dns/resolver.hpp"
#include "history/database.hpp"
#include "metrics/exposition.hpp"
#include "nginx/handlers.hpp"
#include "nginx/main_conf.hpp"
#include "nginx/metrics_zone.hpp"
#include "nginx/request.hpp"
#include "nginx/response.hpp"

namespace dns_tools::nginx {

namespace {

constexpr std::string_view exposition_type = "text/plain; version=0.0.4; charset=utf-8";
constexpr std::size_t most_domains = 20;

metrics::Snapshot take_snapshot(ngx_http_request_t* r) {
    return metrics::take_snapshot(*metrics_zone(main_conf(r)), most_domains,
                                  std::chrono::system_clock::now(), metrics::Clock::now());
}

metrics::BuildInfo build_info() {
    return {std::string(api::version()), NGINX_VERSION,
            std::string(dns::resolver_library_version()), history::client_library_version()};
}

ngx_int_t answer_metrics(ngx_http_request_t* r, const api::Request&) {
    const std::string text = metrics::exposition(take_snapshot(r), build_info());
    ngx_buf_t* body = body_buffer(r, text.size());
    body->last = ngx_cpymem(body->last, text.data(), text.size());
    return send(r, NGX_HTTP_OK, body, exposition_type);
}

ngx_int_t answer_stats(ngx_http_request_t* r, const api::Request&) {
    return send(r, api::stats(take_snapshot(r)));
}

}  // namespace

ngx_int_t handle_metrics(ngx_http_request_t* r) noexcept {
    return receive<api::Allowed::get, answer_metrics>(r);
}

ngx_int_t handle_stats(ngx_http_request_t* r) noexcept {
    return receive<api::Allowed::get, answer_stats>(r);
}

}  // namespace dns_tools::nginx
