#include "api/stats.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace dns_tools::api {

namespace {

using metrics::index;

metrics::Snapshot sample() {
    using namespace metrics;
    Snapshot all;
    all.since = std::chrono::system_clock::time_point(std::chrono::seconds(1663534325));
    all.http_requests[index(Endpoint::lookup)][index(Method::get)][status_index(200)] = 7;
    all.http_duration[index(Endpoint::lookup)].buckets[2] = 7;
    all.http_rates = {1.5, 0.5, 0.25};
    auto& lookups = all.lookups[index(RecordType::a)];
    lookups[index(LookupResult::ok)][index(LookupSource::upstream)] = 2;
    lookups[index(LookupResult::nxdomain)][index(LookupSource::upstream)] = 4;
    lookups[index(LookupResult::nxdomain)][index(LookupSource::cache)] = 1;
    all.lookup_duration.buckets[0] = 7;
    all.domains = {{"busy.test", 5}, {"\xff\"", 1}};
    all.upstreams = {{"192.0.2.53:53", 6, 1, 2, {}, true}, {"192.0.2.54:53", 0, 0, 0, {}, false}};
    all.cache_requests = 4;
    all.cache_hits = {1, 1, 1};
    all.history_written = 3;
    all.history_dropped = {1, 2, 3, 4};
    all.history_oldest_pending = std::chrono::milliseconds(1500);
    all.database_up = false;
    return all;
}

TEST(StatsTest, SaysWhatTheSnapshotHolds) {
    const Reply reply = stats(sample());
    EXPECT_EQ(reply.status, 200);
    const auto json = nlohmann::ordered_json::parse(reply.body);
    EXPECT_EQ(json["since"], 1663534325);
    EXPECT_EQ(json["requests"]["total"], 7);
    EXPECT_EQ(json["requests"]["endpoints"].dump(), R"({"lookup":7})");
    EXPECT_EQ(json["requests"]["per_second"].dump(), R"({"1m":1.5,"5m":0.5,"60m":0.25})");
    EXPECT_DOUBLE_EQ(json["requests"]["latency"]["p50"], 0.00075);
    EXPECT_EQ(json["lookups"]["total"], 7);
    EXPECT_EQ(json["lookups"]["results"].dump(), R"({"nxdomain":5,"ok":2})") << "in order";
    EXPECT_EQ(json["lookups"]["sources"].dump(), R"({"upstream":6,"cache":1})");
    EXPECT_DOUBLE_EQ(json["lookups"]["latency"]["p99"], 0.00025 * 0.99);
    EXPECT_EQ(json["top_domains"][0].dump(), R"({"domain":"busy.test","queries":5})");
    EXPECT_EQ(json["top_domains"][1]["domain"], "\xef\xbf\xbd\"");
    EXPECT_EQ(json["cache"].dump(), R"({"requests":4,"hits":3,"hit_ratio":0.75,"entries":0})");
    EXPECT_EQ(json["upstreams"][0]["up"], true);
    EXPECT_EQ(json["upstreams"][0]["timeouts"], 1);
    EXPECT_EQ(json["upstreams"][1]["up"], false);
    EXPECT_EQ(json["history"]["dropped"], 10);
    EXPECT_EQ(json["history"]["database_up"], false);
    EXPECT_DOUBLE_EQ(json["history"]["oldest_pending"], 1.5);
}

TEST(StatsTest, NothingWasAskedYet) {
    const auto json = nlohmann::ordered_json::parse(stats({}).body);
    EXPECT_EQ(json["cache"]["hit_ratio"], 0);
    EXPECT_EQ(json["lookups"]["latency"]["p50"], 0);
    EXPECT_EQ(json["lookups"]["results"].dump(), "{}");
    EXPECT_EQ(json["top_domains"].dump(), "[]");
    EXPECT_TRUE(json["history"]["database_up"].is_null());
}

}  // namespace

}  // namespace dns_tools::api
