#pragma once

#include <chrono>

#include "base/random.hpp"

namespace dns_tools {

/// Growing pauses between attempts: each doubles the ceiling from `first` to `last`, and is drawn
/// evenly from the upper half below it, so that many workers do not come back in step.
class Backoff {
public:
    Backoff(std::chrono::milliseconds first, std::chrono::milliseconds last) noexcept
        : first_(first), last_(last), ceiling_(first) {}

    /// The pause before the next attempt.
    std::chrono::milliseconds next(Random& random);
    /// To be called after a success.
    void reset() noexcept { ceiling_ = first_; }

private:
    std::chrono::milliseconds first_;
    std::chrono::milliseconds last_;
    std::chrono::milliseconds ceiling_;
};

}  // namespace dns_tools
