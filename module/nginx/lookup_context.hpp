#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>

#include "base/ip_address.hpp"
#include "base/uuid.hpp"
#include "dns/name.hpp"
#include "nginx/ngx.hpp"

namespace dns_tools::nginx {

/// What the access log's variables can say of a request to dns_tools_lookup. Lives in the request's
/// pool, and as long: the access log is written after the request's other objects are gone.
struct LookupContext {
    std::optional<dns::Name> name;  ///< none: what was asked for is not a name
    std::string_view result;  ///< "ok" or the error code; empty: the client left before the answer
    std::string_view source;  ///< empty: nobody was asked
    std::span<const AddressRecord> addresses;
    std::optional<Uuid> id;  ///< of the answer, which may wait until its record is kept
    std::chrono::steady_clock::time_point started;
    std::chrono::steady_clock::time_point answered;
};
static_assert(std::is_trivially_destructible_v<LookupContext>);

/// What a lookup ended with is `code`, an error's; counts it. Does nothing in other locations than
/// those of dns_tools_lookup, and once the lookup has ended. Throws std::bad_alloc.
void lookup_failed(ngx_http_request_t* r, std::string_view code);

/// Adds `$dns_tools_domain`, `_type`, `_result`, `_source`, `_addresses`, `_id` and `_duration`.
ngx_int_t add_variables(ngx_conf_t* cf) noexcept;

}  // namespace dns_tools::nginx
