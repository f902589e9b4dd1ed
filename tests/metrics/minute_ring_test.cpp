#include "metrics/minute_ring.hpp"

#include <gtest/gtest.h>

namespace dns_tools::metrics {

namespace {

using namespace std::chrono_literals;

constexpr Clock::time_point zero{1000h};

TEST(MinuteRingTest, IsEmptyAtFirst) {
    const MinuteRing ring{};
    EXPECT_EQ(ring.within(60min, zero), 0);
    EXPECT_EQ(ring.within(60min, Clock::time_point{}), 0);
}

TEST(MinuteRingTest, CountsTheLastMinuteInProportion) {
    MinuteRing ring{};
    for (int n = 0; n < 60; ++n) {
        ring.count(zero + std::chrono::seconds(n));
    }
    EXPECT_DOUBLE_EQ(ring.within(1min, zero + 60s), 60);
    EXPECT_DOUBLE_EQ(ring.within(1min, zero + 90s), 30);
    EXPECT_NEAR(ring.within(1min, zero + 119s), 1, 1e-9);
    EXPECT_DOUBLE_EQ(ring.within(1min, zero + 120s), 0);
    EXPECT_DOUBLE_EQ(ring.within(5min, zero + 120s), 60);
}

TEST(MinuteRingTest, ForgetsAfterAnHour) {
    MinuteRing ring{};
    for (int minute = 0; minute < 200; ++minute) {
        ring.count(zero + std::chrono::minutes(minute));
        ring.count(zero + std::chrono::minutes(minute));
    }
    EXPECT_DOUBLE_EQ(ring.within(60min, zero + 200min), 120);
    EXPECT_DOUBLE_EQ(ring.within(5min, zero + 200min), 10);
    EXPECT_DOUBLE_EQ(ring.within(60min, zero + 230min), 60);
    EXPECT_DOUBLE_EQ(ring.within(60min, zero + 500min), 0);
}

TEST(MinuteRingTest, TakesAnEventOfAProcessWhoseClockIsBehind) {
    MinuteRing ring{};
    ring.count(zero + 1min);
    ring.count(zero + 59s);
    EXPECT_DOUBLE_EQ(ring.within(5min, zero + 61s), 2);
    ring.count(zero + 1min + 64min);
    ring.count(zero + 1min);  // its cell belongs to a later minute by now
    EXPECT_DOUBLE_EQ(ring.within(1min, zero + 65min), 2);
}

}  // namespace

}  // namespace dns_tools::metrics
