#pragma once

#include <array>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "metrics/cell.hpp"

namespace dns_tools::metrics {

/// Bucket k holds what took at most 0.25 ms * 2^k and more than the bucket before; a last one,
/// beyond these, everything longer (8.192 s and more).
inline constexpr std::size_t bounded_buckets = 16;
inline constexpr std::chrono::nanoseconds first_bound{250'000};

constexpr double bound_in_seconds(std::size_t bucket) noexcept {
    return 0.00025 * static_cast<double>(std::uint64_t{1} << bucket);
}

constexpr std::size_t bucket_of(std::chrono::nanoseconds took) noexcept {
    if (took <= first_bound) {
        return 0;
    }
    const auto steps = static_cast<std::uint64_t>((took.count() - 1) / first_bound.count());
    const auto bucket = static_cast<std::size_t>(std::bit_width(steps));
    return bucket < bounded_buckets ? bucket : bounded_buckets;
}

/// How long something took, in shared memory. The count is the sum of the buckets, so that the two
/// always agree.
struct Histogram {
    std::array<Cell, bounded_buckets + 1> buckets;
    Cell nanoseconds;

    void observe(std::chrono::nanoseconds took) noexcept {
        const auto time = took.count() > 0 ? took : std::chrono::nanoseconds(0);
        add(buckets[bucket_of(time)]);
        add(nanoseconds, static_cast<std::uint64_t>(time.count()));
    }
};

/// What one or more histograms hold at a moment.
struct Distribution {
    std::array<std::uint64_t, bounded_buckets + 1> buckets{};
    std::uint64_t nanoseconds = 0;

    Distribution& operator+=(const Histogram& histogram) noexcept;
    Distribution& operator+=(const Distribution& other) noexcept;

    std::uint64_t count() const noexcept;
    double seconds() const noexcept { return static_cast<double>(nanoseconds) / 1e9; }
    /// In seconds, by the rule of Prometheus' histogram_quantile(): even within a bucket, and the
    /// last bound for what lies beyond it. 0 when nothing was observed.
    double quantile(double rank) const noexcept;
};

}  // namespace dns_tools::metrics
