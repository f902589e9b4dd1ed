#include "base/helper_thread.hpp"

#include <gtest/gtest.h>
#include <signal.h>

#include <atomic>
#include <future>
#include <optional>
#include <stdexcept>
#include <string>

#include "support/poll_loop.hpp"

namespace dns_tools::test {
namespace {

class HelperThreadTest : public testing::Test {
protected:
    PollLoop loop;
};

TEST_F(HelperThreadTest, RunsJobsInOrderElsewhereAndWhatFollowsOnTheLoop) {
    HelperThread helper(loop);
    const auto here = std::this_thread::get_id();
    std::string jobs;
    std::string dones;
    bool elsewhere = true;
    bool back = true;
    for (char name = 'a'; name <= 'z'; ++name) {
        helper.run(
            [&, name] {
                elsewhere = elsewhere && std::this_thread::get_id() != here;
                jobs += name;
            },
            [&, name] {
                back = back && std::this_thread::get_id() == here;
                dones += name;
            });
    }
    ASSERT_TRUE(loop.run_until([&] { return dones.size() == 26; }));
    EXPECT_EQ(jobs, "abcdefghijklmnopqrstuvwxyz");
    EXPECT_EQ(dones, jobs);
    EXPECT_TRUE(elsewhere);
    EXPECT_TRUE(back);
    EXPECT_EQ(loop.armed_timers(), 0U);
}

TEST_F(HelperThreadTest, SurvivesAJobThatThrows) {
    HelperThread helper(loop);
    int done = 0;
    helper.run([] { throw std::runtime_error("no"); }, [&] { ++done; });
    helper.run([] { throw 42; }, [&] { ++done; });
    EXPECT_TRUE(loop.run_until([&] { return done == 2; }));
}

TEST_F(HelperThreadTest, ForgetsNothingWhenWhatFollowsThrows) {
    HelperThread helper(loop);
    int done = 0;
    std::promise<void> both;
    helper.run([] {}, [] { throw std::runtime_error("no"); });
    helper.run([&] { both.set_value(); }, [&] { ++done; });
    both.get_future().wait();
    EXPECT_THROW(loop.run_until([&] { return done == 1; }), std::runtime_error);
    EXPECT_TRUE(loop.run_until([&] { return done == 1; }));
}

TEST_F(HelperThreadTest, BlocksAllSignals) {
    HelperThread helper(loop);
    sigset_t seen;
    sigemptyset(&seen);
    bool done = false;
    helper.run([&] { pthread_sigmask(SIG_BLOCK, nullptr, &seen); }, [&] { done = true; });
    ASSERT_TRUE(loop.run_until([&] { return done; }));
    for (const int signal : {SIGTERM, SIGHUP, SIGQUIT, SIGCHLD, SIGIO, SIGUSR1, SIGALRM}) {
        EXPECT_TRUE(sigismember(&seen, signal)) << signal;
    }
    sigset_t mine;
    pthread_sigmask(SIG_BLOCK, nullptr, &mine);
    EXPECT_FALSE(sigismember(&mine, SIGTERM));
}

TEST_F(HelperThreadTest, DestroyedItFinishesOneJobAndDropsTheRest) {
    std::promise<void> begun;
    std::promise<void> go_on;
    std::atomic<bool> finished = false;
    std::atomic<int> others = 0;
    int done = 0;
    auto helper = std::make_optional<HelperThread>(loop);
    helper->run(
        [&] {
            begun.set_value();
            go_on.get_future().wait();
            finished = true;
        },
        [&] { ++done; });
    helper->run([&] { ++others; }, [&] { ++done; });
    begun.get_future().wait();
    std::thread later([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        go_on.set_value();
    });
    helper.reset();
    EXPECT_TRUE(finished);
    EXPECT_EQ(others, 0);
    loop.run_for(std::chrono::milliseconds(10));
    EXPECT_EQ(done, 0);
    later.join();
}

TEST_F(HelperThreadTest, MayBeDestroyedByWhatFollows) {
    auto helper = std::make_optional<HelperThread>(loop);
    int done = 0;
    std::promise<void> second;
    helper->run([] {},
                [&] {
                    ++done;
                    helper.reset();
                });
    helper->run([&] { second.set_value(); }, [&] { ++done; });
    second.get_future().wait();
    ASSERT_TRUE(loop.run_until([&] { return done > 0; }));
    loop.run_for(std::chrono::milliseconds(10));
    EXPECT_EQ(done, 1);
}

TEST_F(HelperThreadTest, WorksWhileTheLoopHasNoRoomForItsDescriptor) {
    loop.refuse_watches(3);
    HelperThread helper(loop);
    std::promise<void> go_on;
    int done = 0;
    helper.run([&] { go_on.get_future().wait(); }, [&] { ++done; });
    loop.run_for(std::chrono::milliseconds(50));
    go_on.set_value();
    ASSERT_TRUE(loop.run_until([&] { return done == 1; }));
    EXPECT_EQ(loop.armed_timers(), 0U);
    helper.run([] {}, [&] { ++done; });
    helper.run([] {}, [&] { ++done; });
    ASSERT_TRUE(loop.run_until([&] { return done == 3; }));
    EXPECT_EQ(loop.armed_timers(), 0U) << "the loop has room again";
}

}  // namespace
}  // namespace dns_tools::test
