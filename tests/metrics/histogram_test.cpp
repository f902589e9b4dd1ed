#include "metrics/histogram.hpp"

#include <gtest/gtest.h>

namespace dns_tools::metrics {

namespace {

using namespace std::chrono_literals;

TEST(HistogramTest, BucketsEndAtTheirBounds) {
    EXPECT_EQ(bucket_of(-1ns), 0U);
    EXPECT_EQ(bucket_of(0ns), 0U);
    std::chrono::nanoseconds bound = first_bound;
    for (std::size_t k = 0; k < bounded_buckets; ++k, bound *= 2) {
        EXPECT_EQ(bucket_of(bound), k);
        EXPECT_EQ(bucket_of(bound + 1ns), k + 1);
        EXPECT_DOUBLE_EQ(bound_in_seconds(k), static_cast<double>(bound.count()) / 1e9);
    }
    EXPECT_EQ(bucket_of(24h), bounded_buckets);
}

TEST(HistogramTest, KeepsCountAndSum) {
    Histogram histogram{};
    histogram.observe(100us);
    histogram.observe(3ms);
    histogram.observe(20s);
    histogram.observe(-5s);
    Distribution all;
    all += histogram;
    EXPECT_EQ(all.count(), 4U);
    EXPECT_DOUBLE_EQ(all.seconds(), 20.0031);
    Distribution twice = all;
    twice += all;
    EXPECT_EQ(twice.count(), 8U);
    EXPECT_EQ(twice.nanoseconds, 2 * all.nanoseconds);
}

TEST(HistogramTest, QuantilesAreThoseOfPrometheus) {
    Distribution all;
    EXPECT_EQ(all.quantile(0.5), 0);
    all.buckets[2] = 10;  // 0.0005 to 0.001
    EXPECT_DOUBLE_EQ(all.quantile(0.5), 0.00075);
    EXPECT_DOUBLE_EQ(all.quantile(1), 0.001);
    all.buckets[0] = 10;  // 0 to 0.00025
    EXPECT_DOUBLE_EQ(all.quantile(0.25), 0.000125);
    EXPECT_DOUBLE_EQ(all.quantile(0.75), 0.00075);
    all.buckets[bounded_buckets] = 1000;
    EXPECT_DOUBLE_EQ(all.quantile(0.99), 8.192) << "the last bound";
}

}  // namespace

}  // namespace dns_tools::metrics
