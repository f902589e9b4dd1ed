#include "support/poll_loop.hpp"

#include <poll.h>

#include <algorithm>
#include <vector>

namespace dns_tools::test {

using Clock = std::chrono::steady_clock;

class PollLoop::PollTimer final : public Timer {
public:
    PollTimer(PollLoop& loop, Callback fired) : loop_(loop), fired_(std::move(fired)) {}
    ~PollTimer() override { disarm(); }

    void arm(std::chrono::milliseconds after, OnExit on_exit) override {
        disarm();
        on_exit_ = on_exit;
        place_ = loop_.timers_.emplace(Clock::now() + after, this);
        armed_ = true;
    }
    void disarm() noexcept override {
        if (armed_) {
            loop_.timers_.erase(place_);
            armed_ = false;
        }
    }
    bool armed() const noexcept override { return armed_; }

    void fire() {
        disarm();
        fired_();
    }
    OnExit on_exit() const { return on_exit_; }

private:
    PollLoop& loop_;
    Callback fired_;
    std::multimap<Clock::time_point, PollTimer*>::iterator place_;
    bool armed_ = false;
    OnExit on_exit_ = OnExit::abandon;
};

class PollLoop::PollTask final : public Task {
public:
    PollTask(PollLoop& loop, Callback run) : loop_(loop), run_(std::move(run)) {}
    ~PollTask() override { loop_.posted_.remove(this); }

    void post() override {
        if (std::find(loop_.posted_.begin(), loop_.posted_.end(), this) == loop_.posted_.end()) {
            loop_.posted_.push_back(this);
        }
    }
    void run() { run_(); }

private:
    PollLoop& loop_;
    Callback run_;
};

class PollLoop::PollWatch final : public Watch {
public:
    PollWatch(PollLoop& loop, int fd, ReadyCallback ready)
        : loop_(loop), fd_(fd), ready_(std::move(ready)) {
        loop_.watches_.push_back(this);
    }
    ~PollWatch() override { loop_.watches_.remove(this); }

    bool want(bool readable, bool writable) override {
        events_ = static_cast<short>((readable ? POLLIN : 0) | (writable ? POLLOUT : 0));
        return true;
    }

    pollfd entry() const { return {fd_, events_, 0}; }
    short events() const { return events_; }
    void ready(Readiness what) { ready_(what); }

private:
    PollLoop& loop_;
    int fd_;
    short events_ = 0;
    ReadyCallback ready_;
};

PollLoop::PollLoop() = default;
PollLoop::~PollLoop() = default;

std::unique_ptr<Timer> PollLoop::make_timer(Callback fired) {
    return std::make_unique<PollTimer>(*this, std::move(fired));
}

std::unique_ptr<Task> PollLoop::make_task(Callback run) {
    return std::make_unique<PollTask>(*this, std::move(run));
}

std::unique_ptr<Watch> PollLoop::watch(int fd, ReadyCallback ready) {
    if (refusals_ > 0) {
        --refusals_;
        return nullptr;
    }
    return std::make_unique<PollWatch>(*this, fd, std::move(ready));
}

Clock::time_point PollLoop::now() const {
    return Clock::time_point(Clock::now() - made_);
}

bool PollLoop::holds_exit() const {
    return std::any_of(timers_.begin(), timers_.end(),
                       [](const auto& entry) { return entry.second->on_exit() == OnExit::wait; });
}

void PollLoop::run_tasks() {
    while (!posted_.empty()) {
        PollTask* task = posted_.front();
        posted_.pop_front();
        task->run();
    }
}

void PollLoop::fire_timers() {
    while (!timers_.empty() && timers_.begin()->first <= Clock::now()) {
        timers_.begin()->second->fire();
    }
}

void PollLoop::turn(std::chrono::milliseconds at_most) {
    if (!posted_.empty()) {
        at_most = std::chrono::milliseconds(0);  // what is waited for may have happened already
    }
    run_tasks();
    if (!timers_.empty()) {
        const auto left =
            std::chrono::ceil<std::chrono::milliseconds>(timers_.begin()->first - Clock::now());
        at_most = std::clamp(left, std::chrono::milliseconds(0), at_most);
    }

    // A descriptor that wants nothing is left out: poll(2) would still report its errors.
    std::vector<pollfd> entries;
    std::vector<PollWatch*> owners;
    for (PollWatch* watch : watches_) {
        if (watch->events() != 0) {
            entries.push_back(watch->entry());
            owners.push_back(watch);
        }
    }
    poll(entries.data(), entries.size(), static_cast<int>(at_most.count()));

    const auto alive = [this](PollWatch* watch) {
        return std::find(watches_.begin(), watches_.end(), watch) != watches_.end();
    };
    for (std::size_t i = 0; i < entries.size(); ++i) {
        const short happened = entries[i].revents;
        const short broken = happened & (POLLERR | POLLHUP);
        if (alive(owners[i]) && (owners[i]->events() & POLLIN) && ((happened & POLLIN) || broken)) {
            owners[i]->ready(Readiness::readable);
        }
        if (alive(owners[i]) && (owners[i]->events() & POLLOUT) &&
            ((happened & POLLOUT) || broken)) {
            owners[i]->ready(Readiness::writable);
        }
    }
    fire_timers();
    run_tasks();
}

bool PollLoop::run_until(const std::function<bool()>& done, std::chrono::milliseconds at_most) {
    const auto deadline = Clock::now() + at_most;
    while (!done()) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
        if (left.count() <= 0) {
            return false;
        }
        turn(left);
    }
    return true;
}

void PollLoop::run_for(std::chrono::milliseconds time) {
    run_until([] { return false; }, time);
}

}  // namespace dns_tools::test
