#pragma once

#include <string>

#include "metrics/snapshot.hpp"

namespace dns_tools::metrics {

/// What the process is made of; versions as text.
struct BuildInfo {
    std::string version;  ///< of the module
    std::string nginx;
    std::string cares;
    std::string libpq;
};

/// The snapshot in Prometheus' text format 0.0.4, at most 64 KiB whatever clients and nameservers
/// do. Series whose value can only be 0 so far are left out where their number is large
/// (http_requests_total, http_request_duration_seconds, lookups_total).
std::string exposition(const Snapshot& snapshot, const BuildInfo& build);

}  // namespace dns_tools::metrics
