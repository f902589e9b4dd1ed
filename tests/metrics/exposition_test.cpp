#include "metrics/exposition.hpp"

#include "metrics/zone_fixture.hpp"

namespace dns_tools::metrics {

namespace {

using namespace std::chrono_literals;

class ExpositionTest : public ZoneTest {
protected:
    std::string text() { return exposition(snapshot(), {"0.1.0", "1.22.1", "1.18.1", "15.3"}); }

    void expect_line(const std::string& line) {
        const auto all = "\n" + text();
        EXPECT_NE(all.find("\n" + line + "\n"), std::string::npos) << line << "\nin:" << all;
    }
};

TEST_F(ExpositionTest, ShowsEveryFamilyFromTheBeginning) {
    const auto all = text();
    for (const char* name : {"http_requests_total",
                             "http_request_duration_seconds",
                             "lookups_total",
                             "lookup_duration_seconds",
                             "domain_queries",
                             "upstream_requests_total",
                             "upstream_request_duration_seconds",
                             "upstream_timeouts_total",
                             "upstream_tcp_fallbacks_total",
                             "upstream_up",
                             "resolver_up",
                             "cache_entries",
                             "cache_hits_total",
                             "cache_requests_total",
                             "history_appended_total",
                             "history_written_total",
                             "history_rejected_total",
                             "history_dropped_total",
                             "history_damaged_bytes_total",
                             "history_pending",
                             "history_oldest_pending_seconds",
                             "history_fill_ratio",
                             "history_flush_duration_seconds",
                             "database_up",
                             "start_time_seconds",
                             "build_info"}) {
        EXPECT_NE(all.find(std::string("# TYPE dns_tools_") + name + ' '), std::string::npos)
            << name;
    }
    expect_line(
        R"(dns_tools_build_info{version="0.1.0",nginx="1.22.1",cares="1.18.1",libpq="15.3"} 1)");
    expect_line("dns_tools_start_time_seconds 1663534325");
    expect_line(R"(dns_tools_history_dropped_total{reason="full"} 0)");
    expect_line(R"(dns_tools_history_dropped_total{reason="worker_died"} 0)");
    expect_line(R"(dns_tools_lookups_total{type="A",result="ok",source="upstream"} 0)");
    expect_line(R"(dns_tools_lookups_total{type="A",result="overloaded",source="local"} 0)");
    EXPECT_EQ(all.find(R"(result="overloaded",source="upstream")"), std::string::npos);
    EXPECT_EQ(all.find("\ndns_tools_database_up "), std::string::npos) << "there is none";
}

TEST_F(ExpositionTest, ShowsWhatWasCounted) {
    Counters counters(zone());
    counters.http_request(Endpoint::lookup, Method::head, 404, 1ms, steady_began);
    counters.http_request(Endpoint::lookup, Method::head, 404, 20s, steady_began);
    counters.lookup(RecordType::a, LookupResult::nxdomain, LookupSource::stale, 1ms, steady_began);
    counters.domain("busy.test", steady_began);
    counters.upstream_timeout(counters.add_upstream("[2001:db8::1]:53"));
    counters.history_written(250);
    counters.history_dropped(DropReason::journal_failed, 3);
    counters.history_damaged(4096);
    counters.history_pending(7, began, 0.125);
    counters.database_is_up(true);
    counters.resolver_is_up(false);
    counters.cache_hit(CacheHit::negative);

    expect_line(R"(dns_tools_http_requests_total{endpoint="lookup",method="HEAD",code="404"} 2)");
    expect_line(
        R"(dns_tools_http_request_duration_seconds_bucket{endpoint="lookup",le="0.0005"} 0)");
    expect_line(
        R"(dns_tools_http_request_duration_seconds_bucket{endpoint="lookup",le="0.001"} 1)");
    expect_line(
        R"(dns_tools_http_request_duration_seconds_bucket{endpoint="lookup",le="8.192"} 1)");
    expect_line(R"(dns_tools_http_request_duration_seconds_bucket{endpoint="lookup",le="+Inf"} 2)");
    expect_line(R"(dns_tools_http_request_duration_seconds_sum{endpoint="lookup"} 20.001)");
    expect_line(R"(dns_tools_http_request_duration_seconds_count{endpoint="lookup"} 2)");
    expect_line(R"(dns_tools_lookups_total{type="A",result="nxdomain",source="stale"} 1)");
    expect_line(R"(dns_tools_domain_queries{domain="busy.test"} 1)");
    expect_line(R"(dns_tools_upstream_timeouts_total{upstream="[2001:db8::1]:53"} 1)");
    expect_line(R"(dns_tools_upstream_up{upstream="[2001:db8::1]:53"} 1)");
    expect_line("dns_tools_history_written_total 250");
    expect_line(R"(dns_tools_history_dropped_total{reason="journal_failed"} 3)");
    expect_line("dns_tools_history_damaged_bytes_total 4096");
    expect_line("dns_tools_history_pending 7");
    expect_line("dns_tools_history_oldest_pending_seconds 10");
    expect_line("dns_tools_history_fill_ratio 0.125");
    expect_line("dns_tools_database_up 1");
    expect_line("dns_tools_resolver_up 0");
    expect_line(R"(dns_tools_cache_hits_total{type="negative"} 1)");
}

TEST_F(ExpositionTest, EscapesLabels) {
    Counters counters(zone());
    counters.domain("a\"b\\c\nd", steady_began);
    expect_line(R"(dns_tools_domain_queries{domain="a\"b\\c\nd"} 1)");
}

// All that clients, nameservers and the database can bring about, with counts of a long life.
TEST_F(ExpositionTest, StaysSmall) {
    constexpr auto took = 1h;
    const auto add_to = [](Cell& cell) { add(cell, 12'345'678'901); };
    const auto observe_all = [&](Histogram& histogram) {
        for (auto& bucket : histogram.buckets) {
            add_to(bucket);
        }
        add(histogram.nanoseconds, 1'234'567'890'123'456'789);
    };
    Counters counters(zone(), 100);
    Shard& shard = zone().shards[0];
    for (std::size_t k = 0; k < count_of<Endpoint>; ++k) {
        const auto endpoint = static_cast<Endpoint>(k);
        counters.http_request(endpoint, Method::get, 200, took, steady_began);
        observe_all(shard.http_duration[k]);
        const bool asks = endpoint == Endpoint::lookup || endpoint == Endpoint::validate ||
                          endpoint == Endpoint::history;
        for (const auto method : {Method::get, Method::head, Method::post, Method::other}) {
            if (counted_method(endpoint, method) != method) {
                continue;
            }
            for (const unsigned code : status_codes) {
                const bool answered = method != Method::other;
                const bool possible = code == 405                                 ? !answered
                                      : code == 200 || code == 503 || code == 500 ? answered
                                      : code == 404 || code == 502
                                          ? answered && endpoint == Endpoint::lookup
                                      : code == 504 ? answered && asks
                                      : code == 408 ? method == Method::post
                                                    : true;
                if (possible) {
                    add_to(shard.http_requests[k][index(method)][status_index(code)]);
                }
            }
        }
    }
    for (std::size_t result = 0; result < count_of<LookupResult>; ++result) {
        for (std::size_t source = 0; source < count_of<LookupSource>; ++source) {
            const auto usual = usual_source(static_cast<LookupResult>(result));
            if (usual != LookupSource::local || source == index(usual)) {
                add_to(shard.lookups[0][result][source]);
            }
        }
    }
    for (int n = 0; n < 100; ++n) {
        auto& cells = shard.upstreams[counters.add_upstream(
            "[2001:db80:1234:5678:9abc:def0:1234:567" + std::to_string(n % 10) + "]:4915" +
            std::to_string(n / 10))];
        for (Cell* cell : {&cells.requests, &cells.timeouts, &cells.tcp_fallbacks}) {
            add_to(*cell);
        }
        observe_all(cells.duration);
    }
    for (auto* histogram : {&shard.lookup_duration, &shard.history_flush_duration}) {
        observe_all(*histogram);
    }
    for (Cell* cell :
         {&zone().cache_entries, &shard.cache_requests, &shard.history_appended,
          &shard.history_written, &shard.history_rejected, &shard.history_damaged_bytes}) {
        add_to(*cell);
    }
    for (auto& cell : shard.cache_hits) {
        add_to(cell);
    }
    for (auto& cell : shard.history_dropped) {
        add_to(cell);
    }
    counters.history_pending(12'345'678, began - 1'234'567'890ms, 0.123456);
    counters.database_is_up(true);
    counters.resolver_is_up(true);
    for (int n = 0; n < 100'000; ++n) {
        counters.domain(std::string(244, 'x') + std::to_string(100'000'000 + n % 1000),
                        steady_began);
    }
    const auto size = text().size();
    RecordProperty("size", static_cast<int>(size));
    EXPECT_GT(size, 60U * 1024) << "this is no longer the most there can be";
    EXPECT_LE(size, 64U * 1024);
}

}  // namespace

}  // namespace dns_tools::metrics
