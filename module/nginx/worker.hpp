#pragma once

#include <memory>
#include <optional>

#include "base/random.hpp"
#include "base/uuid.hpp"
#include "dns/host_resolver.hpp"
#include "dns/resolver.hpp"
#include "metrics/counters.hpp"
#include "nginx/main_conf.hpp"
#include "nginx/ngx_event_loop.hpp"
#include "nginx/reports.hpp"
#include "nginx/resolver_reports.hpp"
#include "nginx/stop_signal.hpp"
#include "nginx/worker_history.hpp"

namespace dns_tools::nginx {

/// Everything one worker process has: the lower floors, wired together on nginx's event loop.
class Worker {
public:
    Worker(const MainConf& conf, ngx_cycle_t& cycle);
    ~Worker();

    dns::Resolver& resolver() noexcept { return resolver_; }
    /// Null when no database is configured.
    WorkerHistory* history() noexcept { return history_ ? &*history_ : nullptr; }
    /// An identifier for a lookup that is answered now.
    Stamp stamp();
    EventLoop& loop() noexcept { return loop_; }
    /// Null when nothing is counted.
    metrics::Counters* counters() noexcept { return counters_ ? &*counters_ : nullptr; }
    /// Whether any nameserver answers, as far as is known.
    Standing& resolver_standing() noexcept { return resolver_reports_.standing(); }
    /// The worker was told to quit.
    bool stopping() const noexcept { return stopping_; }

private:
    class HostLookup;

    void stop(StopSignal::Kind kind);
    metrics::Counters* start_counting(const MainConf& conf);

    ngx_log_t* log_;
    NgxEventLoop loop_;
    Random random_;
    UuidV7Generator ids_{random_};
    std::optional<metrics::Counters> counters_;
    Reports log_reports_;
    ResolverReports resolver_reports_;
    dns::Resolver resolver_;
    std::unique_ptr<history::HostLookup> hosts_;
    std::optional<WorkerHistory> history_;
    StopSignal stop_signal_;
    std::unique_ptr<Task> start_;
    bool stopping_ = false;
};

/// The worker of this process; null in the master and in a worker that has nothing to do.
Worker* worker() noexcept;

ngx_int_t init_process(ngx_cycle_t* cycle) noexcept;
void exit_process(ngx_cycle_t* cycle) noexcept;

}  // namespace dns_tools::nginx
