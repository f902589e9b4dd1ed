#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/event_loop.hpp"
#include "base/list.hpp"
#include "base/random.hpp"
#include "base/socket_address.hpp"
#include "dns/answer.hpp"
#include "dns/name.hpp"

namespace dns_tools::dns {

/// One caller's interest in an answer. It may be destroyed at any time, also while others wait
/// for the same query; destroying it withdraws the interest and cancels nothing else.
class Waiter : private ListNode {
public:
    Waiter() = default;

    /// Called once, from the loop, never from inside Resolver::resolve. It may destroy the waiter
    /// and may ask the resolver anew.
    virtual void answered(const Answer& answer, Source source) noexcept = 0;

protected:
    virtual ~Waiter();

private:
    friend class List<Waiter>;
    friend class Resolver;

    bool joined_ = false;  // a query was already in flight when it came
};

/// What the resolver tells of its upstreams. Called from the loop.
class ResolverObserver {
public:
    virtual ~ResolverObserver() = default;
    /// An upstream that had answered, or was not known, gave no answer `why`.
    virtual void upstream_down(const SocketAddress& upstream, std::string_view why) noexcept = 0;
    /// An upstream that was down has answered.
    virtual void upstream_up(const SocketAddress& upstream) noexcept = 0;

    /// Queries, with the upstream's place in ResolverOptions::upstreams. One that is `again` goes
    /// over TCP, because the answer over UDP was truncated.
    virtual void query_sent(std::size_t /*upstream*/, bool /*again*/) noexcept {}
    /// Whatever the answer says. `took` is 0 unless ResolverOptions::time_queries is set.
    virtual void query_answered(std::size_t /*upstream*/,
                                std::chrono::nanoseconds /*took*/) noexcept {}
    virtual void query_timed_out(std::size_t /*upstream*/) noexcept {}
};

/// How many nameservers a resolver can ask.
inline constexpr std::size_t max_upstreams = 64;

struct ResolverOptions {
    /// At most `max_upstreams`; more are left out.
    std::vector<SocketAddress> upstreams;
    /// How long one attempt waits for its answer.
    std::chrono::milliseconds timeout{2000};
    /// How many queries one lookup may send, over all upstreams.
    unsigned attempts = 3;
    /// How many different questions may be in flight; at most 32,768.
    std::size_t max_outstanding = 8192;
    /// Tell the observer how long queries take: two readings of the clock for each.
    bool time_queries = false;
};

/// The version of c-ares that is loaded: "1.18.1".
std::string_view resolver_library_version() noexcept;

/// The nameservers of /etc/resolv.conf, as c-ares reads it: the first `max_upstreams`.
std::vector<SocketAddress> system_nameservers();

/// Looks up A records of names at several upstreams: attempts, failover, health and deadlines are
/// its own, c-ares carries the packets. Equal questions in flight share one query.
class Resolver {
public:
    enum class Health { unknown, up, down };

    Resolver(EventLoop& loop, Random& random, ResolverObserver& observer, ResolverOptions options);
    /// Waiters are let go without being called.
    ~Resolver();

    /// Returns the answer when it needs no packet, or when none may be sent (`overloaded`); it
    /// stays valid until the next call. Otherwise returns null and calls `waiter` later.
    const Answer* resolve(const Name& name, Waiter& waiter);

    /// Asks every upstream for what it was asked for before, or for something harmless (the
    /// nameservers of arpa). `waiter` gets `ok` as soon as one has answered anything at all,
    /// `upstream_timeout` or `upstream_failure` when all have failed. Probes that meet share one
    /// round.
    void probe(Waiter& waiter);

    /// When any upstream answered last; none before the first answer.
    std::optional<std::chrono::steady_clock::time_point> last_answer() const noexcept;
    std::size_t outstanding() const noexcept;

    struct UpstreamState {
        SocketAddress address;
        Health health;
    };
    std::vector<UpstreamState> upstreams() const;

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace dns_tools::dns
