#include "metrics/counters.hpp"

#include <unistd.h>

#include <bit>

#include "metrics/process.hpp"

namespace dns_tools::metrics {

namespace {

constexpr std::uint64_t nobody = 0;
constexpr std::size_t upstream_others = max_upstreams - 1;

constexpr std::uint64_t bit(std::size_t upstream) noexcept {
    return std::uint64_t{1} << upstream;
}

/// As ProcessCells has it.
std::uint64_t milliseconds_of(
    std::optional<std::chrono::system_clock::time_point> instant) noexcept {
    return instant ? static_cast<std::uint64_t>(
                         std::chrono::floor<std::chrono::milliseconds>(instant->time_since_epoch())
                             .count())
                   : 0;
}

void clear(ProcessCells& process) noexcept {
    for (Cell* cell : {&process.pending, &process.mortal, &process.oldest_pending, &process.left,
                       &process.oldest_left, &process.fill, &process.database, &process.resolver,
                       &process.upstreams, &process.upstreams_down}) {
        put(*cell, 0);
    }
}

}  // namespace

Counters::Counters(Zone& zone, std::size_t upstreams) noexcept
    : zone_(zone),
      named_upstreams_(upstreams > max_own_upstreams ? max_own_upstreams - 1 : max_own_upstreams),
      shard_(zone.shards[claim_process(process_identity(getpid())) % Zone::shard_count]) {}

Counters::~Counters() {
    clear(*process_);
    process_->identity.store(nobody, std::memory_order_release);
}

std::size_t Counters::claim_process(std::uint64_t identity) noexcept {
    for (std::size_t place = 0; place < max_processes; ++place) {
        ProcessCells& process = zone_.processes[place];
        auto holder = get(process.identity);
        const bool taken = holder == nobody
                               ? process.identity.compare_exchange_strong(holder, identity)
                               : !is_alive(holder) && take_over(zone_, process, holder, identity);
        if (taken) {
            clear(process);
            process_ = &process;
            return place;
        }
    }
    return static_cast<std::size_t>(getpid());
}

void Counters::http_request(Endpoint endpoint, Method method, unsigned status,
                            std::chrono::nanoseconds took, Clock::time_point now) noexcept {
    add(shard_.http_requests[index(endpoint)][index(counted_method(endpoint, method))]
                            [status_index(status)]);
    shard_.http_duration[index(endpoint)].observe(took);
    shard_.http_requests_by_minute.count(now);
}

void Counters::lookup(RecordType type, LookupResult result, LookupSource source,
                      std::chrono::nanoseconds took, Clock::time_point now) noexcept {
    add(shard_.lookups[index(type)][index(result)][index(source)]);
    shard_.lookup_duration.observe(took);
    shard_.lookups_by_minute.count(now);
}

void Counters::domain(std::string_view name, Clock::time_point now) noexcept {
    zone_.domains.count(name, now);
}

std::size_t Counters::add_upstream(std::string_view address) noexcept {
    const auto text = address.substr(0, UpstreamPlace::max_text);
    const auto key = hash_of(text, get(zone_.seed));
    std::size_t found = upstream_others;
    const auto own = get(process_->upstreams);
    const auto named = static_cast<std::size_t>(std::popcount(own & ~bit(upstream_others)));
    const bool room = named < named_upstreams_;
    for (std::size_t place = 0; place < upstream_others; ++place) {
        if (!room && (own & bit(place)) == 0) {
            continue;
        }
        auto holder = get(zone_.upstreams[place].key);
        if (holder == key ||
            (holder == 0 &&
             (zone_.upstreams[place].key.compare_exchange_strong(holder, key) || holder == key))) {
            found = place;
            break;
        }
    }
    const auto shown = found == upstream_others ? std::string_view("other") : text;
    // Also when the place was taken before: whoever took it may have died before it came to this.
    zone_.upstreams[found].address.write(shown);
    zone_.upstreams[found].key.store(hash_of(shown, get(zone_.seed)), std::memory_order_release);
    process_->upstreams.fetch_or(bit(found), std::memory_order_relaxed);
    return found;
}

void Counters::upstream_request(std::size_t upstream) noexcept {
    add(shard_.upstreams[upstream].requests);
}

void Counters::upstream_answer(std::size_t upstream, std::chrono::nanoseconds took) noexcept {
    shard_.upstreams[upstream].duration.observe(took);
}

void Counters::upstream_timeout(std::size_t upstream) noexcept {
    add(shard_.upstreams[upstream].timeouts);
}

void Counters::upstream_tcp_fallback(std::size_t upstream) noexcept {
    add(shard_.upstreams[upstream].tcp_fallbacks);
}

void Counters::upstream_is_up(std::size_t upstream, bool up) noexcept {
    if (up) {
        process_->upstreams_down.fetch_and(~bit(upstream), std::memory_order_relaxed);
    } else {
        process_->upstreams_down.fetch_or(bit(upstream), std::memory_order_relaxed);
    }
}

void Counters::resolver_is_up(bool up) noexcept {
    put(process_->resolver, up ? ProcessCells::up : ProcessCells::down);
}

void Counters::resolver_is_left() noexcept {
    put(process_->resolver, ProcessCells::off);
    put(process_->upstreams, 0);
    put(process_->upstreams_down, 0);
}

void Counters::history_dropped(DropReason reason, std::uint64_t records) noexcept {
    add(shard_.history_dropped[index(reason)], records);
}

void Counters::history_flushed(std::chrono::nanoseconds took) noexcept {
    shard_.history_flush_duration.observe(took);
}

void Counters::history_pending(std::uint64_t records,
                               std::optional<std::chrono::system_clock::time_point> oldest,
                               double fill) noexcept {
    put(process_->pending, records);
    put(process_->fill, static_cast<std::uint64_t>(fill * 1e6));
    put(process_->oldest_pending, milliseconds_of(oldest));
}

void Counters::history_left(std::uint64_t records,
                            std::optional<std::chrono::system_clock::time_point> oldest) noexcept {
    put(process_->left, records);
    put(process_->oldest_left, milliseconds_of(oldest));
}

void Counters::database_is_up(bool up) noexcept {
    put(process_->database, up ? ProcessCells::up : ProcessCells::down);
}

}  // namespace dns_tools::metrics
