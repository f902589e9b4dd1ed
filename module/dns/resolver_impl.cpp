#include "dns/resolver_impl.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

namespace dns_tools::dns {

namespace {

constexpr std::chrono::milliseconds tick_length{50};
static_assert(max_upstreams <= 64, "Query keeps a bit for each");

// Ids are 16 bits and must stay easy to draw at random.
constexpr std::size_t max_outstanding = 32768;

constexpr std::uint64_t bit(std::size_t upstream) noexcept {
    return std::uint64_t{1} << upstream;
}

Probes::Upstreams make_upstreams(EventLoop& loop, Random& random, ResolverObserver& observer,
                                 const ResolverOptions& options) {
    Probes::Upstreams made;
    for (const auto& address : options.upstreams) {
        if (made.size() == max_upstreams) {
            break;
        }
        made.push_back(std::make_unique<Upstream>(loop, random, observer, address, made.size(),
                                                  options.timeout));
    }
    return made;
}

}  // namespace

Resolver::Impl::Impl(EventLoop& loop, Random& random, ResolverObserver& observer,
                     ResolverOptions options)
    : loop_(loop),
      observer_(observer),
      options_(std::move(options)),
      queries_(*this, std::min(options_.max_outstanding, max_outstanding)),
      upstreams_(make_upstreams(loop, random, observer, options_)),
      settle_task_(loop.make_task([this] { settle(); })),
      tick_(loop.make_timer([this] { tick(); })),
      probes_(loop, *this, *this, upstreams_, options_.timeout) {
    overloaded_.result = Result::overloaded;
}

const Answer* Resolver::Impl::resolve(const Name& name, Waiter& waiter) {
    if (const Answer* answer = local_names_.find(name); answer != nullptr) {
        return answer;
    }
    if (Query* query = queries_.find(name); query != nullptr) {
        waiter.joined_ = true;
        query->waiters.push_back(waiter);
        need_tick(OnExit::wait);
        return nullptr;
    }
    if (queries_.full()) {
        return &overloaded_;
    }
    Query& query = queries_.insert(name);
    waiter.joined_ = false;
    query.waiters.push_back(waiter);
    if (Upstream* upstream = choose(query); upstream != nullptr) {
        launch(query, *upstream);
    } else {
        query.attempt.upstream = nullptr;
        query.attempt.end(Attempt::Outcome::unsent);
    }
    return nullptr;
}

/// Those that take lookups before the others, the untried before the tried, each in turn.
Upstream* Resolver::Impl::choose(const Query& query) {
    const auto count = upstreams_.size();
    std::size_t best = count;
    unsigned best_rank = 4;
    for (std::size_t k = 0; k < count; ++k) {
        const auto i = (next_upstream_ + k) % count;
        if ((query.failed & bit(i)) != 0) {
            continue;
        }
        const bool tried = (query.tried & bit(i)) != 0;
        const unsigned rank = (upstreams_[i]->takes_lookups() ? 0 : 2) + (tried ? 1 : 0);
        if (rank < best_rank) {
            best_rank = rank;
            best = i;
        }
    }
    if (best == count) {
        return nullptr;
    }
    next_upstream_ = best + 1;
    return upstreams_[best].get();
}

void Resolver::Impl::launch(Query& query, Upstream& upstream) {
    const auto place = std::find_if(upstreams_.begin(), upstreams_.end(),
                                    [&](const auto& other) { return other.get() == &upstream; });
    query.tried |= std::uint64_t{1} << (place - upstreams_.begin());
    ++query.sent;
    upstream.asked();
    query.edns = true;
    query.attempt.upstream = &upstream;
    query.attempt.over_tcp = false;
    query.attempt.message.build(query.name.text(), RecordType::a, query.edns);
    depart(query.attempt, query.waiters.empty() ? OnExit::abandon : OnExit::wait);
}

void Resolver::Impl::depart(Attempt& attempt, OnExit on_exit) {
    attempt.outcome = Attempt::Outcome::none;
    attempt.sent_at = loop_.now();
    attempt.deadline = attempt.sent_at + options_.timeout;
    if (options_.time_queries) {
        attempt.departed = std::chrono::steady_clock::now();
    }
    observer_.query_sent(attempt.upstream->place(), attempt.over_tcp);
    under_way_.push_back(attempt);
    need_tick(on_exit);
    if (attempt.over_tcp) {
        attempt.upstream->streams.send(attempt);
    } else {
        attempt.upstream->datagrams.send(attempt);
    }
}

void Resolver::Impl::ended(Attempt& attempt) noexcept {
    ended_.push_back(attempt);
    settle_task_->post();
}

void Resolver::Impl::settle() {
    // Once for all that have ended: what is done about the first is not the time of the next.
    const auto now = options_.time_queries ? std::chrono::steady_clock::now()
                                           : std::chrono::steady_clock::time_point();
    while (Attempt* attempt = ended_.pop_front()) {
        tell(*attempt, now);
        if (attempt->query() != nullptr) {
            settle(*attempt->query());
        } else {
            probes_.settle(*attempt);
        }
    }
    probes_.settled();
    if (under_way_.empty() && pausing_.empty()) {
        tick_->disarm();
    }
}

void Resolver::Impl::tell(const Attempt& attempt, std::chrono::steady_clock::time_point now) const {
    using Outcome = Attempt::Outcome;
    switch (attempt.outcome) {
        case Outcome::answered:
        case Outcome::truncated:
        case Outcome::format_error:
        case Outcome::failed:
            return observer_.query_answered(attempt.upstream->place(), now - attempt.departed);
        case Outcome::timed_out:
            return observer_.query_timed_out(attempt.upstream->place());
        case Outcome::none:
        case Outcome::refused:
        case Outcome::unsent:
            return;
    }
}

void Resolver::Impl::settle(Query& query) {
    using Outcome = Attempt::Outcome;
    auto& attempt = query.attempt;
    const auto now = loop_.now();
    const auto on_exit = query.waiters.empty() ? OnExit::abandon : OnExit::wait;
    switch (attempt.outcome) {
        case Outcome::none:
            return;
        case Outcome::answered:
            attempt.upstream->answered(query.name, now);
            return conclude(query);
        case Outcome::truncated:
            attempt.upstream->answered(query.name, now);
            attempt.over_tcp = true;
            return depart(attempt, on_exit);
        case Outcome::format_error:
            attempt.upstream->answered(query.name, now);
            if (query.edns) {
                query.edns = false;
                attempt.message.build(query.name.text(), RecordType::a, query.edns);
                return depart(attempt, on_exit);
            }
            [[fallthrough]];
        case Outcome::failed: {
            attempt.upstream->answered(query.name, now);
            for (std::size_t i = 0; i < upstreams_.size(); ++i) {
                query.failed |= std::uint64_t{upstreams_[i].get() == attempt.upstream} << i;
            }
            query.any_failure = true;
            break;
        }
        case Outcome::refused:
            attempt.upstream->unreachable(query.name, now, attempt.why);
            query.any_failure = true;
            break;
        case Outcome::unsent:
            if (attempt.upstream != nullptr) {
                attempt.upstream->not_asked();
            }
            query.any_failure = true;
            break;
        case Outcome::timed_out:
            if (!attempt.over_tcp) {
                attempt.upstream->silent(query.name, attempt.sent_at, now);
            }
            break;
    }
    advance(query);
}

/// Goes on after an attempt of no use.
void Resolver::Impl::advance(Query& query) {
    using Outcome = Attempt::Outcome;
    Upstream* next = nullptr;
    if (query.sent < options_.attempts && !query.waiters.empty()) {
        next = choose(query);
    }
    if (next == nullptr) {
        return conclude_failed(query);
    }
    const bool at_once =
        query.attempt.outcome != Outcome::refused && query.attempt.outcome != Outcome::unsent;
    const bool again = next == query.attempt.upstream ||
                       (next->health() == Health::down && query.sent >= upstreams_.size());
    if (at_once || !again) {
        launch(query, *next);
    } else {
        pause(query);
    }
}

/// Asking again at once would meet the same refusal; a server that restarts is back soon.
void Resolver::Impl::pause(Query& query) {
    query.attempt.deadline = loop_.now() + options_.timeout / 4;
    pausing_.push_back(query.attempt);
    need_tick(OnExit::wait);
}

void Resolver::Impl::conclude_failed(Query& query) {
    auto& answer = query.answer;
    answer.result = query.any_failure ? Result::upstream_failure : Result::upstream_timeout;
    answer.addresses.clear();
    answer.cnames.clear();
    answer.detail = query.attempt.upstream != nullptr ? query.attempt.description(options_.timeout)
                                                      : std::string(no_upstream);
    conclude(query);
}

void Resolver::Impl::conclude(Query& query) {
    // From here on the same name is a new question: whoever is called may ask it.
    queries_.remove(query);
    while (Waiter* waiter = query.waiters.pop_front()) {
        waiter->answered(query.answer, waiter->joined_ ? Source::coalesced : Source::upstream);
    }
    queries_.give_back(query);
}

void Resolver::Impl::tick() {
    const auto now = loop_.now();
    for (Attempt* attempt = under_way_.front(); attempt != nullptr && attempt->deadline <= now;
         attempt = under_way_.front()) {
        attempt->upstream->datagrams.give_up(*attempt);
        attempt->upstream->streams.cancel(*attempt);
        attempt->end(Attempt::Outcome::timed_out);
    }
    for (Attempt* attempt = pausing_.front(); attempt != nullptr && attempt->deadline <= now;
         attempt = pausing_.front()) {
        List<Attempt>::remove(*attempt);
        Query& query = *attempt->query();
        if (Upstream* upstream = choose(query); upstream != nullptr) {
            launch(query, *upstream);
        } else {
            conclude_failed(query);
        }
    }
    if (!under_way_.empty() || !pausing_.empty()) {
        need_tick(somebody_waits() ? OnExit::wait : OnExit::abandon);
    }
}

void Resolver::Impl::need_tick(OnExit on_exit) {
    if (!tick_->armed() || (on_exit == OnExit::wait && tick_on_exit_ == OnExit::abandon)) {
        tick_on_exit_ = on_exit;
        tick_->arm(tick_length, on_exit);
    }
}

bool Resolver::Impl::somebody_waits() const {
    const auto waited_for = [this](const Attempt& attempt) {
        return attempt.query() != nullptr ? !attempt.query()->waiters.empty()
                                          : probes_.somebody_waits();
    };
    return under_way_.find_if(waited_for) != nullptr || pausing_.find_if(waited_for) != nullptr;
}

std::optional<std::chrono::steady_clock::time_point> Resolver::Impl::last_answer() const noexcept {
    std::optional<std::chrono::steady_clock::time_point> latest;
    for (const auto& upstream : upstreams_) {
        latest = std::max(latest, upstream->last_answer());
    }
    return latest;
}

std::vector<Resolver::UpstreamState> Resolver::Impl::upstream_states() const {
    std::vector<UpstreamState> states;
    for (const auto& upstream : upstreams_) {
        states.push_back({upstream->address(), upstream->health()});
    }
    return states;
}

}  // namespace dns_tools::dns
