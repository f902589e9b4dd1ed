#include "metrics/minute_ring.hpp"

namespace dns_tools::metrics {

namespace {

constexpr unsigned count_bits = 32;
constexpr std::uint64_t count_mask = (std::uint64_t{1} << count_bits) - 1;

std::uint64_t minute_of(Clock::time_point time) noexcept {
    // From 1, so that a cell of zeros belongs to no minute.
    return 1 + static_cast<std::uint64_t>(
                   std::chrono::floor<std::chrono::minutes>(time.time_since_epoch()).count());
}

std::uint64_t count_in(const Cell& cell, std::uint64_t minute) noexcept {
    const auto value = get(cell);
    return value >> count_bits == minute ? value & count_mask : 0;
}

}  // namespace

void MinuteRing::count(Clock::time_point now) noexcept {
    const auto minute = minute_of(now);
    Cell& cell = cells[minute % size];
    auto value = get(cell);
    while (value >> count_bits < minute) {
        if (cell.compare_exchange_weak(value, minute << count_bits | 1,
                                       std::memory_order_relaxed)) {
            return;
        }
    }
    add(cell);
}

double MinuteRing::within(std::chrono::minutes window, Clock::time_point now) const noexcept {
    const auto minute = minute_of(now);
    const auto minutes = static_cast<std::uint64_t>(window.count());
    double events = static_cast<double>(count_in(cells[minute % size], minute));
    for (std::uint64_t back = 1; back < minutes && back < minute; ++back) {
        events += static_cast<double>(count_in(cells[(minute - back) % size], minute - back));
    }
    if (minutes < minute) {
        const auto since_epoch = now.time_since_epoch();
        const std::chrono::duration<double, std::ratio<60>> into_minute =
            since_epoch - std::chrono::floor<std::chrono::minutes>(since_epoch);
        const auto oldest = minute - minutes;
        events +=
            (1 - into_minute.count()) * static_cast<double>(count_in(cells[oldest % size], oldest));
    }
    return events;
}

}  // namespace dns_tools::metrics
