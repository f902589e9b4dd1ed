#pragma once

#include <chrono>
#include <optional>
#include <utility>

namespace dns_tools::nginx {

/// Decides which failures are worth a line in the log: the first, and then one now and then.
class Outage {
public:
    /// One more failure. When it is to be told: how many were not, since the last that was.
    std::optional<unsigned> failed() noexcept {
        const auto now = std::chrono::steady_clock::now();
        if (lasts_ && now - last_told_ < reminder) {
            ++untold_;
            return std::nullopt;
        }
        lasts_ = true;
        last_told_ = now;
        return std::exchange(untold_, 0U);
    }
    /// It works. Whether it did not before.
    bool ended() noexcept {
        untold_ = 0;
        return std::exchange(lasts_, false);
    }

private:
    static constexpr std::chrono::seconds reminder{30};

    bool lasts_ = false;
    std::chrono::steady_clock::time_point last_told_{};
    unsigned untold_ = 0;
};

}  // namespace dns_tools::nginx
