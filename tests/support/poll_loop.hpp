#pragma once

#include <list>
#include <map>
#include <memory>

#include "base/event_loop.hpp"

namespace dns_tools::test {

/// The event loop of the unit tests, over poll(2).
class PollLoop final : public EventLoop {
public:
    PollLoop();
    ~PollLoop() override;

    std::unique_ptr<Timer> make_timer(Callback fired) override;
    std::unique_ptr<Task> make_task(Callback run) override;
    std::unique_ptr<Watch> watch(int fd, ReadyCallback ready) override;
    /// Counts from the making of the loop, as on a machine that has just booted.
    std::chrono::steady_clock::time_point now() const override;

    /// Turns until `done` holds; false when `at_most` has passed before.
    bool run_until(const std::function<bool()>& done,
                   std::chrono::milliseconds at_most = std::chrono::seconds(10));
    /// Turns for this long.
    void run_for(std::chrono::milliseconds time);

    /// Makes the next `count` calls of watch() return null, as a full nginx does.
    void refuse_watches(int count) { refusals_ = count; }
    /// Whether a worker that was told to quit would stay: a timer with OnExit::wait is armed.
    bool holds_exit() const;
    /// An idle worker has none.
    std::size_t armed_timers() const { return timers_.size(); }

private:
    class PollTimer;
    class PollTask;
    class PollWatch;

    void turn(std::chrono::milliseconds at_most);
    void run_tasks();
    void fire_timers();

    std::multimap<std::chrono::steady_clock::time_point, PollTimer*> timers_;
    std::list<PollTask*> posted_;
    std::list<PollWatch*> watches_;
    int refusals_ = 0;
    const std::chrono::steady_clock::time_point made_ = std::chrono::steady_clock::now();
};

}  // namespace dns_tools::test
