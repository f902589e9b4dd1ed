#include "nginx/worker.hpp"

#include <utility>

#include "nginx/guard.hpp"

namespace dns_tools::nginx {

namespace {

// Room for some 400,000 lookups of ordinary size.
constexpr std::size_t queue_capacity = 64 * 1024 * 1024;

// How long a worker that was told to quit stays for the database.
constexpr std::chrono::seconds drain_at_most{10};

// How long an answer waits for PostgreSQL to commit (dns_tools_record commit).
constexpr std::chrono::seconds commit_deadline{10};

// A plain pointer: no destructor runs at exit but by exit_process().
Worker* the_worker = nullptr;

dns::ResolverOptions resolver_options(const MainConf& conf) {
    dns::ResolverOptions options;
    options.upstreams = conf.upstreams;
    options.timeout = conf.timeout;
    options.attempts = conf.attempts;
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

Worker::History::History(Worker& worker, const MainConf& conf)
    : reports_(worker.reports_),
      queue(queue_capacity),
      writer(worker.loop_, worker.random_, queue, *worker.hosts_, *this,
             [&conf] {
                 history::WriterOptions options;
                 options.conninfo = *conf.conninfo;
                 options.schema = conf.schema.value_or(history::SchemaMode::create);
                 return options;
             }()),
      recorder(worker.loop_, queue, writer, commit_deadline),
      reader(worker.loop_, worker.random_, *worker.hosts_, [&conf] {
          history::ReaderOptions options;
          options.conninfo = conf.reads_conninfo.value_or(*conf.conninfo);
          return options;
      }()) {
    if (const auto keep = conf.retention.value_or(std::chrono::seconds(0)); keep.count() > 0) {
        history::RetentionOptions options;
        options.conninfo = *conf.conninfo;
        options.keep = keep;
        options.pause = history::retention_pause(keep);
        retention = std::make_unique<history::Retention>(worker.loop_, worker.random_,
                                                         *worker.hosts_, worker.reports_, options);
    }
}

void Worker::History::row_rejected(const history::Record& record, std::string_view why) noexcept {
    reports_.row_rejected(record, why);
    recorder.refused(record);
}

Worker::Worker(const MainConf& conf, ngx_cycle_t& cycle)
    : log_(cycle.log),
      loop_(log_),
      reports_(log_),
      resolver_(loop_, random_, reports_, resolver_options(conf)),
      hosts_(std::make_unique<HostLookup>(
          loop_, conf.upstreams_given ? conf.upstreams : std::vector<SocketAddress>())),
      stop_signal_(log_, [this](StopSignal::Kind kind) { stop(kind); }) {
    if (conf.conninfo) {
        history_.emplace(*this, conf);
        start_ = loop_.make_task([this] {
            history_->writer.start();
            if (history_->retention != nullptr) {
                history_->retention->start();
            }
        });
        start_->post();
        loop_.wake();
    }
}

Worker::~Worker() {
    if (history_ && history_->queue.pending() != 0) {
        ngx_log_error(NGX_LOG_ERR, log_, 0,
                      "dns_tools: %uz lookups that were answered are not saved: the worker exits "
                      "before the database has taken them",
                      history_->queue.pending());
    }
}

Stamp Worker::stamp() {
    return ids_.next(std::chrono::system_clock::now());
}

void Worker::stop(StopSignal::Kind kind) {
    stopping_ = true;
    if (history_) {
        history_->retention.reset();
        history_->writer.drain(kind == StopSignal::Kind::quit ? drain_at_most
                                                              : std::chrono::seconds(0));
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
