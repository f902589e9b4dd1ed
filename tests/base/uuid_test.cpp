#include "base/uuid.hpp"

#include <gtest/gtest.h>

#include <set>

namespace dns_tools {

namespace {

using std::chrono::nanoseconds;
using Instant = std::chrono::sys_time<nanoseconds>;

constexpr std::int64_t second = 1'000'000'000;
constexpr std::int64_t start = 1'663'534'325 * second;

Instant at(std::int64_t nanos) {
    return Instant(nanoseconds(nanos));
}

std::uint64_t big_endian(const Uuid& id, std::size_t from, std::size_t size) {
    std::uint64_t value = 0;
    for (std::size_t i = from; i < from + size; ++i) {
        value = value << 8 | id.bytes[i];
    }
    return value;
}

/// The instant that the identifier carries, in whole microseconds (RFC 9562 §6.2, method 3).
std::int64_t micros_of(const Uuid& id) {
    const auto millis = static_cast<std::int64_t>(big_endian(id, 0, 6));
    const auto fraction = static_cast<std::int64_t>(big_endian(id, 6, 2) & 0xfff);
    return millis * 1000 + fraction * 1000 / 4096;
}

TEST(Uuid, text_there_and_back) {
    const std::string text = "017f22e2-79b0-7cc3-98c4-dc0c0c07398f";  // RFC 9562 §A.6
    const auto id = Uuid::parse(text);
    ASSERT_TRUE(id);
    EXPECT_EQ(id->text(), text);
    EXPECT_EQ(big_endian(*id, 0, 8), 0x017f22e279b07cc3u);
    EXPECT_EQ(big_endian(*id, 8, 8), 0x98c4dc0c0c07398fu);
    EXPECT_EQ(Uuid::parse("017F22E2-79B0-7CC3-98C4-DC0C0C07398F"), id);
}

TEST(Uuid, any_text_changed_in_one_place_is_refused_or_another_uuid) {
    const std::string good = "017f22e2-79b0-7cc3-98c4-dc0c0c07398f";
    for (std::size_t place = 0; place < good.size(); ++place) {
        for (const char c : std::string("-gG/:@`\0 \xff", 10)) {
            if (c == good[place]) {
                continue;
            }
            std::string text = good;
            text[place] = c;
            EXPECT_FALSE(Uuid::parse(text)) << text;
        }
    }
    EXPECT_FALSE(Uuid::parse(""));
    EXPECT_FALSE(Uuid::parse(good.substr(1)));
    EXPECT_FALSE(Uuid::parse(good + "0"));
    EXPECT_FALSE(Uuid::parse(good + "00"));
    EXPECT_FALSE(Uuid::parse("{" + good + "}"));
    EXPECT_FALSE(Uuid::parse("017f22e279b07cc398c4dc0c0c07398f"));
}

TEST(Uuid, orders_as_its_text_does) {
    const auto low = *Uuid::parse("017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
    const auto high = *Uuid::parse("f17f22e2-79b0-7cc3-98c4-dc0c0c07398f");
    EXPECT_LT(low, high);
    EXPECT_LT(low.text(), high.text());
}

class UuidV7 : public testing::Test {
protected:
    Random random_;
    UuidV7Generator generator_{random_};
};

TEST_F(UuidV7, has_its_version_and_variant) {
    for (int i = 0; i < 1000; ++i) {
        const auto id = generator_.next(at(start + i * 777)).id;
        ASSERT_EQ(id.bytes[6] >> 4, 7);
        ASSERT_EQ(id.bytes[8] >> 6, 2);
    }
}

TEST_F(UuidV7, carries_the_instant_with_its_fraction_of_a_millisecond) {
    const auto half = generator_.next(at(start + 123'500'000)).id;
    EXPECT_EQ(big_endian(half, 0, 6), 1'663'534'325'123u);
    EXPECT_EQ(big_endian(half, 6, 2), 0x7800u);

    const auto last = generator_.next(at(start + 123'999'999)).id;
    EXPECT_EQ(big_endian(last, 0, 6), 1'663'534'325'123u);
    EXPECT_EQ(big_endian(last, 6, 2), 0x7fffu);

    const auto whole = generator_.next(at(start + 124'000'000)).id;
    EXPECT_EQ(big_endian(whole, 0, 6), 1'663'534'325'124u);
    EXPECT_EQ(big_endian(whole, 6, 2), 0x7000u);
}

TEST_F(UuidV7, created_at_is_the_instant_it_carries_and_close_to_the_clock) {
    for (int i = 0; i < 10'000; ++i) {
        const auto now = start + i * 104'729;
        const auto stamp = generator_.next(at(now));
        const auto created = stamp.created_at.time_since_epoch().count();
        ASSERT_EQ(created, micros_of(stamp.id));
        // A step is 1/4096 of a millisecond; both roundings go down.
        ASSERT_LE(created * 1000, now);
        ASSERT_GT(created * 1000, now - 1300);
    }
}

TEST_F(UuidV7, increases_while_the_clock_stands_still) {
    auto previous = generator_.next(at(start));
    for (int i = 0; i < 10'000; ++i) {
        const auto stamp = generator_.next(at(start));
        ASSERT_LT(previous.id, stamp.id);
        ASSERT_LE(previous.created_at, stamp.created_at);
        ASSERT_EQ(stamp.created_at.time_since_epoch().count(), micros_of(stamp.id));
        previous = stamp;
    }
    // 10,000 steps of 1/4096 ms are over two milliseconds: the millisecond has carried over.
    EXPECT_EQ(big_endian(previous.id, 0, 6), 1'663'534'325'002u);
}

TEST_F(UuidV7, increases_when_the_clock_goes_back) {
    auto previous = generator_.next(at(start));
    for (const auto back : {1L, 999L, 1'000'000L, second, 3600 * second}) {
        const auto stamp = generator_.next(at(start - back));
        ASSERT_LT(previous.id, stamp.id);
        ASSERT_EQ(stamp.created_at.time_since_epoch().count(), micros_of(stamp.id));
        previous = stamp;
    }
    EXPECT_EQ(previous.created_at, UnixMicros(std::chrono::microseconds(start / 1000 + 1)));

    // Once the clock has caught up, it is followed again.
    const auto later = generator_.next(at(start + second));
    EXPECT_EQ(later.created_at, UnixMicros(std::chrono::microseconds((start + second) / 1000)));
}

TEST_F(UuidV7, two_generators_differ_at_the_same_instant) {
    Random other_random;
    UuidV7Generator other(other_random);
    std::set<Uuid> ids;
    for (int i = 0; i < 1000; ++i) {
        ids.insert(generator_.next(at(start + i * 1000)).id);
        ids.insert(other.next(at(start + i * 1000)).id);
    }
    EXPECT_EQ(ids.size(), 2000u);
}

TEST(FirstUuidAt, parts_those_made_before_from_those_made_since) {
    Random random;
    for (std::int64_t micro = 0; micro < 3000; ++micro) {
        const std::int64_t begin = start + micro * 1000;
        const Uuid bound = first_uuid_at(UnixMicros(std::chrono::microseconds(begin / 1000)));
        // A step of the identifiers is 244 ns: the instants around the bound, in all of its steps.
        for (std::int64_t nanos = begin - 1500; nanos < begin + 1500; nanos += 61) {
            const Stamp stamp = UuidV7Generator(random).next(at(nanos));
            const bool before = stamp.created_at.time_since_epoch().count() < begin / 1000;
            ASSERT_EQ(stamp.id < bound, before) << nanos - begin << " ns from " << bound.text();
        }
    }
}

TEST(FirstUuidAt, is_a_uuid_at_any_time) {
    const auto text = [](std::int64_t micros) {
        return first_uuid_at(UnixMicros(std::chrono::microseconds(micros))).text();
    };
    EXPECT_EQ(text(0), "00000000-0000-7000-8000-000000000000");
    EXPECT_EQ(text(-1), text(0));
    EXPECT_EQ(text(INT64_MIN), text(0));
    EXPECT_EQ(text(1'663'534'325'000'500), "0183525f-5d08-7800-8000-000000000000");
    EXPECT_EQ(text(INT64_MAX), "ffffffff-ffff-7000-8000-000000000000");
}

}  // namespace

}  // namespace dns_tools
