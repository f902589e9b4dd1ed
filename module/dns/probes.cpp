#include "dns/probes.hpp"

#include <algorithm>
#include <optional>

namespace dns_tools::dns {

namespace {

constexpr std::uint64_t bit(std::size_t upstream) noexcept {
    return std::uint64_t{1} << upstream;
}

}  // namespace

Probes::Probes(EventLoop& loop, Host& host, Attempt::Owner& owner, const Upstreams& upstreams,
               std::chrono::milliseconds timeout)
    : loop_(loop),
      host_(host),
      upstreams_(upstreams),
      timeout_(timeout),
      retry_timer_(loop.make_timer([this] { retry_down(); })) {
    for (const auto& upstream : upstreams_) {
        attempts_.push_back(std::make_unique<Attempt>(owner, nullptr));
        attempts_.back()->upstream = upstream.get();
    }
}

void Probes::ask_all(Waiter& waiter) {
    waiters_.push_back(waiter);
    if (round_ != 0) {
        host_.attend();
        if (answered_) {
            host_.settle_soon();
        }
        return;
    }
    answered_ = refused_ = false;
    for (std::size_t k = 0; k < attempts_.size(); ++k) {
        round_ |= bit(k);
        send(k, OnExit::wait);
    }
    if (attempts_.empty()) {
        host_.settle_soon();
    }
}

/// One that is under way serves as well.
void Probes::send(std::size_t upstream, OnExit on_exit) {
    if ((under_way_ & bit(upstream)) != 0) {
        if (on_exit == OnExit::wait) {
            host_.attend();
        }
        return;
    }
    under_way_ |= bit(upstream);
    Attempt& attempt = *attempts_[upstream];
    const auto question = upstreams_[upstream]->probe_question();
    attempt.message.build(question.name, question.type, true);
    host_.depart(attempt, on_exit);
}

void Probes::retry_down() {
    const auto now = loop_.now();
    for (std::size_t k = 0; k < upstreams_.size(); ++k) {
        if (upstreams_[k]->claim_retry(now)) {
            send(k, OnExit::abandon);
        }
    }
    plan_retry();
}

/// The timer runs only while an upstream is down.
void Probes::plan_retry() {
    std::optional<std::chrono::steady_clock::time_point> first;
    for (const auto& upstream : upstreams_) {
        if (const auto retry = upstream->retry_at(); retry && (!first || *retry < *first)) {
            first = retry;
        }
    }
    if (!first) {
        return retry_timer_->disarm();
    }
    if (!retry_timer_->armed() || *first < retry_at_) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(*first - loop_.now());
        retry_timer_->arm(std::max(left, std::chrono::milliseconds(0)), OnExit::abandon);
        retry_at_ = *first;
    }
}

void Probes::settle(Attempt& attempt) {
    const auto now = loop_.now();
    switch (attempt.outcome) {
        case Attempt::Outcome::timed_out:
            attempt.upstream->probe_silent(attempt.sent_at, now);
            break;
        case Attempt::Outcome::refused:
            attempt.upstream->probe_unreachable(now, attempt.why);
            refused_ = true;
            break;
        case Attempt::Outcome::unsent:
            refused_ = true;
            break;
        default:
            attempt.upstream->probe_answered(now);
            answered_ = true;
    }
    under_way_ &= ~bit(attempt.upstream->place());
    round_ &= ~bit(attempt.upstream->place());
}

void Probes::settled() {
    if (!waiters_.empty() && (answered_ || round_ == 0)) {
        answer();
    }
    plan_retry();
}

void Probes::answer() {
    Answer told;
    if (answered_) {
        told.result = Result::ok;
    } else if (attempts_.empty()) {
        told.result = Result::upstream_failure;
        told.detail = no_upstream;
    } else {
        told.result = refused_ ? Result::upstream_failure : Result::upstream_timeout;
        told.detail = attempts_.back()->description(timeout_);
    }
    // Whoever is called may probe again and joins the next round of calls, not this one.
    List<Waiter> due;
    due.append(waiters_);
    while (Waiter* waiter = due.pop_front()) {
        waiter->answered(told, Source::upstream);
    }
}

}  // namespace dns_tools::dns
