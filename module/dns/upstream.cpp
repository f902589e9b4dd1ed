#include "dns/upstream.hpp"

namespace dns_tools::dns {

namespace {

constexpr unsigned silences_until_down = 3;
constexpr std::chrono::seconds first_pause{1};
constexpr std::chrono::seconds last_pause{30};

}  // namespace

Upstream::Upstream(EventLoop& loop, Random& random, ResolverObserver& observer,
                   const SocketAddress& address, std::size_t place,
                   std::chrono::milliseconds timeout)
    : datagrams(loop, random, address, timeout),
      streams(loop, random, address, timeout),
      random_(random),
      observer_(observer),
      address_(address),
      place_(place),
      backoff_(first_pause, last_pause) {}

std::optional<Upstream::TimePoint> Upstream::retry_at() const noexcept {
    return health_ == Health::down ? std::optional(retry_at_) : std::nullopt;
}

bool Upstream::claim_retry(TimePoint now) {
    if (health_ != Health::down || now < retry_at_) {
        return false;
    }
    retry_at_ = now + backoff_.next(random_);
    return true;
}

void Upstream::answered(TimePoint now) {
    const bool was_down = health_ == Health::down;
    health_ = Health::up;
    silences_ = 0;
    last_answer_ = now;
    backoff_.reset();
    if (was_down) {
        observer_.upstream_up(address_);
    }
}

void Upstream::silent(TimePoint sent_at, TimePoint now) {
    if (last_answer_ < sent_at && ++silences_ >= silences_until_down) {
        go_down(now, "no answer in time");
    }
}

void Upstream::unreachable(TimePoint now, std::string_view why) {
    go_down(now, why);
}

void Upstream::go_down(TimePoint now, std::string_view why) {
    if (health_ != Health::down) {
        health_ = Health::down;
        retry_at_ = now + backoff_.next(random_);
        observer_.upstream_down(address_, why);
    }
}

}  // namespace dns_tools::dns
