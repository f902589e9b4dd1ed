#pragma once

#include <string>

#include "nginx/ngx.hpp"

namespace dns_tools::nginx {

class HistoryExport;
struct LookupContext;

/// What the module keeps for a request from one event to the next; lives in the request's pool.
struct RequestContext {
    std::string* partial_body = nullptr;      ///< null unless the body arrives in parts
    LookupContext* lookup = nullptr;          ///< null but for dns_tools_lookup
    HistoryExport* history_export = nullptr;  ///< null but for an export of dns_tools_history
};

/// Makes it when it is not there yet. Throws std::bad_alloc.
RequestContext& request_context(ngx_http_request_t* r);

/// Null while nothing asked for them.
std::string* partial_body_of(ngx_http_request_t* r) noexcept;
LookupContext* lookup_context_of(ngx_http_request_t* r) noexcept;

}  // namespace dns_tools::nginx
