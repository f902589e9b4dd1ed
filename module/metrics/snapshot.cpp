#include "metrics/snapshot.hpp"

#include <algorithm>

#include "metrics/process.hpp"

namespace dns_tools::metrics {

using std::chrono::milliseconds;

namespace {

// Looking at a process closely takes some 10 us. Of more, each has its turn in one of the next
// snapshots.
constexpr std::size_t closely_at_once = 16;

void add_cell(std::uint64_t& sum, const Cell& cell) noexcept {
    sum += get(cell);
}

void add_cell(Distribution& sum, const Histogram& histogram) noexcept {
    sum += histogram;
}

template <typename Sum, typename Summand, std::size_t Size>
void add_cell(std::array<Sum, Size>& sums, const std::array<Summand, Size>& cells) noexcept {
    for (std::size_t k = 0; k < Size; ++k) {
        add_cell(sums[k], cells[k]);
    }
}

std::uint64_t total(std::uint64_t value) noexcept {
    return value;
}

template <typename T, std::size_t Size>
std::uint64_t total(const std::array<T, Size>& values) noexcept {
    std::uint64_t sum = 0;
    for (const auto& value : values) {
        sum += total(value);
    }
    return sum;
}

struct Window {
    Clock::time_point now;
    Clock::duration age;

    double rate(std::array<Shard, Zone::shard_count>& shards, MinuteRing Shard::*ring,
                std::chrono::minutes window) const noexcept {
        double events = 0;
        for (const Shard& shard : shards) {
            events += (shard.*ring).within(window, now);
        }
        const std::chrono::duration<double> seen = std::clamp<Clock::duration>(
            age, std::chrono::seconds(1), std::chrono::duration_cast<Clock::duration>(window));
        return events / seen.count();
    }

    Rates rates(std::array<Shard, Zone::shard_count>& shards,
                MinuteRing Shard::*ring) const noexcept {
        return {rate(shards, ring, std::chrono::minutes(1)),
                rate(shards, ring, std::chrono::minutes(5)),
                rate(shards, ring, std::chrono::minutes(60))};
    }
};

void add_shard(Snapshot& all, const Shard& shard) noexcept {
    add_cell(all.http_requests, shard.http_requests);
    add_cell(all.http_duration, shard.http_duration);
    add_cell(all.lookups, shard.lookups);
    add_cell(all.lookup_duration, shard.lookup_duration);
    add_cell(all.cache_requests, shard.cache_requests);
    add_cell(all.cache_hits, shard.cache_hits);
    add_cell(all.history_appended, shard.history_appended);
    add_cell(all.history_written, shard.history_written);
    add_cell(all.history_rejected, shard.history_rejected);
    add_cell(all.history_dropped, shard.history_dropped);
    add_cell(all.history_damaged_bytes, shard.history_damaged_bytes);
    add_cell(all.history_flush_duration, shard.history_flush_duration);
}

struct UpstreamUse {
    std::uint64_t asked = 0;
    std::uint64_t down = 0;
};

void add_state(std::optional<bool>& all, const Cell& state) noexcept {
    if (const auto one = get(state); one != ProcessCells::off) {
        all = all.value_or(true) && one == ProcessCells::up;
    }
}

/// Chooses whom a snapshot looks at closely.
class Turns {
public:
    explicit Turns(Zone& zone) noexcept
        : taken_(std::count_if(zone.processes.begin(), zone.processes.end(),
                               [](const auto& process) { return get(process.identity) != 0; })),
          first_(zone.looked_at.fetch_add(closely_at_once, std::memory_order_relaxed)) {}

    /// To be called for each process in turn.
    bool is_alive(std::uint64_t identity) noexcept {
        const auto taken = static_cast<std::uint64_t>(std::max<std::ptrdiff_t>(taken_, 1));
        const auto behind_first = (next_++ + taken - first_ % taken) % taken;
        return behind_first < closely_at_once ? metrics::is_alive(identity)
                                              : may_be_alive(identity);
    }

private:
    std::ptrdiff_t taken_;  // places
    std::uint64_t first_;
    std::uint64_t next_ = 0;
};

UpstreamUse add_processes(Snapshot& all, Zone& zone, std::chrono::system_clock::time_point now) {
    UpstreamUse use;
    std::uint64_t oldest = ~std::uint64_t{0};
    std::uint64_t left = 0;
    Turns turns(zone);
    for (ProcessCells& process : zone.processes) {
        const auto identity = process.identity.load(std::memory_order_acquire);
        if (identity == 0) {
            continue;
        }
        if (!turns.is_alive(identity)) {
            take_over(zone, process, identity, 0);
            continue;
        }
        ++all.processes;
        all.history_pending += get(process.pending);
        all.history_fill_ratio =
            std::max(all.history_fill_ratio, static_cast<double>(get(process.fill)) / 1e6);
        left = std::max(left, get(process.left));
        for (const Cell* cell : {&process.oldest_pending, &process.oldest_left}) {
            if (const auto since = get(*cell); since != 0) {
                oldest = std::min(oldest, since);
            }
        }
        add_state(all.database_up, process.database);
        add_state(all.resolver_up, process.resolver);
        use.asked |= get(process.upstreams);
        use.down |= get(process.upstreams_down);
    }
    all.history_pending += left;
    const auto now_ms = static_cast<std::uint64_t>(
        std::chrono::floor<milliseconds>(now.time_since_epoch()).count());
    if (oldest < now_ms) {
        all.history_oldest_pending = milliseconds(now_ms - oldest);
    }
    return use;
}

void add_upstreams(Snapshot& all, const Zone& zone, UpstreamUse use) {
    for (std::size_t place = 0; place < max_upstreams; ++place) {
        const auto key = zone.upstreams[place].key.load(std::memory_order_acquire);
        if (key == 0 || (use.asked >> place & 1) == 0) {
            continue;
        }
        Snapshot::Upstream upstream;
        upstream.address = zone.upstreams[place].address.read();
        if (hash_of(upstream.address, get(zone.seed)) != key) {
            continue;  // its address is just being written
        }
        for (const Shard& shard : zone.shards) {
            const auto& cells = shard.upstreams[place];
            add_cell(upstream.requests, cells.requests);
            add_cell(upstream.timeouts, cells.timeouts);
            add_cell(upstream.tcp_fallbacks, cells.tcp_fallbacks);
            add_cell(upstream.duration, cells.duration);
        }
        upstream.up = (use.down >> place & 1) == 0;
        all.upstreams.push_back(std::move(upstream));
    }
}

}  // namespace

std::uint64_t Snapshot::http_total() const noexcept {
    return total(http_requests);
}

std::uint64_t Snapshot::lookup_total() const noexcept {
    return total(lookups);
}

Snapshot take_snapshot(Zone& zone, std::size_t most_domains,
                       std::chrono::system_clock::time_point now, Clock::time_point steady_now) {
    Snapshot all;
    all.since = std::chrono::system_clock::time_point(milliseconds(get(zone.started_at)));
    // First, for what the dead have left counts below.
    const UpstreamUse use = add_processes(all, zone, now);
    for (const Shard& shard : zone.shards) {
        add_shard(all, shard);
    }
    const Window window{steady_now,
                        steady_now - Clock::time_point(milliseconds(get(zone.started)))};
    all.http_rates = window.rates(zone.shards, &Shard::http_requests_by_minute);
    all.lookup_rates = window.rates(zone.shards, &Shard::lookups_by_minute);
    all.cache_entries = get(zone.cache_entries);
    all.domains = zone.domains.top(most_domains);
    add_upstreams(all, zone, use);
    return all;
}

}  // namespace dns_tools::metrics
