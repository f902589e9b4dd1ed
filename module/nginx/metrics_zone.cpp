#include "nginx/metrics_zone.hpp"

#include <chrono>

#include "base/random.hpp"
#include "nginx/guard.hpp"

namespace dns_tools::nginx {

namespace {

std::size_t pages_for(std::size_t size) noexcept {
    return (size + ngx_pagesize - 1) / ngx_pagesize;
}

ngx_int_t init_zone(ngx_shm_zone_t* shared, void* data) noexcept {
    return guarded<ngx_int_t>(shared->shm.log, NGX_ERROR, [shared, data]() -> ngx_int_t {
        auto* zone = static_cast<metrics::Zone*>(data);
        if (zone == nullptr) {
            auto* pool = reinterpret_cast<ngx_slab_pool_t*>(shared->shm.addr);
            void* memory = ngx_slab_alloc(pool, sizeof(metrics::Zone));
            if (memory == nullptr) {
                ngx_log_error(NGX_LOG_EMERG, shared->shm.log, 0,
                              "dns_tools: the metrics do not fit in shared memory zone \"%V\"",
                              &shared->shm.name);
                return NGX_ERROR;
            }
            zone = &metrics::make_zone(memory, Random().next64(), std::chrono::system_clock::now(),
                                       metrics::Clock::now());
            pool->data = zone;
        } else if (metrics::get(zone->layout) != metrics::layout_version) {
            // Old workers still count in it, so it cannot be set up anew.
            ngx_log_error(NGX_LOG_EMERG, shared->shm.log, 0,
                          "dns_tools: shared memory zone \"%V\" is laid out by another version of "
                          "the module; give it another size or name",
                          &shared->shm.name);
            return NGX_ERROR;
        }
        shared->data = zone;
        return NGX_OK;
    });
}

}  // namespace

std::size_t metrics_zone_size() noexcept {
    // Around the zone: the slab pool's header with its lists, what is lost by aligning to a page,
    // and a descriptor for each page.
    const std::size_t pages = pages_for(sizeof(metrics::Zone)) + 2;
    return (pages + pages_for(pages * sizeof(ngx_slab_page_t))) * ngx_pagesize;
}

ngx_shm_zone_t* add_metrics_zone(ngx_conf_t* cf, std::string_view name, std::size_t size) {
    ngx_str_t text = ngx_string_of(name);
    ngx_shm_zone_t* shared = ngx_shared_memory_add(cf, &text, size, &ngx_http_dns_tools_module);
    if (shared != nullptr) {
        shared->init = &init_zone;
    }
    return shared;
}

metrics::Zone* metrics_zone(const MainConf& conf) noexcept {
    return conf.zone == nullptr ? nullptr : static_cast<metrics::Zone*>(conf.zone->data);
}

}  // namespace dns_tools::nginx
