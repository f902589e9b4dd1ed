#include "history/host_turns.hpp"

#include <gtest/gtest.h>

namespace dns_tools::history {
namespace {

using namespace std::chrono_literals;

TEST(HostTurns, GiveEachHostItsShare) {
    const HostTurns::Instant now{};
    HostTurns turns;
    turns.begin({{"db", "192.0.2.1", "1"}, {"/run/pg", "", ""}}, now, now + 10s);
    EXPECT_EQ(turns.turn_to({"db", "192.0.2.1", "1"}, now), 5s);
    EXPECT_EQ(turns.turn_to({"db", "192.0.2.1", "1"}, now + 1s), std::nullopt) << "as before";
    EXPECT_EQ(turns.turn_to({"/run/pg", "", "5432"}, now + 2s), 5s);
    EXPECT_TRUE(turns.skip(now + 7s));
    EXPECT_EQ(turns.hosts(), (std::vector<HostEntry>{{"db", "192.0.2.1", "1"}}));
    EXPECT_EQ(turns.turn_to({"db", "192.0.2.1", "1"}, now + 7s), 3s);
    EXPECT_FALSE(turns.skip(now + 9s)) << "there is no other";
}

TEST(HostTurns, KnowAnAddressHoweverItIsWritten) {
    const HostTurns::Instant now{};
    for (const char* const written :
         {"2001:DB8:0:0:0:0:0:1", "2001:db8::0:1", "2001:db8::1%eth0"}) {
        HostTurns turns;
        turns.begin({{"", written, "1"}, {"db", "192.0.2.1", "1"}}, now, now + 10s);
        EXPECT_EQ(turns.turn_to({"", "2001:db8::1", "1"}, now), 5s) << written;
        EXPECT_EQ(turns.turn_to({"", "2001:db8::2", "1"}, now), std::nullopt);
    }
}

}  // namespace
}  // namespace dns_tools::history
