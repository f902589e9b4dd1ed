#pragma once

#include <optional>

#include "history/client_privacy.hpp"
#include "metrics/labels.hpp"
#include "nginx/ngx.hpp"

namespace dns_tools::nginx {

/// dns_tools_record: whether lookups are saved, and what their answers wait for.
enum class RecordMode { off, on, commit };

/// What the module knows of a location.
struct LocationConf {
    std::optional<metrics::Endpoint> endpoint;  ///< which of the module's handlers it has
    std::optional<RecordMode> record;           ///< set, once merged
    history::ClientPrivacy* privacy = nullptr;  ///< dns_tools_client_ip; in the pool

    RecordMode record_mode() const noexcept { return *record; }
};

const LocationConf& location_conf(ngx_http_request_t* r) noexcept;

void* create_location_conf(ngx_conf_t* cf) noexcept;

/// Inherits what is not set. Lifts nginx's default limit for bodies where the module answers: its
/// own, lower limit is met with JSON, nginx's with a page of HTML. A limit that the configuration
/// sets stays.
char* merge_location_conf(ngx_conf_t* cf, void* parent, void* child) noexcept;

char* set_record(ngx_conf_t* cf, ngx_command_t* command, void* conf) noexcept;
char* set_client_ip(ngx_conf_t* cf, ngx_command_t* command, void* conf) noexcept;

}  // namespace dns_tools::nginx
