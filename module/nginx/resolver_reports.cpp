#include "nginx/resolver_reports.hpp"

#include <algorithm>

namespace dns_tools::nginx {

ResolverReports::ResolverReports(Reports& log, metrics::Counters* counters,
                                 const std::vector<SocketAddress>& upstreams)
    : log_(log), counters_(counters) {
    for (const auto& address : upstreams) {
        upstreams_.push_back({.address = address});
        if (counters_ != nullptr) {
            upstreams_.back().place = counters_->add_upstream(address.text());
        }
    }
    if (shows()) {
        counters_->resolver_is_up(!upstreams_.empty());
    }
}

bool ResolverReports::all_up(std::size_t place) const noexcept {
    return std::all_of(upstreams_.begin(), upstreams_.end(), [place](const Upstream& upstream) {
        return upstream.place != place || upstream.up;
    });
}

void ResolverReports::turn(const SocketAddress& address, bool up) noexcept {
    bool any_up = false;
    for (auto& upstream : upstreams_) {
        if (upstream.address == address) {
            upstream.up = up;
            if (shows()) {
                counters_->upstream_is_up(upstream.place, all_up(upstream.place));
            }
        }
        any_up = any_up || upstream.up;
    }
    // One that is not known to be down is not one that answers.
    if (up || !any_up) {
        standing_.turn(up);
    }
    if (shows()) {
        counters_->resolver_is_up(any_up);
    }
}

void ResolverReports::leave() noexcept {
    leaving_ = true;
    if (counters_ != nullptr) {
        counters_->resolver_is_left();
    }
}

void ResolverReports::upstream_down(const SocketAddress& upstream, std::string_view why) noexcept {
    turn(upstream, false);
    log_.upstream_down(upstream, why);
}

void ResolverReports::upstream_up(const SocketAddress& upstream) noexcept {
    turn(upstream, true);
    log_.upstream_up(upstream);
}

void ResolverReports::query_sent(std::size_t upstream, bool again) noexcept {
    if (counters_ != nullptr) {
        counters_->upstream_request(upstreams_[upstream].place);
        if (again) {
            counters_->upstream_tcp_fallback(upstreams_[upstream].place);
        }
    }
}

void ResolverReports::query_answered(std::size_t upstream, std::chrono::nanoseconds took) noexcept {
    if (counters_ != nullptr) {
        counters_->upstream_answer(upstreams_[upstream].place, took);
    }
}

void ResolverReports::query_timed_out(std::size_t upstream) noexcept {
    if (counters_ != nullptr) {
        counters_->upstream_timeout(upstreams_[upstream].place);
    }
}

}  // namespace dns_tools::nginx
