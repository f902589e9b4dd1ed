#include "history/host_finder.hpp"

#include <gtest/gtest.h>

#include <optional>

#include "support.hpp"

namespace dns_tools::history::test {
namespace {

using namespace std::chrono_literals;

class HostFinderTest : public testing::Test {
protected:
    HostFinderTest() {
        hosts.known["db1"] = {*IpAddress::parse("192.0.2.1")};
        hosts.known["db2"] = {*IpAddress::parse("192.0.2.2")};
    }

    void find(std::vector<HostEntry> entries, std::chrono::milliseconds at_most) {
        finder.find(std::move(entries), at_most,
                    [this](std::vector<HostEntry> some, std::string why) {
                        ++calls;
                        found = std::move(some);
                        error = std::move(why);
                    });
    }
    bool wait() {
        return eventually(loop, [this] { return calls > 0; });
    }

    PollLoop loop;
    FakeHosts hosts{loop};
    HostFinder finder{loop, hosts};
    int calls = 0;
    std::vector<HostEntry> found;
    std::string error;
};

const HostEntry lost{"lost", "", "1"};
const HostEntry db1{"db1", "192.0.2.1", "2"};
const HostEntry db2{"db2", "192.0.2.2", "3"};
const HostEntry socket{"/run/pg", "", "4"};

TEST_F(HostFinderTest, WaitsForAllWhileThereIsTime) {
    find({lost, {"db1", "", "2"}, {"db2", "", "3"}}, 20s);
    ASSERT_TRUE(wait());
    EXPECT_EQ(found, (std::vector{db1, db2}));
    EXPECT_EQ(calls, 1);
    EXPECT_EQ(loop.armed_timers(), 0U);
}

TEST_F(HostFinderTest, AsksNobodyWhenThereIsNothingToFind) {
    find({socket}, 20s);
    EXPECT_EQ(calls, 1) << "at once";
    EXPECT_EQ(found, std::vector{socket});
    EXPECT_TRUE(hosts.asked.empty());
    EXPECT_EQ(loop.armed_timers(), 0U);
}

TEST_F(HostFinderTest, GoesOnWithWhatIsThereAfterHalfOfTheTime) {
    hosts.silent = {"lost"};
    const auto begin = loop.now();
    find({lost, {"db1", "", "2"}, socket}, 400ms);
    ASSERT_TRUE(wait());
    EXPECT_GE(loop.now() - begin, 200ms);
    EXPECT_EQ(found, (std::vector{db1, socket}));
    EXPECT_EQ(error, "") << "there was more time";
    EXPECT_EQ(loop.armed_timers(), 0U);
}

TEST_F(HostFinderTest, ThenTakesTheFirstThatIsFound) {
    hosts.silent = {"lost", "db1"};
    find({lost, {"db1", "", "2"}, {"db2", "", "3"}}, 20s);
    finder.cancel();
    find({lost, {"db1", "", "2"}}, 1s);
    loop.run_for(600ms);
    EXPECT_EQ(calls, 0);
    hosts.silent = {"lost"};
    hosts.wake();
    ASSERT_TRUE(wait());
    EXPECT_EQ(found, std::vector{db1});
    EXPECT_EQ(error, "") << "there was more time";
    EXPECT_EQ(loop.armed_timers(), 0U);
}

TEST_F(HostFinderTest, GivesUpWhenNothingIsFoundInTime) {
    hosts.silent = {"lost"};
    find({lost, {"gone", "", "2"}}, 100ms);
    ASSERT_TRUE(wait());
    EXPECT_TRUE(found.empty());
    EXPECT_NE(error.find("not found in time"), std::string::npos) << error;
    hosts.silent.clear();
    hosts.wake();
    loop.run_for(20ms);
    EXPECT_EQ(calls, 1);
}

}  // namespace
}  // namespace dns_tools::history::test
