#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/list.hpp"
#include "dns/attempt.hpp"
#include "dns/local_names.hpp"
#include "dns/probes.hpp"
#include "dns/query.hpp"
#include "dns/resolver.hpp"
#include "dns/upstream.hpp"

namespace dns_tools::dns {

/// How questions become attempts. An attempt that ends is queued by `ended`, from inside c-ares as
/// a rule, and acted upon by `settle`, outside of it.
class Resolver::Impl final : private Attempt::Owner, private Probes::Host {
public:
    Impl(EventLoop& loop, Random& random, ResolverObserver& observer, ResolverOptions options);

    const Answer* resolve(const Name& name, Waiter& waiter);
    void probe(Waiter& waiter) { probes_.ask_all(waiter); }

    std::optional<std::chrono::steady_clock::time_point> last_answer() const noexcept;
    std::size_t outstanding() const noexcept { return queries_.size(); }
    std::vector<UpstreamState> upstream_states() const;

private:
    void ended(Attempt& attempt) noexcept override;
    void depart(Attempt& attempt, OnExit on_exit) override;
    void attend() override { need_tick(OnExit::wait); }
    void settle_soon() override { settle_task_->post(); }

    void settle();
    void settle(Query& query);
    void tell(const Attempt& attempt, std::chrono::steady_clock::time_point now) const;

    void advance(Query& query);
    Upstream* choose(const Query& query);
    void launch(Query& query, Upstream& upstream);
    void pause(Query& query);
    void conclude(Query& query);
    void conclude_failed(Query& query);

    void tick();
    void need_tick(OnExit on_exit);
    bool somebody_waits() const;

    EventLoop& loop_;
    ResolverObserver& observer_;
    ResolverOptions options_;
    LocalNames local_names_;
    Answer overloaded_;

    QueryTable queries_;
    Probes::Upstreams upstreams_;
    std::size_t next_upstream_ = 0;

    // All attempts wait equally long, so each queue is in the order of its deadlines.
    List<Attempt> under_way_;
    List<Attempt> pausing_;
    List<Attempt> ended_;

    std::unique_ptr<Task> settle_task_;
    std::unique_ptr<Timer> tick_;
    OnExit tick_on_exit_ = OnExit::abandon;

    Probes probes_;
};

}  // namespace dns_tools::dns
