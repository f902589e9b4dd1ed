#include "metrics/histogram.hpp"

#include <numeric>

namespace dns_tools::metrics {

Distribution& Distribution::operator+=(const Histogram& histogram) noexcept {
    for (std::size_t k = 0; k < buckets.size(); ++k) {
        buckets[k] += get(histogram.buckets[k]);
    }
    nanoseconds += get(histogram.nanoseconds);
    return *this;
}

Distribution& Distribution::operator+=(const Distribution& other) noexcept {
    for (std::size_t k = 0; k < buckets.size(); ++k) {
        buckets[k] += other.buckets[k];
    }
    nanoseconds += other.nanoseconds;
    return *this;
}

std::uint64_t Distribution::count() const noexcept {
    return std::accumulate(buckets.begin(), buckets.end(), std::uint64_t{0});
}

double Distribution::quantile(double rank) const noexcept {
    const auto total = count();
    if (total == 0) {
        return 0;
    }
    const double wanted = rank * static_cast<double>(total);
    double before = 0;
    for (std::size_t k = 0; k < bounded_buckets; ++k) {
        const auto inside = static_cast<double>(buckets[k]);
        if (inside > 0 && before + inside >= wanted) {
            const double low = k == 0 ? 0 : bound_in_seconds(k - 1);
            return low + (bound_in_seconds(k) - low) * (wanted - before) / inside;
        }
        before += inside;
    }
    return bound_in_seconds(bounded_buckets - 1);
}

}  // namespace dns_tools::metrics
