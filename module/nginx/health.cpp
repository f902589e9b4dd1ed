#include "api/service.hpp"
#include "nginx/handlers.hpp"
#include "nginx/request.hpp"
#include "nginx/response.hpp"

namespace dns_tools::nginx {

namespace {

ngx_int_t answer(ngx_http_request_t* r, const api::Request&) {
    return send(r, api::health());
}

}  // namespace

ngx_int_t handle_health(ngx_http_request_t* r) noexcept {
    return receive<api::Allowed::get, answer>(r);
}

}  // namespace dns_tools::nginx
