#include "history/recorder.hpp"

#include <utility>

namespace dns_tools::history {

using std::chrono::milliseconds;

Recorder::Recorder(EventLoop& loop, Queue& queue, Writer& writer, milliseconds commit_deadline)
    : loop_(loop),
      queue_(queue),
      writer_(writer),
      commit_deadline_(commit_deadline),
      deadline_timer_(loop.make_timer([this] { expire(); })),
      sync_timer_(loop.make_timer([this] { stay(); })) {}

Recorder::Outcome Recorder::keep(Reservation reservation, const Record& record, Assurance assurance,
                                 KeepWaiter& waiter) {
    if (!queue_.append(std::move(reservation), record)) {
        return Outcome::full;
    }
    writer_.appended();
    if (assurance == Assurance::committed) {
        waiter.deadline_ = loop_.now() + commit_deadline_;
        if (!deadline_timer_->armed()) {
            deadline_timer_->arm(commit_deadline_, OnExit::wait);
        }
        return wait(for_commit_, record, waiter);
    }
    if (queue_.durable() >= queue_.end()) {
        return Outcome::kept;
    }
    wait(for_sync_, record, waiter);
    stay();
    return Outcome::waiting;
}

Recorder::Outcome Recorder::wait(Waiters& waiters, const Record& record, KeepWaiter& waiter) {
    waiter.end_ = queue_.end();
    waiter.id_ = record.id;
    waiters.push_back(waiter);
    return Outcome::waiting;
}

void Recorder::acknowledged() noexcept {
    tell_up_to(for_commit_, queue_.begin());
    if (for_commit_.empty()) {
        deadline_timer_->disarm();
    }
}

void Recorder::synced() noexcept {
    tell_up_to(for_sync_, queue_.durable());
    if (for_sync_.empty()) {
        sync_timer_->disarm();
    }
}

/// A worker that exits waits for its requests only as long as such a timer runs.
void Recorder::stay() {
    if (!for_sync_.empty() && !sync_timer_->armed()) {
        sync_timer_->arm(commit_deadline_, OnExit::wait);
    }
}

void Recorder::tell_up_to(Waiters& waiters, Queue::Position end) noexcept {
    while (KeepWaiter* waiter = waiters.front()) {
        if (waiter->end_ > end) {
            return;
        }
        Waiters::remove(*waiter);
        waiter->kept();
    }
}

void Recorder::refused(const Record& record) noexcept {
    const auto is_it = [&record](const KeepWaiter& waiter) { return waiter.id_ == record.id; };
    if (KeepWaiter* waiter = for_commit_.find_if(is_it)) {
        Waiters::remove(*waiter);
        waiter->not_kept(KeepFailure::refused);
    }
}

void Recorder::sync_failed() noexcept {
    synced();
    // Who is told may keep another record at once, which is not one of these.
    Waiters unsafe;
    unsafe.append(for_sync_);
    sync_timer_->disarm();
    while (KeepWaiter* waiter = unsafe.pop_front()) {
        waiter->not_kept(KeepFailure::unsafe);
    }
}

/// All wait equally long, so the first to come is the first to be late.
void Recorder::expire() noexcept {
    while (KeepWaiter* waiter = for_commit_.front()) {
        const auto left = std::chrono::ceil<milliseconds>(waiter->deadline_ - loop_.now());
        if (left > milliseconds(0)) {
            return deadline_timer_->arm(left, OnExit::wait);
        }
        Waiters::remove(*waiter);
        waiter->not_kept(KeepFailure::late);
    }
}

}  // namespace dns_tools::history
