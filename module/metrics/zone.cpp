#include "metrics/zone.hpp"

#include <new>

namespace dns_tools::metrics {

namespace {

template <typename TimePoint>
std::uint64_t milliseconds(TimePoint time) noexcept {
    return static_cast<std::uint64_t>(
        std::chrono::floor<std::chrono::milliseconds>(time.time_since_epoch()).count());
}

}  // namespace

bool take_over(Zone& zone, ProcessCells& process, std::uint64_t dead,
               std::uint64_t successor) noexcept {
    const auto lost = get(process.mortal) == dead ? get(process.pending) : 0;
    if (!process.identity.compare_exchange_strong(dead, successor)) {
        return false;
    }
    add(zone.shards[0].history_dropped[index(DropReason::worker_died)], lost);
    return true;
}

Zone& make_zone(void* memory, std::uint64_t seed, std::chrono::system_clock::time_point now,
                Clock::time_point steady_now) noexcept {
    Zone& zone = *new (memory) Zone{};
    put(zone.seed, seed);
    zone.domains.seed(seed);
    put(zone.started_at, milliseconds(now));
    put(zone.started, milliseconds(steady_now));
    zone.layout.store(layout_version, std::memory_order_release);
    return zone;
}

}  // namespace dns_tools::metrics
