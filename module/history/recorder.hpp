#pragma once

#include <chrono>
#include <memory>

#include "base/event_loop.hpp"
#include "base/list.hpp"
#include "history/queue.hpp"
#include "history/writer.hpp"

namespace dns_tools::history {

/// What must have happened to a record before its answer may go out.
enum class Assurance {
    queued,     ///< the queue has it, as safe as the queue makes it
    committed,  ///< PostgreSQL has committed it
};

/// Why a record that was waited for has not the assurance that was asked for.
enum class KeepFailure {
    refused,  ///< the database refuses it for what it holds
    late,     ///< the database has not committed it in time; it stays queued
    unsafe,   ///< the queue could not make it durable; it stays queued
};

/// One caller's interest in a record. It may be destroyed at any time, which withdraws the
/// interest, not the record.
class KeepWaiter : public ListNode {
public:
    KeepWaiter() = default;

    /// One of these is called, once, from the loop; it may destroy the waiter.
    virtual void kept() noexcept = 0;
    virtual void not_kept(KeepFailure why) noexcept = 0;

protected:
    virtual ~KeepWaiter() = default;

private:
    friend class Recorder;

    Queue::Position end_ = 0;  // of the record
    Uuid id_;
    std::chrono::steady_clock::time_point deadline_;
};

/// Keeps records: puts them into the queue, wakes the writer, and tells when a record is as safe as
/// its answer needs it to be.
class Recorder {
public:
    enum class Outcome {
        kept,     ///< the answer may go out
        waiting,  ///< the waiter is told
        full,     ///< there is no room; nothing was kept
    };

    /// A commit is waited for no longer than `commit_deadline`.
    Recorder(EventLoop& loop, Queue& queue, Writer& writer,
             std::chrono::milliseconds commit_deadline);

    /// Room for a record; empty when the queue is full.
    [[nodiscard]] Reservation reserve() { return queue_.reserve(); }

    [[nodiscard]] Outcome keep(Reservation reservation, const Record& record, Assurance assurance,
                               KeepWaiter& waiter);

    /// To be called when the writer has acknowledged records.
    void acknowledged() noexcept;
    /// To be called when the writer leaves a record out, before it acknowledges it.
    void refused(const Record& record) noexcept;
    /// To be called when the queue's durable() has moved.
    void synced() noexcept;
    /// To be called when the records that are not durable by now never will be.
    void sync_failed() noexcept;

private:
    using Waiters = List<KeepWaiter>;

    Outcome wait(Waiters& waiters, const Record& record, KeepWaiter& waiter);
    static void tell_up_to(Waiters& waiters, Queue::Position end) noexcept;
    void expire() noexcept;
    void stay();

    EventLoop& loop_;
    Queue& queue_;
    Writer& writer_;
    const std::chrono::milliseconds commit_deadline_;
    Waiters for_commit_;  // both in the queue's order
    Waiters for_sync_;
    std::unique_ptr<Timer> deadline_timer_;  // armed while somebody waits for a commit
    std::unique_ptr<Timer> sync_timer_;      // armed while somebody waits for a sync
};

}  // namespace dns_tools::history
