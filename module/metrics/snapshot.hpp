#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "metrics/zone.hpp"

namespace dns_tools::metrics {

/// How many events a second there were lately. A window that begins before counting began is as
/// short as counting is old.
struct Rates {
    double minute = 0;
    double five_minutes = 0;
    double hour = 0;
};

/// What all processes have counted, at a moment.
struct Snapshot {
    template <typename Label, typename T = std::uint64_t>
    using By = std::array<T, count_of<Label>>;

    struct Upstream {
        std::string address;
        std::uint64_t requests = 0;
        std::uint64_t timeouts = 0;
        std::uint64_t tcp_fallbacks = 0;
        Distribution duration;
        bool up = false;  ///< it answers each of these workers
    };

    std::chrono::system_clock::time_point since;  ///< when counting began
    std::size_t processes = 0;                    ///< that count now

    By<Endpoint, By<Method, std::array<std::uint64_t, status_codes.size()>>> http_requests{};
    By<Endpoint, Distribution> http_duration{};
    Rates http_rates;

    By<RecordType, By<LookupResult, By<LookupSource>>> lookups{};
    Distribution lookup_duration;
    Rates lookup_rates;
    std::vector<TopList::Entry> domains;  ///< the busiest first

    std::vector<Upstream> upstreams;  ///< that a worker asks which does not leave
    /// Whether each worker has a nameserver that answers; none when no worker has told.
    std::optional<bool> resolver_up;

    std::uint64_t cache_entries = 0;
    std::uint64_t cache_requests = 0;
    By<CacheHit> cache_hits{};

    std::uint64_t history_appended = 0;
    std::uint64_t history_written = 0;
    std::uint64_t history_rejected = 0;
    By<DropReason> history_dropped{};
    std::uint64_t history_damaged_bytes = 0;
    Distribution history_flush_duration;
    std::uint64_t history_pending = 0;
    std::chrono::milliseconds history_oldest_pending{0};  ///< its age
    double history_fill_ratio = 0;                        ///< of the fullest queue, from 0 to 1
    /// Whether all workers reach the database; none without one.
    std::optional<bool> database_up;

    std::uint64_t http_total() const noexcept;
    std::uint64_t lookup_total() const noexcept;
};

/// Reads the zone, and puts in order in it what dead processes have left.
Snapshot take_snapshot(Zone& zone, std::size_t most_domains,
                       std::chrono::system_clock::time_point now, Clock::time_point steady_now);

}  // namespace dns_tools::metrics
