#pragma once

#include <chrono>
#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

#include "base/socket_address.hpp"
#include "history/database.hpp"
#include "nginx/journal_conf.hpp"
#include "nginx/ngx.hpp"

namespace dns_tools::nginx {

inline constexpr const char* kubernetes_variable = "KUBERNETES_SERVICE_HOST";

/// What the directives of the http block say.
struct MainConf {
    /// Empty until dns_tools_resolver is given; then, or by default, at least one.
    std::vector<SocketAddress> upstreams;
    bool upstreams_given = false;
    std::chrono::milliseconds timeout{2000};
    unsigned attempts = 3;

    /// None: no database. Empty: libpq's environment alone.
    std::optional<std::string> conninfo;
    std::optional<history::SchemaMode> schema;
    /// None: the queue is in the workers' memory.
    std::optional<JournalConf> journal;
    /// None: /history is read where lookups are saved.
    std::optional<std::string> reads_conninfo;
    /// None until dns_tools_retention is given; zero: lookups are kept.
    std::optional<std::chrono::milliseconds> retention;

    /// Where requests are counted; null: nowhere.
    ngx_shm_zone_t* zone = nullptr;
    /// A directive that makes no sense without a zone, if one was given.
    const char* zone_needed_by = nullptr;

    /// Whether nginx runs in a Kubernetes pod.
    bool kubernetes = std::getenv(kubernetes_variable) != nullptr;

    /// Whether any location has one of the handlers; without one, workers start nothing.
    bool used = false;
};

/// The configuration of a cycle; null when it has no http block.
MainConf* main_conf(ngx_cycle_t* cycle) noexcept;
MainConf& main_conf(ngx_conf_t* cf) noexcept;
const MainConf& main_conf(ngx_http_request_t* r) noexcept;

void* create_main_conf(ngx_conf_t* cf) noexcept;
/// Fills in the defaults once everything is read, and refuses what makes no sense together.
char* init_main_conf(ngx_conf_t* cf, void* conf) noexcept;

char* set_resolver(ngx_conf_t* cf, ngx_command_t* command, void* conf) noexcept;
char* set_database(ngx_conf_t* cf, ngx_command_t* command, void* conf) noexcept;
char* set_database_reads(ngx_conf_t* cf, ngx_command_t* command, void* conf) noexcept;
char* set_retention(ngx_conf_t* cf, ngx_command_t* command, void* conf) noexcept;
char* set_journal(ngx_conf_t* cf, ngx_command_t* command, void* conf) noexcept;
char* set_schema(ngx_conf_t* cf, ngx_command_t* command, void* conf) noexcept;
char* set_zone(ngx_conf_t* cf, ngx_command_t* command, void* conf) noexcept;

}  // namespace dns_tools::nginx
