#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "metrics/zone.hpp"

namespace dns_tools::metrics {

/// One process's hand on the zone. Made after fork. Every call is a few atomic steps and neither
/// allocates nor waits; only making it, destroying it and add_upstream() may enter the kernel.
class Counters {
public:
    /// Takes a place among the processes; one that was left by a dead process is free. When all are
    /// taken, the gauges of this process are not shown. `upstreams`: how many will be added.
    explicit Counters(Zone& zone, std::size_t upstreams = 1) noexcept;
    ~Counters();
    Counters(const Counters&) = delete;
    Counters& operator=(const Counters&) = delete;

    void http_request(Endpoint endpoint, Method method, unsigned status,
                      std::chrono::nanoseconds took, Clock::time_point now) noexcept;
    void lookup(RecordType type, LookupResult result, LookupSource source,
                std::chrono::nanoseconds took, Clock::time_point now) noexcept;
    /// Somebody has asked for this name.
    void domain(std::string_view name, Clock::time_point now) noexcept;

    /// Where this nameserver is counted, for the calls below: the same for all processes. Of more
    /// than max_own_upstreams the first have a place of their own, the others share one.
    std::size_t add_upstream(std::string_view address) noexcept;
    void upstream_request(std::size_t upstream) noexcept;
    void upstream_answer(std::size_t upstream, std::chrono::nanoseconds took) noexcept;
    void upstream_timeout(std::size_t upstream) noexcept;
    void upstream_tcp_fallback(std::size_t upstream) noexcept;
    void upstream_is_up(std::size_t upstream, bool up) noexcept;
    /// Whether any nameserver answers.
    void resolver_is_up(bool up) noexcept;
    /// Which nameservers answer is for others to say.
    void resolver_is_left() noexcept;

    void cache_request() noexcept { add(shard_.cache_requests); }
    void cache_hit(CacheHit hit) noexcept { add(shard_.cache_hits[index(hit)]); }
    /// The cache is one for all processes.
    void cache_entries(std::uint64_t entries) noexcept { put(zone_.cache_entries, entries); }

    void history_appended() noexcept { add(shard_.history_appended); }
    void history_written(std::uint64_t rows) noexcept { add(shard_.history_written, rows); }
    void history_rejected() noexcept { add(shard_.history_rejected); }
    void history_dropped(DropReason reason, std::uint64_t records = 1) noexcept;
    /// Of the journal's files.
    void history_damaged(std::uint64_t bytes) noexcept { add(shard_.history_damaged_bytes, bytes); }
    void history_flushed(std::chrono::nanoseconds took) noexcept;
    /// What waits to be saved; `oldest` is when the oldest of it was answered, `fill` from 0 to 1
    /// how much of its room it takes.
    void history_pending(std::uint64_t records,
                         std::optional<std::chrono::system_clock::time_point> oldest,
                         double fill) noexcept;
    /// So many wait in journals that no process holds, where all processes may see them: they are
    /// added to what is pending once.
    void history_left(std::uint64_t records,
                      std::optional<std::chrono::system_clock::time_point> oldest) noexcept;
    /// What is pending is in this process's memory only.
    void history_is_mortal() noexcept { put(process_->mortal, get(process_->identity)); }
    void database_is_up(bool up) noexcept;
    /// Whether it is up is for others to say.
    void database_is_left() noexcept { put(process_->database, ProcessCells::off); }

private:
    std::size_t claim_process(std::uint64_t identity) noexcept;

    Zone& zone_;
    ProcessCells homeless_{};  // when there is no place in the zone
    ProcessCells* process_ = &homeless_;
    std::size_t named_upstreams_;  // at most
    Shard& shard_;
};

}  // namespace dns_tools::metrics
