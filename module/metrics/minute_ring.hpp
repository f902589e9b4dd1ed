#pragma once

#include <array>
#include <chrono>
#include <cstdint>

#include "metrics/cell.hpp"

namespace dns_tools::metrics {

using Clock = std::chrono::steady_clock;  ///< one for all processes: it counts from the boot

/// Counts events by the minute, for the last hour, in shared memory. A cell holds its minute in the
/// upper half and the count in the lower, so that one atomic step both clears and counts.
struct MinuteRing {
    static constexpr std::size_t size = 64;

    std::array<Cell, size> cells;

    void count(Clock::time_point now) noexcept;
    /// How many events there were in the last `window`, of up to an hour. The oldest minute reaches
    /// into it in part only, and counts in proportion.
    double within(std::chrono::minutes window, Clock::time_point now) const noexcept;
};

}  // namespace dns_tools::metrics
