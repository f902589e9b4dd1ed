#pragma once

#include "api/reply.hpp"
#include "metrics/snapshot.hpp"

namespace dns_tools::api {

/// What the metrics say, for a person: totals, rates a second over 1, 5 and 60 minutes, latencies,
/// the busiest names, the most frequent results. Times are in seconds.
Reply stats(const metrics::Snapshot& snapshot);

}  // namespace dns_tools::api
