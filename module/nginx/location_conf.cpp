#include "nginx/location_conf.hpp"

#include <array>
#include <fstream>
#include <iterator>
#include <new>
#include <string>

#include "nginx/directive.hpp"
#include "nginx/guard.hpp"
#include "nginx/handlers.hpp"
#include "nginx/main_conf.hpp"
#include "nginx/pool.hpp"

namespace dns_tools::nginx {

namespace {

using Privacy = history::ClientPrivacy;

constexpr off_t default_body_limit = 1024 * 1024;  // client_max_body_size
constexpr off_t no_limit = 0;

/// The content of a key file without the newline that editors put at its end.
std::optional<std::string> read_key(ngx_conf_t* cf, ngx_str_t path) {
    if (ngx_conf_full_name(cf->cycle, &path, 1) != NGX_OK) {
        throw std::bad_alloc();
    }
    std::ifstream file(std::string(view(path)), std::ios::binary);
    std::string key{std::istreambuf_iterator<char>(file), {}};
    if (!file.is_open() || file.bad()) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno, "cannot read the key file \"%V\"", &path);
        return std::nullopt;
    }
    if (key.ends_with('\n')) {
        key.pop_back();
    }
    if (key.size() < Privacy::min_key) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "the key in \"%V\" has %uz bytes, it needs %uz",
                           &path, key.size(), Privacy::min_key);
        return std::nullopt;
    }
    return key;
}

template <typename Mode>
struct Word {
    std::string_view text;
    Mode mode;
};

char* parse_record(ngx_conf_t* cf, LocationConf& conf) {
    static constexpr std::array<Word<RecordMode>, 3> words{
        {{"off", RecordMode::off}, {"on", RecordMode::on}, {"commit", RecordMode::commit}}};
    if (conf.record) {
        return is_duplicate;
    }
    const auto& value = arguments(cf)[1];
    for (const auto& word : words) {
        if (view(value) == word.text) {
            conf.record = word.mode;
            return fine;
        }
    }
    return invalid(cf, value, "it must be \"off\", \"on\" or \"commit\"");
}

char* parse_client_ip(ngx_conf_t* cf, LocationConf& conf) {
    static constexpr std::array<Word<Privacy::Mode>, 4> words{
        {{"full", Privacy::Mode::full},
         {"truncate", Privacy::Mode::truncate},
         {"hash", Privacy::Mode::hash},
         {"off", Privacy::Mode::off}}};
    static constexpr std::string_view right =
        "it must be \"full\", \"truncate\", \"off\", or \"hash\" followed by key=FILE";

    if (conf.privacy != nullptr) {
        return is_duplicate;
    }
    const auto values = arguments(cf).subspan(1);
    for (const auto& word : words) {
        if (view(values[0]) != word.text) {
            continue;
        }
        const bool with_key = word.mode == Privacy::Mode::hash;
        if (values.size() != (with_key ? 2 : 1)) {
            return invalid(cf, values.back(), right);
        }
        std::optional<std::string> key("");
        if (with_key) {
            const auto path = after_prefix(values[1], "key=");
            if (!path || path->len == 0) {
                return invalid(cf, values[1], right);
            }
            key = read_key(cf, *path);
        }
        if (!key) {
            return failed;
        }
        conf.privacy = &make_in_pool<Privacy>(cf->pool, word.mode, *key);
        return fine;
    }
    return invalid(cf, values[0], right);
}

}  // namespace

const LocationConf& location_conf(ngx_http_request_t* r) noexcept {
    return *static_cast<LocationConf*>(ngx_http_get_module_loc_conf(r, ngx_http_dns_tools_module));
}

void* create_location_conf(ngx_conf_t* cf) noexcept {
    void* memory = ngx_palloc(cf->pool, sizeof(LocationConf));
    return memory == nullptr ? nullptr : new (memory) LocationConf;
}

char* merge_location_conf(ngx_conf_t* cf, void* parent, void* child) noexcept {
    const auto& outer = *static_cast<LocationConf*>(parent);
    auto& conf = *static_cast<LocationConf*>(child);
    if (!conf.record) {
        conf.record = outer.record.value_or(RecordMode::on);
    }
    if (conf.privacy == nullptr) {
        conf.privacy = outer.privacy;
    }
    auto* core = static_cast<ngx_http_core_loc_conf_t*>(
        ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module));
    // A location's limit_except is a location of its own, which has no handler but the outer one's.
    if (core->lmt_excpt && core->handler == nullptr && outer.endpoint) {
        conf.endpoint = outer.endpoint;
        core->handler = routes[metrics::index(*outer.endpoint)].handler;
    }
    if (conf.endpoint && conf.record_mode() == RecordMode::commit && !main_conf(cf).conninfo) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"dns_tools_record commit\" needs a \"dns_tools_database\"");
        return failed;
    }

    if (conf.endpoint && core->client_max_body_size == default_body_limit) {
        core->client_max_body_size = no_limit;
    }
    return fine;
}

char* set_record(ngx_conf_t* cf, ngx_command_t*, void* conf) noexcept {
    return guarded(cf->log, failed,
                   [&] { return parse_record(cf, *static_cast<LocationConf*>(conf)); });
}

char* set_client_ip(ngx_conf_t* cf, ngx_command_t*, void* conf) noexcept {
    return guarded(cf->log, failed,
                   [&] { return parse_client_ip(cf, *static_cast<LocationConf*>(conf)); });
}

}  // namespace dns_tools::nginx
