#include "nginx/worker.hpp"

#include <utility>

#include "nginx/guard.hpp"
#include "nginx/metrics_zone.hpp"

namespace dns_tools::nginx {

namespace {

// How long a worker that was told to quit stays for the database.
constexpr std::chrono::seconds drain_at_most{10};

// A plain pointer: no destructor runs at exit but by exit_process().
Worker* the_worker = nullptr;

dns::ResolverOptions resolver_options(const MainConf& conf) {
    dns::ResolverOptions options;
    options.upstreams = conf.upstreams;
    options.timeout = conf.timeout;
    options.attempts = conf.attempts;
    options.time_queries = conf.zone != nullptr;
    return options;
}

}  // namespace

/// Lends the resolver of dns/ to history/, which does not know it.
class Worker::HostLookup final : public history::HostLookup {
public:
    HostLookup(EventLoop& loop, std::vector<SocketAddress> nameservers)
        : hosts_(loop, std::move(nameservers)) {}

    void resolve(std::string_view host, Callback done) override {
        hosts_.resolve(host, std::move(done));
    }

private:
    dns::HostResolver hosts_;
};

Worker::Worker(const MainConf& conf, ngx_cycle_t& cycle)
    : log_(cycle.log),
      loop_(log_),
      log_reports_(log_),
      resolver_reports_(log_reports_, start_counting(conf), conf.upstreams),
      resolver_(loop_, random_, resolver_reports_, resolver_options(conf)),
      hosts_(std::make_unique<HostLookup>(
          loop_, conf.upstreams_given ? conf.upstreams : std::vector<SocketAddress>())),
      stop_signal_(log_, [this](StopSignal::Kind kind) { stop(kind); }) {
    if (conf.conninfo) {
        history_.emplace(loop_, random_, *hosts_, log_reports_, counters(), conf);
        start_ = loop_.make_task([this] { history_->start(); });
        start_->post();
        loop_.wake();
    }
}

Worker::~Worker() = default;

metrics::Counters* Worker::start_counting(const MainConf& conf) {
    if (metrics::Zone* zone = metrics_zone(conf)) {
        counters_.emplace(*zone, conf.upstreams.size());
    }
    return counters();
}

Stamp Worker::stamp() {
    return ids_.next(std::chrono::system_clock::now());
}

void Worker::stop(StopSignal::Kind kind) {
    const bool at_once = kind == StopSignal::Kind::timeout;
    stopping_ = true;
    resolver_reports_.leave();
    if (history_) {
        history_->drain(at_once ? std::chrono::seconds(0) : drain_at_most);
    }
    if (at_once) {
        loop_.abandon_timers();  // whoever waited for them is being turned away
    }
    loop_.wake();
}

Worker* worker() noexcept {
    return the_worker;
}

ngx_int_t init_process(ngx_cycle_t* cycle) noexcept {
    if (ngx_process != NGX_PROCESS_WORKER && ngx_process != NGX_PROCESS_SINGLE) {
        return NGX_OK;
    }
    const MainConf* conf = main_conf(cycle);
    if (conf == nullptr || !conf->used) {
        return NGX_OK;
    }
    return guarded<ngx_int_t>(cycle->log, NGX_ERROR, [cycle, conf]() -> ngx_int_t {
        the_worker = new Worker(*conf, *cycle);
        return NGX_OK;
    });
}

void exit_process(ngx_cycle_t*) noexcept {
    delete std::exchange(the_worker, nullptr);
}

}  // namespace dns_tools::nginx
