#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/event_loop.hpp"
#include "base/list.hpp"
#include "dns/attempt.hpp"
#include "dns/resolver.hpp"
#include "dns/upstream.hpp"

namespace dns_tools::dns {

/// Asks upstreams whether they are there: all of them when somebody wants to know, and each that is
/// down after its pauses, so that no lookup has to find out. One probe an upstream is under way.
class Probes {
public:
    /// What probes need of the resolver.
    class Host {
    public:
        /// Sends an attempt, which comes back to settle().
        virtual void depart(Attempt& attempt, OnExit on_exit) = 0;
        /// Somebody waits from now on for what is under way.
        virtual void attend() = 0;
        /// Has settled() called soon.
        virtual void settle_soon() = 0;

    protected:
        ~Host() = default;
    };

    using Upstreams = std::vector<std::unique_ptr<Upstream>>;

    Probes(EventLoop& loop, Host& host, Attempt::Owner& owner, const Upstreams& upstreams,
           std::chrono::milliseconds timeout);

    /// As Resolver::probe() says.
    void ask_all(Waiter& waiter);
    bool somebody_waits() const noexcept { return !waiters_.empty(); }

    /// An attempt of a probe has ended.
    void settle(Attempt& attempt);
    /// All attempts that had ended are settled, those of lookups, too.
    void settled();

private:
    void send(std::size_t upstream, OnExit on_exit);
    void retry_down();
    void plan_retry();
    void answer();

    EventLoop& loop_;
    Host& host_;
    const Upstreams& upstreams_;
    std::chrono::milliseconds timeout_;
    std::vector<std::unique_ptr<Attempt>> attempts_;  // one an upstream
    List<Waiter> waiters_;

    // A bit for each upstream: probed now, and of these, waited for by the round of ask_all().
    std::uint64_t under_way_ = 0;
    std::uint64_t round_ = 0;
    bool answered_ = false;
    bool refused_ = false;

    std::unique_ptr<Timer> retry_timer_;  // while an upstream is down
    std::chrono::steady_clock::time_point retry_at_{};
};

}  // namespace dns_tools::dns
