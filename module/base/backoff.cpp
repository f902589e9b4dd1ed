#include "base/backoff.hpp"

#include <algorithm>

namespace dns_tools {

std::chrono::milliseconds Backoff::next(Random& random) {
    const auto half = ceiling_ / 2;
    const std::chrono::milliseconds jitter(
        random.below(static_cast<std::uint64_t>((ceiling_ - half).count()) + 1));
    ceiling_ = std::min(ceiling_ * 2, last_);
    return half + jitter;
}

}  // namespace dns_tools
