#pragma once

#include <chrono>
#include <cstddef>
#include <string_view>
#include <vector>

#include "base/socket_address.hpp"
#include "dns/resolver.hpp"
#include "metrics/counters.hpp"
#include "nginx/reports.hpp"

namespace dns_tools::nginx {

/// Counts what the resolver reports, and has the error log told of it.
class ResolverReports final : public dns::ResolverObserver {
public:
    /// Without counters, which may be null, only the log is told. `upstreams` are the resolver's.
    ResolverReports(Reports& log, metrics::Counters* counters,
                    const std::vector<SocketAddress>& upstreams);

    void upstream_down(const SocketAddress& upstream, std::string_view why) noexcept override;
    void upstream_up(const SocketAddress& upstream) noexcept override;
    void query_sent(std::size_t upstream, bool again) noexcept override;
    void query_answered(std::size_t upstream, std::chrono::nanoseconds took) noexcept override;
    void query_timed_out(std::size_t upstream) noexcept override;

private:
    void show_health(const SocketAddress& upstream, bool up) noexcept;

    Reports& log_;
    metrics::Counters* counters_;
    std::vector<SocketAddress> upstreams_;
    std::vector<std::size_t> places_;  // where each upstream is counted
};

}  // namespace dns_tools::nginx
