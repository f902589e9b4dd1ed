#include "nginx/location_conf.hpp"

#include <new>

namespace dns_tools::nginx {

namespace {

constexpr off_t default_body_limit = 1024 * 1024;  // client_max_body_size
constexpr off_t no_limit = 0;

}  // namespace

void* create_location_conf(ngx_conf_t* cf) noexcept {
    void* memory = ngx_palloc(cf->pool, sizeof(LocationConf));
    return memory == nullptr ? nullptr : new (memory) LocationConf;
}

char* merge_location_conf(ngx_conf_t* cf, void*, void* child) noexcept {
    auto* core = static_cast<ngx_http_core_loc_conf_t*>(
        ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module));
    if (static_cast<LocationConf*>(child)->answers &&
        core->client_max_body_size == default_body_limit) {
        core->client_max_body_size = no_limit;
    }
    return NGX_CONF_OK;
}

}  // namespace dns_tools::nginx
