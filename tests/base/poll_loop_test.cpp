#include "support/poll_loop.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>

namespace dns_tools::test {

namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

class Loop : public testing::Test {
protected:
    PollLoop loop_;
};

TEST_F(Loop, a_timer_fires_once_after_its_time) {
    int fired = 0;
    const auto timer = loop_.make_timer([&] { ++fired; });
    EXPECT_FALSE(timer->armed());
    const auto armed_at = Clock::now();
    timer->arm(milliseconds(20), OnExit::abandon);
    EXPECT_TRUE(timer->armed());
    ASSERT_TRUE(loop_.run_until([&] { return fired > 0; }));
    EXPECT_GE(Clock::now() - armed_at, milliseconds(20));
    EXPECT_FALSE(timer->armed());
    loop_.run_for(milliseconds(30));
    EXPECT_EQ(fired, 1);
}

TEST_F(Loop, timers_fire_in_the_order_of_their_times) {
    std::string order;
    const auto late = loop_.make_timer([&] { order += 'c'; });
    const auto early = loop_.make_timer([&] { order += 'a'; });
    const auto middle = loop_.make_timer([&] { order += 'b'; });
    late->arm(milliseconds(15), OnExit::abandon);
    early->arm(milliseconds(1), OnExit::abandon);
    middle->arm(milliseconds(8), OnExit::abandon);
    ASSERT_TRUE(loop_.run_until([&] { return order.size() == 3; }));
    EXPECT_EQ(order, "abc");
}

TEST_F(Loop, arming_an_armed_timer_moves_it) {
    int fired = 0;
    const auto timer = loop_.make_timer([&] { ++fired; });
    timer->arm(milliseconds(1), OnExit::abandon);
    timer->arm(milliseconds(60'000), OnExit::abandon);
    loop_.run_for(milliseconds(20));
    EXPECT_EQ(fired, 0);
    timer->arm(milliseconds(1), OnExit::abandon);
    ASSERT_TRUE(loop_.run_until([&] { return fired == 1; }));
}

TEST_F(Loop, a_timer_that_is_disarmed_or_destroyed_does_not_fire) {
    int fired = 0;
    const auto disarmed = loop_.make_timer([&] { ++fired; });
    auto destroyed = loop_.make_timer([&] { ++fired; });
    disarmed->arm(milliseconds(1), OnExit::abandon);
    destroyed->arm(milliseconds(1), OnExit::abandon);
    disarmed->disarm();
    destroyed.reset();
    loop_.run_for(milliseconds(20));
    EXPECT_EQ(fired, 0);
}

TEST_F(Loop, a_timer_may_destroy_itself_and_another_that_is_due) {
    int fired = 0;
    std::unique_ptr<Timer> first;
    std::unique_ptr<Timer> second;
    struct Both {
        int& fired;
        std::unique_ptr<Timer>& first;
        std::unique_ptr<Timer>& second;
    } both{fired, first, second};
    const auto destroy_both = [&both] {
        Both& all = both;  // what the callback captured goes with the timer
        ++all.fired;
        all.first.reset();
        all.second.reset();
    };
    first = loop_.make_timer(destroy_both);
    second = loop_.make_timer(destroy_both);
    first->arm(milliseconds(0), OnExit::abandon);
    second->arm(milliseconds(0), OnExit::abandon);
    loop_.run_for(milliseconds(10));
    EXPECT_EQ(fired, 1);
}

TEST_F(Loop, only_armed_timers_that_wait_hold_the_exit) {
    const auto timer = loop_.make_timer([] {});
    EXPECT_FALSE(loop_.holds_exit());
    timer->arm(milliseconds(1), OnExit::abandon);
    EXPECT_FALSE(loop_.holds_exit());
    timer->arm(milliseconds(1), OnExit::wait);
    EXPECT_TRUE(loop_.holds_exit());
    loop_.run_for(milliseconds(10));
    EXPECT_FALSE(loop_.holds_exit());
}

TEST_F(Loop, a_task_runs_once_and_never_inside_post) {
    int runs = 0;
    const auto task = loop_.make_task([&] { ++runs; });
    task->post();
    task->post();
    EXPECT_EQ(runs, 0);
    loop_.run_for(milliseconds(5));
    EXPECT_EQ(runs, 1);
    task->post();
    loop_.run_for(milliseconds(5));
    EXPECT_EQ(runs, 2);
}

TEST_F(Loop, a_task_posted_by_a_task_a_timer_or_a_watch_does_not_wait_for_poll) {
    bool done = false;
    const auto last = loop_.make_task([&] { done = true; });
    const auto first = loop_.make_task([&] { last->post(); });
    const auto timer = loop_.make_timer([&] { first->post(); });
    timer->arm(milliseconds(1), OnExit::abandon);
    const auto began = Clock::now();
    ASSERT_TRUE(loop_.run_until([&] { return done; }, std::chrono::seconds(10)));
    EXPECT_LT(Clock::now() - began, std::chrono::seconds(5));
}

TEST_F(Loop, a_destroyed_task_does_not_run_and_a_task_may_destroy_itself) {
    int runs = 0;
    auto withdrawn = loop_.make_task([&] { ++runs; });
    withdrawn->post();
    withdrawn.reset();
    std::unique_ptr<Task> self;
    self = loop_.make_task([&] {
        ++runs;
        self.reset();
    });
    self->post();
    loop_.run_for(milliseconds(5));
    EXPECT_EQ(runs, 1);
}

TEST_F(Loop, run_until_gives_up_in_time) {
    const auto began = Clock::now();
    EXPECT_FALSE(loop_.run_until([] { return false; }, milliseconds(20)));
    EXPECT_GE(Clock::now() - began, milliseconds(20));
    EXPECT_LT(Clock::now() - began, std::chrono::seconds(5));
}

class WatchedPair : public Loop {
protected:
    WatchedPair() { EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends_), 0); }
    ~WatchedPair() override {
        close(ends_[0]);
        close_peer();
    }
    void close_peer() {
        if (ends_[1] >= 0) {
            close(ends_[1]);
            ends_[1] = -1;
        }
    }
    void send() { EXPECT_EQ(write(ends_[1], "x", 1), 1); }

    int ends_[2];
};

TEST_F(WatchedPair, tells_of_what_is_wanted_only_and_again_until_it_is_taken) {
    int readable = 0;
    int writable = 0;
    const auto watch = loop_.watch(
        ends_[0], [&](Readiness what) { ++(what == Readiness::readable ? readable : writable); });
    send();
    loop_.run_for(milliseconds(10));
    EXPECT_EQ(readable + writable, 0);

    ASSERT_TRUE(watch->want(true, false));
    ASSERT_TRUE(loop_.run_until([&] { return readable >= 2; }));  // level-triggered
    EXPECT_EQ(writable, 0);

    ASSERT_TRUE(watch->want(false, true));
    readable = 0;
    ASSERT_TRUE(loop_.run_until([&] { return writable >= 2; }));
    EXPECT_EQ(readable, 0);

    ASSERT_TRUE(watch->want(false, false));
    writable = 0;
    loop_.run_for(milliseconds(10));
    EXPECT_EQ(readable + writable, 0);
}

TEST_F(WatchedPair, a_peer_that_hangs_up_is_readable) {
    int readable = 0;
    const auto watch = loop_.watch(ends_[0], [&](Readiness) { ++readable; });
    ASSERT_TRUE(watch->want(true, false));
    close_peer();
    EXPECT_TRUE(loop_.run_until([&] { return readable > 0; }));
}

TEST_F(WatchedPair, a_watch_may_destroy_itself_and_leaves_the_descriptor_open) {
    int calls = 0;
    std::unique_ptr<Watch> watch;
    watch = loop_.watch(ends_[0], [&](Readiness) {
        ++calls;
        watch.reset();
    });
    ASSERT_TRUE(watch->want(true, true));
    send();
    loop_.run_for(milliseconds(10));
    EXPECT_EQ(calls, 1);
    char byte;
    EXPECT_EQ(read(ends_[0], &byte, 1), 1);
}

TEST_F(WatchedPair, a_watch_may_destroy_another_that_is_ready) {
    int calls = 0;
    std::unique_ptr<Watch> first;
    std::unique_ptr<Watch> second;
    struct Both {
        int& calls;
        std::unique_ptr<Watch>& first;
        std::unique_ptr<Watch>& second;
    } both{calls, first, second};
    const auto destroy_both = [&both](Readiness) {
        Both& all = both;  // what the callback captured goes with the watch
        ++all.calls;
        all.first.reset();
        all.second.reset();
    };
    first = loop_.watch(ends_[0], destroy_both);
    second = loop_.watch(ends_[1], destroy_both);
    ASSERT_TRUE(first->want(false, true));
    ASSERT_TRUE(second->want(false, true));
    loop_.run_for(milliseconds(10));
    EXPECT_EQ(calls, 1);
}

TEST_F(WatchedPair, refuses_watches_when_told_to) {
    loop_.refuse_watches(2);
    EXPECT_EQ(loop_.watch(ends_[0], [](Readiness) {}), nullptr);
    EXPECT_EQ(loop_.watch(ends_[0], [](Readiness) {}), nullptr);
    EXPECT_NE(loop_.watch(ends_[0], [](Readiness) {}), nullptr);
}

}  // namespace

}  // namespace dns_tools::test
