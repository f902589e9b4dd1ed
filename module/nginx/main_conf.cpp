#include "nginx/main_conf.hpp"

#include <span>
#include <stdexcept>
#include <string_view>

#include "dns/resolver.hpp"
#include "nginx/directive.hpp"
#include "nginx/guard.hpp"
#include "nginx/metrics_zone.hpp"
#include "nginx/pool.hpp"

namespace dns_tools::nginx {

namespace {

char* add_upstreams(ngx_conf_t* cf, MainConf& conf, const ngx_str_t& value) {
    constexpr in_port_t domain_port = 53;

    ngx_url_t url{};
    url.url = value;
    url.default_port = domain_port;
    if (ngx_parse_url(cf->pool, &url) != NGX_OK || url.family == AF_UNIX) {
        if (url.err != nullptr) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "%s", url.err);
        }
        return invalid(cf, value,
                       "it must be ADDRESS or ADDRESS:PORT of a nameserver, timeout=TIME or "
                       "attempts=NUMBER");
    }
    for (const auto& address : std::span(url.addrs, url.naddrs)) {
        if (conf.upstreams.size() == dns::max_upstreams) {
            return invalid(cf, value, "at most 64 nameservers can be asked");
        }
        conf.upstreams.emplace_back(*address.sockaddr);
    }
    return fine;
}

char* parse_resolver(ngx_conf_t* cf, MainConf& conf) {
    constexpr ngx_int_t longest_timeout = 60'000;
    constexpr ngx_int_t most_attempts = 16;

    if (conf.upstreams_given) {
        return is_duplicate;
    }
    conf.upstreams_given = true;

    for (const auto& value : arguments(cf).subspan(1)) {
        if (auto timeout = after_prefix(value, "timeout=")) {
            const auto ms = ngx_parse_time(&*timeout, 0);
            if (ms < 1 || ms > longest_timeout) {
                return invalid(cf, value, "timeout must be a time from 1ms to 60s");
            }
            conf.timeout = std::chrono::milliseconds(ms);
        } else if (const auto attempts = after_prefix(value, "attempts=")) {
            const auto number = ngx_atoi(attempts->data, attempts->len);
            if (number < 1 || number > most_attempts) {
                return invalid(cf, value, "attempts must be a number from 1 to 16");
            }
            conf.attempts = static_cast<unsigned>(number);
        } else if (char* error = add_upstreams(cf, conf, value); error != fine) {
            return error;
        }
    }
    if (conf.upstreams.empty()) {
        ngx_conf_log_error(
            NGX_LOG_EMERG, cf, 0,
            "no nameserver in \"%V\" directive: it must name at least one ADDRESS or "
            "ADDRESS:PORT",
            &arguments(cf)[0]);
        return failed;
    }
    return fine;
}

char* parse_conninfo(ngx_conf_t* cf, std::optional<std::string>& conninfo) {
    if (conninfo) {
        return is_duplicate;
    }
    const auto values = arguments(cf).subspan(1);
    conninfo = values.empty() ? std::string() : std::string(view(values[0]));
    if (const auto error = history::check_conninfo(*conninfo)) {
        // The value is not repeated: it may hold a password.
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "invalid value in \"%V\" directive: %*s",
                           &arguments(cf)[0], DNS_TOOLS_FORMAT_ARGS(*error));
        return failed;
    }
    return fine;
}

char* parse_retention(ngx_conf_t* cf, MainConf& conf) {
    constexpr ngx_int_t shortest = 60;
    constexpr ngx_int_t longest = 100L * 365 * 24 * 3600;

    if (conf.retention) {
        return is_duplicate;
    }
    auto& value = arguments(cf)[1];
    if (view(value) == "off") {
        conf.retention = std::chrono::seconds(0);
        return fine;
    }
    constexpr ngx_uint_t in_seconds = 1;
    const auto seconds = ngx_parse_time(&value, in_seconds);
    if (seconds < shortest || seconds > longest) {
        return invalid(cf, value, "it must be \"off\" or a time from 1m to 100y, such as 30d");
    }
    conf.retention = std::chrono::seconds(seconds);
    return fine;
}

/// What says more about a database is of no use without one.
char* check_database_given(ngx_conf_t* cf, const MainConf& conf) {
    const bool deletes = conf.retention.value_or(std::chrono::seconds(0)).count() > 0;
    const char* const directive = conf.journal          ? "dns_tools_journal"
                                  : conf.reads_conninfo ? "dns_tools_database_reads"
                                  : deletes             ? "dns_tools_retention"
                                                        : nullptr;
    if (conf.conninfo || directive == nullptr) {
        return fine;
    }
    ngx_conf_log_error(
        NGX_LOG_EMERG, cf, 0,
        "\"%s\" directive needs \"dns_tools_database\": without it no lookup is saved", directive);
    return failed;
}

// nginx empties the environment of its workers, and of the master that a binary upgrade starts, but
// for what `env` directives name. What the module asks for is named here as if by such directives:
// so PGHOST, PGPASSFILE and the others mean there what they meant when nginx was started.
void keep_environment(ngx_cycle_t* cycle, bool of_libpq) {
    auto* core = reinterpret_cast<ngx_core_conf_t*>(ngx_get_conf(cycle->conf_ctx, ngx_core_module));
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string_view variable(*entry);
        const auto name = variable.substr(0, variable.find('='));
        if (name != kubernetes_variable && !(of_libpq && name.starts_with("PG"))) {
            continue;
        }
        auto* kept = static_cast<ngx_str_t*>(ngx_array_push(&core->env));
        if (kept == nullptr) {
            throw std::bad_alloc();
        }
        *kept = ngx_string_of(name);
    }
}

}  // namespace

MainConf* main_conf(ngx_cycle_t* cycle) noexcept {
    return static_cast<MainConf*>(
        ngx_http_cycle_get_module_main_conf(cycle, ngx_http_dns_tools_module));
}

MainConf& main_conf(ngx_conf_t* cf) noexcept {
    return *static_cast<MainConf*>(
        ngx_http_conf_get_module_main_conf(cf, ngx_http_dns_tools_module));
}

const MainConf& main_conf(ngx_http_request_t* r) noexcept {
    return *static_cast<MainConf*>(ngx_http_get_module_main_conf(r, ngx_http_dns_tools_module));
}

void* create_main_conf(ngx_conf_t* cf) noexcept {
    return guarded<void*>(cf->log, nullptr, [cf] { return &make_in_pool<MainConf>(cf->pool); });
}

char* init_main_conf(ngx_conf_t* cf, void* data) noexcept {
    return guarded(cf->log, failed, [cf, data] {
        auto& conf = *static_cast<MainConf*>(data);
        if (char* error = check_database_given(cf, conf); error != fine) {
            return error;
        }
        if (!conf.used) {
            return fine;
        }
        if (conf.zone_needed_by != nullptr && conf.zone == nullptr) {
            ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                          "\"%s\" directive needs \"dns_tools_zone NAME:SIZE\" in the http block",
                          conf.zone_needed_by);
            return failed;
        }
        if (!conf.upstreams_given) {
            conf.upstreams = dns::system_nameservers();
        }
        keep_environment(cf->cycle, conf.conninfo.has_value());
        return fine;
    });
}

char* set_resolver(ngx_conf_t* cf, ngx_command_t*, void* conf) noexcept {
    return guarded(cf->log, failed,
                   [&] { return parse_resolver(cf, *static_cast<MainConf*>(conf)); });
}

char* set_database(ngx_conf_t* cf, ngx_command_t*, void* conf) noexcept {
    return guarded(cf->log, failed,
                   [&] { return parse_conninfo(cf, static_cast<MainConf*>(conf)->conninfo); });
}

char* set_database_reads(ngx_conf_t* cf, ngx_command_t*, void* conf) noexcept {
    return guarded(cf->log, failed, [&] {
        return parse_conninfo(cf, static_cast<MainConf*>(conf)->reads_conninfo);
    });
}

char* set_retention(ngx_conf_t* cf, ngx_command_t*, void* conf) noexcept {
    return guarded(cf->log, failed,
                   [&] { return parse_retention(cf, *static_cast<MainConf*>(conf)); });
}

char* set_journal(ngx_conf_t* cf, ngx_command_t*, void* conf) noexcept {
    return guarded(cf->log, failed,
                   [&] { return parse_journal(cf, static_cast<MainConf*>(conf)->journal); });
}

char* set_schema(ngx_conf_t* cf, ngx_command_t*, void* data) noexcept {
    return guarded(cf->log, failed, [&] {
        auto& conf = *static_cast<MainConf*>(data);
        if (conf.schema) {
            return is_duplicate;
        }
        const auto& value = arguments(cf)[1];
        if (view(value) == "create") {
            conf.schema = history::SchemaMode::create;
        } else if (view(value) == "verify") {
            conf.schema = history::SchemaMode::verify;
        } else {
            return invalid(cf, value, "it must be \"create\" or \"verify\"");
        }
        return fine;
    });
}

char* set_zone(ngx_conf_t* cf, ngx_command_t*, void* data) noexcept {
    return guarded(cf->log, failed, [&] {
        auto& conf = *static_cast<MainConf*>(data);
        if (conf.zone != nullptr) {
            return is_duplicate;
        }
        const auto& value = arguments(cf)[1];
        const auto colon = view(value).rfind(':');
        const auto name = view(value).substr(0, colon);
        if (colon == std::string_view::npos || name.empty()) {
            return invalid(cf, value, "it must be NAME:SIZE");
        }
        ngx_str_t size_text = ngx_string_of(view(value).substr(colon + 1));
        const auto size = ngx_parse_size(&size_text);
        const auto least = metrics_zone_size();
        if (size == NGX_ERROR || static_cast<std::size_t>(size) < least) {
            return invalid(cf, value,
                           "SIZE must be at least " + std::to_string(least / 1024) + "k");
        }
        conf.zone = add_metrics_zone(cf, name, static_cast<std::size_t>(size));
        return conf.zone == nullptr ? failed : fine;
    });
}

}  // namespace dns_tools::nginx
