#include "base/random.hpp"

#include <gtest/gtest.h>

#include <array>
#include <bitset>
#include <set>

namespace dns_tools {

namespace {

TEST(Random, numbers_do_not_repeat) {
    Random random;
    std::set<std::uint64_t> seen;
    for (int i = 0; i < 10'000; ++i) {  // many times the buffer
        seen.insert(random.next64());
    }
    EXPECT_EQ(seen.size(), 10'000u);
}

TEST(Random, every_bit_is_drawn_evenly_with_mixed_sizes) {
    Random random;
    std::array<int, 16> short_ones{};
    std::array<int, 64> long_ones{};
    constexpr int rounds = 20'000;
    for (int i = 0; i < rounds; ++i) {
        const std::bitset<16> small(random.next16());
        const std::bitset<64> large(random.next64());
        for (std::size_t bit = 0; bit < 16; ++bit) {
            short_ones[bit] += small[bit];
        }
        for (std::size_t bit = 0; bit < 64; ++bit) {
            long_ones[bit] += large[bit];
        }
    }
    // Seven standard deviations (71 each) around the mean: one false alarm in 10^9 runs.
    for (const int ones : short_ones) {
        EXPECT_NEAR(ones, rounds / 2, 500);
    }
    for (const int ones : long_ones) {
        EXPECT_NEAR(ones, rounds / 2, 500);
    }
}

TEST(Random, draws_share_no_bytes) {
    Random random;
    constexpr int rounds = 20'000;
    int same = 0;
    auto previous = random.next16();
    for (int i = 0; i < rounds; ++i) {
        const auto next = random.next16();
        same += (next & 0xff) == previous >> 8;
        same += next >> 8 == (previous & 0xff);
        previous = next;
    }
    EXPECT_NEAR(same, 2 * rounds / 256, 90);  // seven standard deviations
}

TEST(Random, below_is_even_and_never_reaches_its_bound) {
    Random random;
    std::array<int, 7> counts{};
    constexpr int rounds = 70'000;
    for (int i = 0; i < rounds; ++i) {
        const auto value = random.below(counts.size());
        ASSERT_LT(value, counts.size());
        ++counts[value];
    }
    for (const int count : counts) {
        EXPECT_NEAR(count, rounds / 7, 650);  // seven standard deviations
    }
}

TEST(Random, below_at_the_limits_of_its_bound) {
    Random random;
    std::uint32_t all_bits = 0;
    for (int i = 0; i < 1000; ++i) {
        ASSERT_EQ(random.below(1), 0u);
        all_bits |= random.below(std::uint64_t{1} << 32);
    }
    EXPECT_EQ(all_bits, 0xffffffffu);
}

}  // namespace

}  // namespace dns_tools
