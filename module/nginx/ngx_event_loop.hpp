#pragma once

#include "base/event_loop.hpp"
#include "base/list.hpp"
#include "nginx/ngx.hpp"

namespace dns_tools::nginx {

class NgxTimer;

/// nginx's own event loop as the lower floors see it.
class NgxEventLoop final : public EventLoop {
public:
    explicit NgxEventLoop(ngx_log_t* log);
    ~NgxEventLoop() override;
    NgxEventLoop(const NgxEventLoop&) = delete;
    NgxEventLoop& operator=(const NgxEventLoop&) = delete;

    std::unique_ptr<Timer> make_timer(Callback fired) override;
    std::unique_ptr<Task> make_task(Callback run) override;
    std::unique_ptr<Watch> watch(int fd, ReadyCallback ready) override;
    std::chrono::steady_clock::time_point now() const override;

    /// Makes the loop turn once without waiting. Tasks posted outside a turn (while a worker
    /// starts, or is told to quit) would otherwise sleep until the next event.
    void wake();

    /// From now on no timer keeps the worker from exiting, whatever it is armed with.
    void abandon_timers() noexcept;
    bool timers_abandoned() const noexcept { return timers_abandoned_; }

private:
    ngx_log_t* log_;
    List<NgxTimer> timers_;
    bool timers_abandoned_ = false;
    ngx_event_t wake_{};
};

}  // namespace dns_tools::nginx
