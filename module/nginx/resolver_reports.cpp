#include "nginx/resolver_reports.hpp"

namespace dns_tools::nginx {

ResolverReports::ResolverReports(Reports& log, metrics::Counters* counters,
                                 const std::vector<SocketAddress>& upstreams)
    : log_(log), counters_(counters) {
    if (counters_ == nullptr) {
        return;
    }
    for (const auto& upstream : upstreams) {
        upstreams_.push_back(upstream);
        places_.push_back(counters_->add_upstream(upstream.text()));
    }
}

void ResolverReports::show_health(const SocketAddress& upstream, bool up) noexcept {
    for (std::size_t k = 0; k < upstreams_.size(); ++k) {
        if (upstreams_[k] == upstream) {
            counters_->upstream_is_up(places_[k], up);
        }
    }
}

void ResolverReports::upstream_down(const SocketAddress& upstream, std::string_view why) noexcept {
    show_health(upstream, false);
    log_.upstream_down(upstream, why);
}

void ResolverReports::upstream_up(const SocketAddress& upstream) noexcept {
    show_health(upstream, true);
    log_.upstream_up(upstream);
}

void ResolverReports::query_sent(std::size_t upstream, bool again) noexcept {
    if (counters_ != nullptr) {
        counters_->upstream_request(places_[upstream]);
        if (again) {
            counters_->upstream_tcp_fallback(places_[upstream]);
        }
    }
}

void ResolverReports::query_answered(std::size_t upstream, std::chrono::nanoseconds took) noexcept {
    if (counters_ != nullptr) {
        counters_->upstream_answer(places_[upstream], took);
    }
}

void ResolverReports::query_timed_out(std::size_t upstream) noexcept {
    if (counters_ != nullptr) {
        counters_->upstream_timeout(places_[upstream]);
    }
}

}  // namespace dns_tools::nginx
