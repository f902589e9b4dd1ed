#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/socket_address.hpp"
#include "dns/resolver.hpp"
#include "metrics/counters.hpp"
#include "nginx/reports.hpp"
#include "nginx/standing.hpp"

namespace dns_tools::nginx {

/// Counts what the resolver reports, has the error log told of it, and knows whether any nameserver
/// answers.
class ResolverReports final : public dns::ResolverObserver {
public:
    /// Nothing is counted without counters, which may be null. `upstreams` are the resolver's.
    ResolverReports(Reports& log, metrics::Counters* counters,
                    const std::vector<SocketAddress>& upstreams);

    /// Down while all nameservers are.
    Standing& standing() noexcept { return standing_; }
    /// The worker is leaving: what its nameservers do is no longer shown.
    void leave() noexcept;

    void upstream_down(const SocketAddress& upstream, std::string_view why) noexcept override;
    void upstream_up(const SocketAddress& upstream) noexcept override;
    void query_sent(std::size_t upstream, bool again) noexcept override;
    void query_answered(std::size_t upstream, std::chrono::nanoseconds took) noexcept override;
    void query_timed_out(std::size_t upstream) noexcept override;

private:
    struct Upstream {
        SocketAddress address;
        std::size_t place = 0;  // where it is counted; others may share it
        bool up = true;         // until it has not answered
    };

    bool shows() const noexcept { return counters_ != nullptr && !leaving_; }
    void turn(const SocketAddress& upstream, bool up) noexcept;
    bool all_up(std::size_t place) const noexcept;

    Reports& log_;
    metrics::Counters* counters_;
    std::vector<Upstream> upstreams_;
    bool leaving_ = false;
    Standing standing_{true};
};

}  // namespace dns_tools::nginx
