#include "base/backoff.hpp"

#include <gtest/gtest.h>

#include <set>

namespace dns_tools {

namespace {

using std::chrono::milliseconds;

TEST(Backoff, each_pause_is_in_the_upper_half_of_a_ceiling_that_doubles) {
    Random random;
    for (int round = 0; round < 200; ++round) {
        Backoff backoff(milliseconds(50), milliseconds(5000));
        for (const int ceiling : {50, 100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000}) {
            const auto pause = backoff.next(random).count();
            ASSERT_GE(pause, ceiling / 2);
            ASSERT_LE(pause, ceiling);
        }
    }
}

TEST(Backoff, both_ends_of_a_range_are_drawn) {
    Random random;
    std::set<milliseconds> pauses;
    for (int round = 0; round < 500; ++round) {
        Backoff backoff(milliseconds(5), milliseconds(5));
        pauses.insert(backoff.next(random));
    }
    EXPECT_EQ(pauses,
              (std::set{milliseconds(2), milliseconds(3), milliseconds(4), milliseconds(5)}));
}

TEST(Backoff, begins_anew_after_a_success) {
    Random random;
    Backoff backoff(milliseconds(50), milliseconds(5000));
    for (int i = 0; i < 10; ++i) {
        backoff.next(random);
    }
    backoff.reset();
    EXPECT_LE(backoff.next(random), milliseconds(50));
    EXPECT_LE(backoff.next(random), milliseconds(100));
}

}  // namespace

}  // namespace dns_tools
