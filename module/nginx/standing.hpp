#pragma once

#include <chrono>

namespace dns_tools::nginx {

/// Whether something works, and since when.
class Standing {
public:
    using Clock = std::chrono::system_clock;

    explicit Standing(bool up = false) noexcept : up_(up) {}

    bool up() const noexcept { return up_; }
    /// When it last changed, or when this began.
    Clock::time_point since() const noexcept { return since_; }

    void turn(bool up) noexcept {
        if (up_ != up) {
            up_ = up;
            since_ = Clock::now();
        }
    }

private:
    bool up_;
    Clock::time_point since_ = Clock::now();
};

}  // namespace dns_tools::nginx
