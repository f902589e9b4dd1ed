#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <vector>

#include "history/conninfo.hpp"

namespace dns_tools::history {

/// Shares the time of an attempt to connect among its hosts. libpq turns to the next host only
/// after an error; without this, one silent host would take all the time, in every attempt.
class HostTurns {
public:
    using Instant = std::chrono::steady_clock::time_point;

    void begin(std::vector<HostEntry> hosts, Instant now, Instant deadline);

    /// Those that were not too slow in this attempt; empty: libpq's default.
    const std::vector<HostEntry>& hosts() const noexcept { return hosts_; }

    /// libpq is busy with this host. How long it may be, when it was another one before.
    std::optional<std::chrono::milliseconds> turn_to(const HostEntry& host, Instant now);
    /// The host has used up its time. False when there is no other, or no more time.
    bool skip(Instant now);

private:
    std::vector<HostEntry> hosts_;
    std::optional<std::size_t> current_;
    std::chrono::milliseconds share_{0};
    Instant deadline_;
};

}  // namespace dns_tools::history
