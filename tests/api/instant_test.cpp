#include "api/instant.hpp"

#include <gtest/gtest.h>

namespace dns_tools::api {

namespace {

std::int64_t micros(std::string_view text) {
    const auto instant = parse_instant(text);
    EXPECT_TRUE(instant) << text;
    return instant ? instant->time_since_epoch().count() : 0;
}

std::string written(std::int64_t instant) {
    char text[instant_bound];
    return {text, write_instant(UnixMicros(std::chrono::microseconds(instant)), text)};
}

TEST(Instant, of_unix_time) {
    EXPECT_EQ(micros("0"), 0);
    EXPECT_EQ(micros("1663534325"), 1'663'534'325'000'000);
    EXPECT_EQ(micros("1663534325.5"), 1'663'534'325'500'000);
    EXPECT_EQ(micros("0.000001"), 1);
    EXPECT_EQ(micros("0.0000010"), 1);
    EXPECT_EQ(micros("0.00000100000000000000000000001"), 2);
    EXPECT_EQ(micros("0.9999999"), 1'000'000);
    EXPECT_EQ(micros("253402300799.999999"), 253'402'300'799'999'999);
}

TEST(Instant, of_rfc_3339) {
    EXPECT_EQ(micros("2022-09-18T20:52:05Z"), 1'663'534'325'000'000);
    EXPECT_EQ(micros("2022-09-18t20:52:05.123456z"), 1'663'534'325'123'456);
    EXPECT_EQ(micros("2022-09-18 20:52:05.1234561Z"), 1'663'534'325'123'457);
    EXPECT_EQ(micros("2022-09-18T22:52:05+02:00"), 1'663'534'325'000'000);
    EXPECT_EQ(micros("2022-09-18T22:52:05 02:00"), 1'663'534'325'000'000);
    EXPECT_EQ(micros("2022-09-18T15:22:05-05:30"), 1'663'534'325'000'000);
    EXPECT_EQ(micros("1970-01-01T00:00:00-00:00"), 0);
    EXPECT_EQ(micros("1969-12-31T23:59:59.5Z"), -500'000);
    EXPECT_EQ(micros("1990-12-31T23:59:60Z"), micros("1991-01-01T00:00:00Z"));
    EXPECT_EQ(micros("2024-02-29T00:00:00Z"), 1'709'164'800'000'000);
    EXPECT_EQ(micros("0000-01-01T00:00:00Z"), -62'167'219'200'000'000);
    EXPECT_EQ(micros("9999-12-31T23:59:59Z"), 253'402'300'799'000'000);
}

TEST(Instant, of_nothing_else) {
    for (const std::string_view text : {"",
                                        "-1",
                                        "+1",
                                        ".5",
                                        "1.",
                                        "1.5.5",
                                        "1e9",
                                        "0x10",
                                        " 1",
                                        "1 ",
                                        "1,5",
                                        "now",
                                        "253402300800",
                                        "9999999999999",
                                        "2022-09-18",
                                        "2022-09-18T20:52:05",
                                        "2022-09-18T20:52Z",
                                        "2022-9-18T20:52:05Z",
                                        "2022-13-01T00:00:00Z",
                                        "2022-00-01T00:00:00Z",
                                        "2022-02-29T00:00:00Z",
                                        "2022-09-31T00:00:00Z",
                                        "2022-09-00T00:00:00Z",
                                        "2022-09-18T24:00:00Z",
                                        "2022-09-18T20:60:05Z",
                                        "2022-09-18T20:52:61Z",
                                        "2022-09-18T20:52:05.Z",
                                        "2022-09-18T20:52:05+0200",
                                        "2022-09-18T20:52:05+02",
                                        "2022-09-18T20:52:05+24:00",
                                        "2022-09-18T20:52:05+02:60",
                                        "2022-09-18T20:52:05ZZ",
                                        "22022-09-18T20:52:05Z",
                                        "2022-09-18T20:52:05Z ",
                                        "2022-09-18_20:52:05Z",
                                        "-022-09-18T20:52:05Z"}) {
        EXPECT_FALSE(parse_instant(text)) << text;
    }
    EXPECT_FALSE(parse_instant(std::string_view("1\0", 2)));
}

TEST(Instant, written_with_microseconds) {
    EXPECT_EQ(written(1'663'534'325'999'999), "2022-09-18T20:52:05.999999Z");
    EXPECT_EQ(written(0), "1970-01-01T00:00:00.000000Z");
    EXPECT_EQ(written(-1), "1969-12-31T23:59:59.999999Z");
    EXPECT_EQ(written(1'709'164'800'000'001), "2024-02-29T00:00:00.000001Z");
    EXPECT_EQ(written(-62'167'219'200'000'000), "0000-01-01T00:00:00.000000Z");
    EXPECT_EQ(written(253'402'300'799'999'999), "9999-12-31T23:59:59.999999Z");
    EXPECT_EQ(written(-62'167'219'200'000'001), "");
    EXPECT_EQ(written(253'402'300'800'000'000), "");
    EXPECT_EQ(written(INT64_MIN), "");
    EXPECT_EQ(written(INT64_MAX), "");
}

TEST(Instant, there_and_back) {
    for (std::int64_t instant = -60'000'000'000'000'000; instant < 250'000'000'000'000'000;
         instant += 12'345'678'901'234'567 / 10) {
        EXPECT_EQ(micros(written(instant)), instant);
    }
}

}  // namespace

}  // namespace dns_tools::api
