#include "nginx/ngx_event_loop.hpp"

#include <utility>

#include "nginx/guard.hpp"

namespace dns_tools::nginx {

class NgxTimer final : public Timer, public ListNode {
public:
    NgxTimer(const NgxEventLoop& loop, ngx_log_t* log, EventLoop::Callback fired)
        : loop_(loop), fired_(std::move(fired)) {
        connection_.fd = static_cast<ngx_socket_t>(-1);
        connection_.data = this;
        event_.data = &connection_;
        event_.log = log;
        event_.handler = &NgxTimer::on_fired;
    }
    ~NgxTimer() override { disarm(); }

    void arm(std::chrono::milliseconds after, OnExit on_exit) override {
        // A set timer is taken out first: ngx_add_timer() ignores a move of less than 300 ms.
        disarm();
        event_.cancelable = on_exit == OnExit::abandon || loop_.timers_abandoned();
        ngx_add_timer(&event_, static_cast<ngx_msec_t>(after.count()));
    }

    void disarm() noexcept override {
        if (event_.timer_set) {
            ngx_del_timer(&event_);
        }
    }

    bool armed() const noexcept override { return event_.timer_set; }

    void abandon() noexcept { event_.cancelable = 1; }

private:
    static void on_fired(ngx_event_t* event) noexcept {
        auto* connection = static_cast<ngx_connection_t*>(event->data);
        auto* self = static_cast<NgxTimer*>(connection->data);
        guarded(event->log, [self] { self->fired_(); });
    }

    const NgxEventLoop& loop_;
    EventLoop::Callback fired_;
    ngx_event_t event_{};
    // Debug builds read the descriptor of the connection that a timer's data points to.
    ngx_connection_t connection_{};
};

namespace {

class NgxTask final : public Task {
public:
    NgxTask(ngx_log_t* log, EventLoop::Callback run) : run_(std::move(run)) {
        event_.data = this;
        event_.log = log;
        event_.handler = [](ngx_event_t* event) noexcept {
            auto* self = static_cast<NgxTask*>(event->data);
            guarded(event->log, [self] { self->run_(); });
        };
    }
    ~NgxTask() override {
        if (event_.posted) {
            ngx_delete_posted_event(&event_);
        }
    }

    void post() override { ngx_post_event(&event_, &ngx_posted_events); }

private:
    EventLoop::Callback run_;
    ngx_event_t event_{};
};

class NgxWatch final : public Watch {
public:
    NgxWatch(ngx_connection_t* connection, ngx_log_t* log, EventLoop::ReadyCallback ready)
        : connection_(connection), ready_(std::move(ready)) {
        connection->data = this;
        connection->log = log;
        connection->read->log = log;
        connection->write->log = log;
        connection->read->handler = &NgxWatch::on_event;
        connection->write->handler = &NgxWatch::on_event;
    }

    ~NgxWatch() override {
        forget(connection_->read, NGX_READ_EVENT);
        forget(connection_->write, NGX_WRITE_EVENT);
        connection_->shared = 1;  // the descriptor is its owner's to close
        ngx_close_connection(connection_);
    }

    bool want(bool readable, bool writable) override {
        return set(connection_->read, NGX_READ_EVENT, readable) &&
               set(connection_->write, NGX_WRITE_EVENT, writable);
    }

private:
    static bool set(ngx_event_t* event, ngx_int_t kind, bool wanted) {
        if (wanted == static_cast<bool>(event->active)) {
            return true;
        }
        return (wanted ? ngx_add_event(event, kind, NGX_LEVEL_EVENT)
                       : ngx_del_event(event, kind, 0)) == NGX_OK;
    }

    static void forget(ngx_event_t* event, ngx_int_t kind) {
        if (event->active) {
            ngx_del_event(event, kind, NGX_CLOSE_EVENT);
        }
    }

    static void on_event(ngx_event_t* event) noexcept {
        auto* connection = static_cast<ngx_connection_t*>(event->data);
        if (connection->close) {
            // No event: worker_shutdown_timeout has passed, of which StopSignal hears too. Events
            // that were not answered from now on would come again and again.
            connection->close = 0;
            return;
        }
        auto* self = static_cast<NgxWatch*>(connection->data);
        const auto what = event->write ? Readiness::writable : Readiness::readable;
        guarded(event->log, [self, what] { self->ready_(what); });
    }

    ngx_connection_t* connection_;
    EventLoop::ReadyCallback ready_;
};

}  // namespace

NgxEventLoop::NgxEventLoop(ngx_log_t* log) : log_(log) {
    wake_.log = log;
    wake_.handler = [](ngx_event_t*) noexcept {};
}

NgxEventLoop::~NgxEventLoop() {
    if (wake_.posted) {
        ngx_delete_posted_event(&wake_);
    }
}

std::unique_ptr<Timer> NgxEventLoop::make_timer(Callback fired) {
    auto timer = std::make_unique<NgxTimer>(*this, log_, std::move(fired));
    timers_.push_back(*timer);
    return timer;
}

std::unique_ptr<Task> NgxEventLoop::make_task(Callback run) {
    return std::make_unique<NgxTask>(log_, std::move(run));
}

std::unique_ptr<Watch> NgxEventLoop::watch(int fd, ReadyCallback ready) {
    ngx_connection_t* connection = ngx_get_connection(fd, log_);
    if (connection == nullptr) {
        return nullptr;
    }
    return std::make_unique<NgxWatch>(connection, log_, std::move(ready));
}

std::chrono::steady_clock::time_point NgxEventLoop::now() const {
    return std::chrono::steady_clock::time_point(std::chrono::milliseconds(ngx_current_msec));
}

void NgxEventLoop::abandon_timers() noexcept {
    timers_abandoned_ = true;
    timers_.for_each([](NgxTimer& timer) { timer.abandon(); });
}

void NgxEventLoop::wake() {
    ngx_post_event(&wake_, &ngx_posted_next_events);
}

}  // namespace dns_tools::nginx
