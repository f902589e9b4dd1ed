#include <cstdlib>

#include "api/service.hpp"
#include "nginx/handlers.hpp"
#include "nginx/main_conf.hpp"
#include "nginx/request.hpp"
#include "nginx/response.hpp"

namespace dns_tools::nginx {

namespace {

ngx_int_t answer(ngx_http_request_t* r, const api::Request&) {
    const std::chrono::sys_seconds now{std::chrono::seconds(ngx_time())};
    return send(r, api::info(now, main_conf(r).kubernetes));
}

}  // namespace

ngx_int_t handle_info(ngx_http_request_t* r) noexcept {
    return receive<api::Allowed::get, answer>(r);
}

}  // namespace dns_tools::nginx
