#include <array>

#include "nginx/counting.hpp"
#include "nginx/handlers.hpp"
#include "nginx/location_conf.hpp"
#include "nginx/lookup_context.hpp"
#include "nginx/main_conf.hpp"
#include "nginx/ngx.hpp"
#include "nginx/worker.hpp"

namespace dns_tools::nginx {

namespace {

using metrics::Endpoint;

template <Endpoint endpoint>
char* set_handler(ngx_conf_t* cf, ngx_command_t*, void* conf) noexcept {
    constexpr Route route = routes[metrics::index(endpoint)];
    auto* location = static_cast<ngx_http_core_loc_conf_t*>(
        ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module));
    if (location->handler != nullptr) {
        return const_cast<char*>("conflicts with another handler of this location");
    }
    location->handler = route.handler;
    static_cast<LocationConf*>(conf)->endpoint = endpoint;
    main_conf(cf).used = true;
    if constexpr (endpoint == Endpoint::metrics || endpoint == Endpoint::stats) {
        main_conf(cf).zone_needed_by = route.directive;
    }
    return NGX_CONF_OK;
}

using Setter = char* (*)(ngx_conf_t*, ngx_command_t*, void*);

ngx_command_t in_http(std::string_view name, ngx_uint_t arguments, Setter set) {
    return {ngx_string_of(name),
            NGX_HTTP_MAIN_CONF | arguments,
            set,
            NGX_HTTP_MAIN_CONF_OFFSET,
            0,
            nullptr};
}

ngx_command_t everywhere(std::string_view name, ngx_uint_t arguments, Setter set) {
    return {ngx_string_of(name),
            NGX_HTTP_MAIN_CONF | NGX_HTTP_SRV_CONF | NGX_HTTP_LOC_CONF | arguments,
            set,
            NGX_HTTP_LOC_CONF_OFFSET,
            0,
            nullptr};
}

template <Endpoint endpoint>
ngx_command_t in_location() {
    return {ngx_string_of(routes[metrics::index(endpoint)].directive),
            NGX_HTTP_LOC_CONF | NGX_CONF_NOARGS,
            &set_handler<endpoint>,
            NGX_HTTP_LOC_CONF_OFFSET,
            0,
            nullptr};
}

std::array commands{
    in_http("dns_tools_resolver", NGX_CONF_1MORE, &set_resolver),
    in_http("dns_tools_database", NGX_CONF_NOARGS | NGX_CONF_TAKE1, &set_database),
    in_http("dns_tools_database_reads", NGX_CONF_NOARGS | NGX_CONF_TAKE1, &set_database_reads),
    in_http("dns_tools_retention", NGX_CONF_TAKE1, &set_retention),
    in_http("dns_tools_journal", NGX_CONF_1MORE, &set_journal),
    in_http("dns_tools_schema", NGX_CONF_TAKE1, &set_schema),
    in_http("dns_tools_zone", NGX_CONF_TAKE1, &set_zone),
    everywhere("dns_tools_record", NGX_CONF_TAKE1, &set_record),
    everywhere("dns_tools_client_ip", NGX_CONF_TAKE12, &set_client_ip),
    in_location<Endpoint::info>(),
    in_location<Endpoint::health>(),
    in_location<Endpoint::ready>(),
    in_location<Endpoint::lookup>(),
    in_location<Endpoint::validate>(),
    in_location<Endpoint::history>(),
    in_location<Endpoint::metrics>(),
    in_location<Endpoint::stats>(),
    ngx_command_t ngx_null_command,
};

ngx_http_module_t context{
    &add_variables,         // preconfiguration
    &add_counting,          // postconfiguration
    &create_main_conf,      // create main configuration
    &init_main_conf,        // init main configuration
    nullptr,                // create server configuration
    nullptr,                // merge server configuration
    &create_location_conf,  // create location configuration
    &merge_location_conf,   // merge location configuration
};

}  // namespace

}  // namespace dns_tools::nginx

// What nginx looks for in a dynamic module; everything else stays inside it (exports.map).
#pragma GCC visibility push(default)

ngx_module_t ngx_http_dns_tools_module = {
    NGX_MODULE_V1,
    &dns_tools::nginx::context,
    dns_tools::nginx::commands.data(),
    NGX_HTTP_MODULE,
    nullptr,  // init master
    nullptr,  // init module
    &dns_tools::nginx::init_process,
    nullptr,  // init thread
    nullptr,  // exit thread
    &dns_tools::nginx::exit_process,
    nullptr,  // exit master
    NGX_MODULE_V1_PADDING,
};

ngx_module_t* ngx_modules[] = {&ngx_http_dns_tools_module, nullptr};
char* ngx_module_names[] = {const_cast<char*>("ngx_http_dns_tools_module"), nullptr};
char* ngx_module_order[] = {nullptr};

#pragma GCC visibility pop
