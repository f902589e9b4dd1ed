#include "history/host_turns.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/ip_address.hpp"

namespace dns_tools::history {

using std::chrono::milliseconds;

namespace {

constexpr milliseconds least_share{1'000};

milliseconds time_until(HostTurns::Instant instant, HostTurns::Instant now) {
    return std::max(std::chrono::ceil<milliseconds>(instant - now), milliseconds(0));
}

std::optional<IpAddress> without_zone(std::string_view address) {
    return IpAddress::parse(address.substr(0, address.find('%')));
}

/// libpq fills in what an entry leaves open, and writes an address in its own way.
bool stands_for(const HostEntry& entry, const HostEntry& tried) {
    return without_zone(entry.address) == without_zone(tried.address) &&
           (entry.host.empty() || entry.host == tried.host) &&
           (entry.port.empty() || entry.port == tried.port);
}

}  // namespace

void HostTurns::begin(std::vector<HostEntry> hosts, Instant now, Instant deadline) {
    hosts_ = std::move(hosts);
    current_.reset();
    deadline_ = deadline;
    const auto count = static_cast<milliseconds::rep>(std::max<std::size_t>(hosts_.size(), 1));
    share_ = std::max(time_until(deadline, now) / count, least_share);
}

std::optional<milliseconds> HostTurns::turn_to(const HostEntry& host, Instant now) {
    const auto found = std::find_if(hosts_.begin(), hosts_.end(), [&](const HostEntry& entry) {
        return stands_for(entry, host);
    });
    const auto index = static_cast<std::size_t>(found - hosts_.begin());
    if (found == hosts_.end() || current_ == index) {
        return std::nullopt;
    }
    current_ = index;
    const auto left = time_until(deadline_, now);
    return hosts_.size() > 1 ? std::min(left, share_) : left;
}

bool HostTurns::skip(Instant now) {
    if (now >= deadline_ || hosts_.size() <= 1 || !current_) {
        return false;
    }
    hosts_.erase(hosts_.begin() + static_cast<std::ptrdiff_t>(*current_));
    current_.reset();
    return true;
}

}  // namespace dns_tools::history
