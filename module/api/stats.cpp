#include "api/stats.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

namespace dns_tools::api {

namespace {

using Json = nlohmann::ordered_json;
using metrics::Snapshot;

Json rates(const metrics::Rates& rates) {
    return {{"1m", rates.minute}, {"5m", rates.five_minutes}, {"60m", rates.hour}};
}

Json latency(const metrics::Distribution& distribution) {
    return {{"p50", distribution.quantile(0.5)},
            {"p95", distribution.quantile(0.95)},
            {"p99", distribution.quantile(0.99)}};
}

/// `{"ok": 7, …}`, the most frequent first, without what never was.
Json ranked(std::vector<std::pair<std::string_view, std::uint64_t>> counts) {
    std::stable_sort(counts.begin(), counts.end(),
                     [](const auto& a, const auto& b) { return a.second > b.second; });
    Json object = Json::object();
    for (const auto& [word, count] : counts) {
        if (count != 0) {
            object[std::string(word)] = count;
        }
    }
    return object;
}

template <typename Label, typename Count>
Json ranked_by(Count count) {
    std::vector<std::pair<std::string_view, std::uint64_t>> counts;
    for (std::size_t k = 0; k < metrics::count_of<Label>; ++k) {
        counts.emplace_back(metrics::word(static_cast<Label>(k)), count(k));
    }
    return ranked(std::move(counts));
}

Json requests(const Snapshot& snapshot) {
    metrics::Distribution duration;
    for (const auto& of_endpoint : snapshot.http_duration) {
        duration += of_endpoint;
    }
    return {{"total", snapshot.http_total()},
            {"per_second", rates(snapshot.http_rates)},
            {"latency", latency(duration)},
            {"endpoints", ranked_by<metrics::Endpoint>([&](std::size_t endpoint) {
                 return snapshot.http_duration[endpoint].count();
             })}};
}

Json lookups(const Snapshot& snapshot) {
    std::array<std::uint64_t, metrics::count_of<metrics::LookupResult>> results{};
    std::array<std::uint64_t, metrics::count_of<metrics::LookupSource>> sources{};
    for (const auto& of_type : snapshot.lookups) {
        for (std::size_t result = 0; result < of_type.size(); ++result) {
            for (std::size_t source = 0; source < of_type[result].size(); ++source) {
                results[result] += of_type[result][source];
                sources[source] += of_type[result][source];
            }
        }
    }
    return {
        {"total", snapshot.lookup_total()},
        {"per_second", rates(snapshot.lookup_rates)},
        {"latency", latency(snapshot.lookup_duration)},
        {"results", ranked_by<metrics::LookupResult>([&](std::size_t k) { return results[k]; })},
        {"sources", ranked_by<metrics::LookupSource>([&](std::size_t k) { return sources[k]; })}};
}

Json cache(const Snapshot& snapshot) {
    std::uint64_t hits = 0;
    for (const auto of_type : snapshot.cache_hits) {
        hits += of_type;
    }
    const auto asked = snapshot.cache_requests;
    return {
        {"requests", asked},
        {"hits", hits},
        {"hit_ratio", asked == 0 ? 0.0 : static_cast<double>(hits) / static_cast<double>(asked)},
        {"entries", snapshot.cache_entries}};
}

Json upstreams(const Snapshot& snapshot) {
    Json list = Json::array();
    for (const auto& upstream : snapshot.upstreams) {
        list.push_back({{"address", upstream.address},
                        {"up", upstream.up},
                        {"requests", upstream.requests},
                        {"timeouts", upstream.timeouts},
                        {"tcp_fallbacks", upstream.tcp_fallbacks},
                        {"latency", latency(upstream.duration)}});
    }
    return list;
}

Json history(const Snapshot& snapshot) {
    std::uint64_t dropped = 0;
    for (const auto of_reason : snapshot.history_dropped) {
        dropped += of_reason;
    }
    return {
        {"database_up", snapshot.database_up ? Json(*snapshot.database_up) : Json()},
        {"appended", snapshot.history_appended},
        {"written", snapshot.history_written},
        {"rejected", snapshot.history_rejected},
        {"dropped", dropped},
        {"pending", snapshot.history_pending},
        {"oldest_pending", std::chrono::duration<double>(snapshot.history_oldest_pending).count()},
        {"fill_ratio", snapshot.history_fill_ratio},
        {"flush_latency", latency(snapshot.history_flush_duration)}};
}

Json top_domains(const Snapshot& snapshot) {
    Json list = Json::array();
    for (const auto& domain : snapshot.domains) {
        list.push_back({{"domain", domain.name}, {"queries", domain.count}});
    }
    return list;
}

}  // namespace

Reply stats(const Snapshot& snapshot) {
    const auto since = std::chrono::floor<std::chrono::seconds>(snapshot.since.time_since_epoch());
    const Json json{{"since", since.count()},       {"requests", requests(snapshot)},
                    {"lookups", lookups(snapshot)}, {"top_domains", top_domains(snapshot)},
                    {"cache", cache(snapshot)},     {"upstreams", upstreams(snapshot)},
                    {"history", history(snapshot)}};
    Reply reply;
    reply.body = json.dump(-1, ' ', false, Json::error_handler_t::replace);
    return reply;
}

}  // namespace dns_tools::api
