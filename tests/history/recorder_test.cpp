#include "history/recorder.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <vector>

#include "history/memory_queue.hpp"
#include "history/support.hpp"
#include "support/poll_loop.hpp"

namespace dns_tools::history::test {
namespace {

using namespace std::chrono_literals;
using Outcome = Recorder::Outcome;

/// A queue whose records become durable when the test says so.
class SlowlyDurable final : public Queue {
public:
    Reservation reserve() override { return queue.reserve(); }
    bool append(Reservation reservation, const Record& record) override {
        return queue.append(std::move(reservation), record);
    }
    Position begin() const noexcept override { return queue.begin(); }
    Position end() const noexcept override { return queue.end(); }
    std::size_t pending() const noexcept override { return queue.pending(); }
    std::optional<UnixMicros> oldest() const noexcept override { return queue.oldest(); }
    double fill_ratio() const noexcept override { return queue.fill_ratio(); }
    Position read(Position from, Position until, std::size_t max_records, std::size_t max_bytes,
                  std::vector<Record>& out) override {
        return queue.read(from, until, max_records, max_bytes, out);
    }
    void acknowledge(Position until) override { queue.acknowledge(until); }
    Position durable() const noexcept override { return synced_until; }

    MemoryQueue queue{4096};
    Position synced_until = 0;

private:
    void release(std::size_t) noexcept override {}
};

struct Waiter final : KeepWaiter {
    void kept() noexcept override { was_kept = true; }
    void not_kept(KeepFailure why) noexcept override { failure = why; }
    bool told() const { return was_kept || failure.has_value(); }

    bool was_kept = false;
    std::optional<KeepFailure> failure;
};

/// The writer is never started: the test acknowledges in its place.
template <class QueueType>
struct Parts {
    template <class... Args>
    explicit Parts(Args... args) : queue(args...) {}

    Outcome keep(Assurance assurance, Waiter& waiter) {
        last = maker.make();
        return recorder.keep(recorder.reserve(), last, assurance, waiter);
    }
    Outcome commit(Waiter& waiter) { return keep(Assurance::committed, waiter); }
    Outcome enqueue(Waiter& waiter) { return keep(Assurance::queued, waiter); }
    void acknowledge(Queue::Position until) {
        queue.acknowledge(until);
        recorder.acknowledged();
    }

    PollLoop loop;
    Random random;
    FakeHosts hosts{loop};
    Diary diary;
    QueueType queue;
    RecordMaker maker{random};
    Record last;
    Writer writer{loop, random, queue, hosts, diary, {}};
    Recorder recorder{loop, queue, writer, 50ms};
};

TEST(Recorder, WhatIsOnlyQueuedIsKeptAtOnce) {
    Parts<MemoryQueue> parts(std::size_t{4096});
    Waiter waiter;
    EXPECT_EQ(parts.enqueue(waiter), Outcome::kept);
    EXPECT_FALSE(waiter.told());
    EXPECT_EQ(parts.queue.pending(), 1U);
}

TEST(Recorder, AFullQueueKeepsNothing) {
    Parts<MemoryQueue> parts(std::size_t{64});
    Waiter waiter;
    EXPECT_FALSE(parts.recorder.reserve());
    EXPECT_EQ(parts.commit(waiter), Outcome::full);
    EXPECT_EQ(parts.queue.pending(), 0U);
    parts.loop.run_for(100ms);
    EXPECT_FALSE(waiter.told());
}

TEST(Recorder, ACommitIsWaitedForInTheQueuesOrder) {
    Parts<MemoryQueue> parts(std::size_t{4096});
    Waiter first;
    Waiter second;
    EXPECT_EQ(parts.commit(first), Outcome::waiting);
    const auto behind_first = parts.queue.end();
    EXPECT_EQ(parts.commit(second), Outcome::waiting);
    const auto behind_second = parts.queue.end();

    parts.recorder.acknowledged();
    EXPECT_FALSE(first.told());
    parts.acknowledge(behind_first);
    EXPECT_TRUE(first.was_kept);
    EXPECT_FALSE(second.told());
    parts.acknowledge(behind_second);
    EXPECT_TRUE(second.was_kept);
}

TEST(Recorder, ACommitThatComesTooLateIsGivenUp) {
    Parts<MemoryQueue> parts(std::size_t{4096});
    Waiter first;
    Waiter second;
    EXPECT_EQ(parts.commit(first), Outcome::waiting);
    parts.loop.run_for(30ms);
    EXPECT_EQ(parts.commit(second), Outcome::waiting);
    EXPECT_TRUE(parts.loop.run_until([&] { return first.told(); }, 5s));
    EXPECT_EQ(first.failure, KeepFailure::late);
    EXPECT_TRUE(parts.loop.run_until([&] { return second.told(); }, 5s));
    EXPECT_EQ(second.failure, KeepFailure::late);
    EXPECT_EQ(parts.queue.pending(), 2U);
    parts.acknowledge(parts.queue.end());
    EXPECT_FALSE(first.was_kept);
}

TEST(Recorder, ARefusedRecordIsToldToItsWaiterAlone) {
    Parts<MemoryQueue> parts(std::size_t{4096});
    Waiter before;
    Waiter refused;
    EXPECT_EQ(parts.commit(before), Outcome::waiting);
    EXPECT_EQ(parts.commit(refused), Outcome::waiting);
    parts.recorder.refused(parts.last);
    EXPECT_EQ(refused.failure, KeepFailure::refused);
    EXPECT_FALSE(before.told());
    parts.acknowledge(parts.queue.end());
    EXPECT_TRUE(before.was_kept);
    EXPECT_FALSE(refused.was_kept);
}

TEST(Recorder, AWaiterThatIsDestroyedIsForgotten) {
    Parts<MemoryQueue> parts(std::size_t{4096});
    auto gone = std::make_unique<Waiter>();
    Waiter stays;
    EXPECT_EQ(parts.commit(*gone), Outcome::waiting);
    EXPECT_EQ(parts.commit(stays), Outcome::waiting);
    gone.reset();
    parts.acknowledge(parts.queue.end());
    EXPECT_TRUE(stays.was_kept);
}

TEST(Recorder, WhatIsNotYetDurableIsWaitedFor) {
    Parts<SlowlyDurable> parts;
    Waiter first;
    Waiter second;
    EXPECT_EQ(parts.enqueue(first), Outcome::waiting);
    const auto behind_first = parts.queue.end();
    EXPECT_EQ(parts.enqueue(second), Outcome::waiting);
    parts.queue.synced_until = behind_first;
    parts.recorder.synced();
    EXPECT_TRUE(first.was_kept);
    EXPECT_FALSE(second.told());
    parts.recorder.sync_failed();
    EXPECT_EQ(second.failure, KeepFailure::unsafe);
}

TEST(Recorder, AWorkerThatExitsWaitsForASync) {
    Parts<SlowlyDurable> parts;
    Waiter first;
    EXPECT_EQ(parts.enqueue(first), Outcome::waiting);
    EXPECT_TRUE(parts.loop.holds_exit());
    parts.loop.run_for(120ms);  // a sync that takes longer than any deadline
    EXPECT_FALSE(first.told());
    EXPECT_TRUE(parts.loop.holds_exit());

    parts.queue.synced_until = parts.queue.end();
    parts.recorder.synced();
    EXPECT_TRUE(first.was_kept);
    EXPECT_FALSE(parts.loop.holds_exit());

    Waiter second;
    EXPECT_EQ(parts.enqueue(second), Outcome::waiting);
    parts.recorder.sync_failed();
    EXPECT_EQ(second.failure, KeepFailure::unsafe);
    EXPECT_FALSE(parts.loop.holds_exit());
}

TEST(Recorder, ACommitDoesNotWaitForTheQueueToBeDurable) {
    Parts<SlowlyDurable> parts;
    Waiter waiter;
    EXPECT_EQ(parts.commit(waiter), Outcome::waiting);
    parts.acknowledge(parts.queue.end());
    EXPECT_TRUE(waiter.was_kept);
}

}  // namespace
}  // namespace dns_tools::history::test
