#include "dns/upstream.hpp"

#include <array>

namespace dns_tools::dns {

namespace {

constexpr unsigned silences_until_down = 3;
constexpr std::chrono::seconds first_pause{1};
constexpr std::chrono::seconds last_pause{30};

// Every resolver knows of it. Not the root: c-ares 1.31 and 1.32 cannot ask for its empty name.
constexpr Upstream::Question harmless{"arpa", RecordType::ns};

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

bool Upstream::takes_lookups() const noexcept {
    return trial_ == Trial::none ? health_ != Health::down : trial_ == Trial::due;
}

void Upstream::asked() noexcept {
    if (trial_ == Trial::due) {
        trial_ = Trial::under_way;
    }
}

void Upstream::not_asked() noexcept {
    if (trial_ == Trial::under_way) {
        trial_ = Trial::due;
    }
}

void Upstream::answered(const Name& name, TimePoint now) {
    answered_name_ = name;
    unanswered_name_.reset();
    last_answer_ = last_lookup_answer_ = now;
    silences_ = silent_probes_ = 0;
    trial_ = Trial::none;
    failed_trial_ = false;
    backoff_.reset();
    retry_at_ = {};
    turn_up();
}

void Upstream::silent(const Name& name, TimePoint sent_at, TimePoint now) {
    if (last_lookup_answer_ >= sent_at || (trial_ != Trial::none && sent_at < trial_since_)) {
        return;
    }
    unanswered_name_ = name;
    const bool on_trial = trial_ != Trial::none;
    failed_trial_ = failed_trial_ || on_trial;
    if (++silences_ + silent_probes_ >= silences_until_down || on_trial) {
        go_silent(now);
    }
}

void Upstream::unreachable(const Name& name, TimePoint now, std::string_view why) {
    unanswered_name_ = name;
    go_down(now, why);
}

Upstream::Question Upstream::probe_question() {
    // The most telling first: what it did not answer, while that is why it is down.
    std::array<Question, 3> choice;
    std::size_t count = 0;
    const auto add = [&](const Name& name) { choice[count++] = {name.text(), RecordType::a}; };
    const bool down = health_ == Health::down;
    if (unanswered_name_ && down) {
        add(*unanswered_name_);
    }
    if (answered_name_ && answered_name_ != unanswered_name_) {
        add(*answered_name_);
    }
    choice[count++] = harmless;
    if (unanswered_name_ && !down) {
        add(*unanswered_name_);
    }
    const auto next = silent_probes_ % count;
    unanswered_is_probed_ = unanswered_name_ && next == (down ? 0 : count - 1);
    return choice[next];
}

void Upstream::probe_answered(TimePoint now) {
    last_answer_ = now;
    silent_probes_ = 0;
    if (health_ == Health::down && trial_ == Trial::none) {
        trial_ = Trial::due;
        trial_since_ = now;
        silences_ = 0;
    }
    failed_trial_ = failed_trial_ && !unanswered_is_probed_;
    // Once that has proved nothing, it is not announced again and again.
    if (!failed_trial_) {
        turn_up();
    }
}

void Upstream::probe_silent(TimePoint sent_at, TimePoint now) {
    if (last_answer_ >= sent_at) {
        return;
    }
    if (silences_ + ++silent_probes_ >= silences_until_down) {
        go_silent(now);
    }
}

void Upstream::probe_unreachable(TimePoint now, std::string_view why) {
    go_down(now, why);
}

void Upstream::turn_up() {
    const bool was_down = health_ == Health::down;
    health_ = Health::up;
    if (was_down) {
        observer_.upstream_up(address_);
    }
}

void Upstream::go_silent(TimePoint now) {
    if (health_ != Health::down || trial_ != Trial::none) {
        datagrams.renew();
        go_down(now, "no answer in time");
    }
}

void Upstream::go_down(TimePoint now, std::string_view why) {
    trial_ = Trial::none;
    silent_probes_ = 0;
    if (health_ != Health::down) {
        health_ = Health::down;
        if (retry_at_ <= now) {
            retry_at_ = now + backoff_.next(random_);
        }
        observer_.upstream_down(address_, why);
    }
}

}  // namespace dns_tools::dns
