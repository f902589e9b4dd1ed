#include "api/validate.hpp"

#include "nginx/handlers.hpp"
#include "nginx/request.hpp"
#include "nginx/response.hpp"

namespace dns_tools::nginx {

namespace {

ngx_int_t answer(ngx_http_request_t* r, const api::Request& request) {
    return send(r, api::validate(request));
}

}  // namespace

ngx_int_t handle_validate(ngx_http_request_t* r) noexcept {
    return receive<api::Allowed::get_and_post, answer>(r);
}

}  // namespace dns_tools::nginx
