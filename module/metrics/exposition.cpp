#include "metrics/exposition.hpp"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <optional>
#include <utility>
#include <vector>

namespace dns_tools::metrics {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

namespace {

using Labels = std::vector<ClientMetric::Label>;

ClientMetric::Label label(const char* name, std::string_view value) {
    return {name, std::string(value)};
}

/// The families in the making; samples go to the family that was begun last.
class Families {
public:
    void begin(MetricType type, const char* name, const char* help) {
        families_.push_back({std::string("dns_tools_") + name, help, type, {}});
    }

    void value(double value, Labels labels = {}) {
        ClientMetric& metric = sample(std::move(labels));
        if (families_.back().type == MetricType::Counter) {
            metric.counter.value = value;
        } else {
            metric.gauge.value = value;
        }
    }
    void value(std::uint64_t number, Labels labels = {}) {
        value(static_cast<double>(number), std::move(labels));
    }

    void value(const Distribution& distribution, Labels labels = {}) {
        auto& histogram = sample(std::move(labels)).histogram;
        for (std::size_t k = 0; k < bounded_buckets; ++k) {
            histogram.sample_count += distribution.buckets[k];
            histogram.bucket.push_back({histogram.sample_count, bound_in_seconds(k)});
        }
        histogram.sample_count += distribution.buckets[bounded_buckets];
        histogram.sample_sum = distribution.seconds();
    }

    /// No sample when nothing is known.
    void state(std::optional<bool> up) {
        if (up) {
            value(*up ? 1.0 : 0.0);
        }
    }

    /// A family of one sample.
    template <typename Value>
    void single(MetricType type, const char* name, const char* help, const Value& number) {
        begin(type, name, help);
        value(number);
    }

    std::string text() const { return prometheus::TextSerializer().Serialize(families_); }

private:
    ClientMetric& sample(Labels labels) {
        ClientMetric& metric = families_.back().metric.emplace_back();
        metric.label = std::move(labels);
        return metric;
    }

    std::vector<MetricFamily> families_;
};

template <typename Label, typename Each>
void for_each(Each each) {
    for (std::size_t k = 0; k < count_of<Label>; ++k) {
        each(static_cast<Label>(k));
    }
}

std::string code_text(unsigned status) {
    return status == 0 ? "other" : std::to_string(status);
}

void add_http(Families& families, const Snapshot& snapshot) {
    families.begin(MetricType::Counter, "http_requests_total",
                   "Requests to the module's endpoints that have ended.");
    for_each<Endpoint>([&](Endpoint endpoint) {
        for_each<Method>([&](Method method) {
            for (std::size_t code = 0; code < status_codes.size(); ++code) {
                const auto count = snapshot.http_requests[index(endpoint)][index(method)][code];
                if (count != 0) {
                    families.value(
                        count, {label("endpoint", word(endpoint)), label("method", word(method)),
                                label("code", code_text(status_codes[code]))});
                }
            }
        });
    });
    families.begin(MetricType::Histogram, "http_request_duration_seconds",
                   "Time from finding the endpoint to the end of the response.");
    for_each<Endpoint>([&](Endpoint endpoint) {
        const auto& duration = snapshot.http_duration[index(endpoint)];
        if (duration.count() != 0) {
            families.value(duration, {label("endpoint", word(endpoint))});
        }
    });
}

void add_lookups(Families& families, const Snapshot& snapshot) {
    families.begin(MetricType::Counter, "lookups_total", "Lookups that were answered.");
    for_each<RecordType>([&](RecordType type) {
        for_each<LookupResult>([&](LookupResult result) {
            for_each<LookupSource>([&](LookupSource source) {
                const auto count = snapshot.lookups[index(type)][index(result)][index(source)];
                // The usual ones are there from the beginning, so that rates see their first.
                if (count != 0 || source == usual_source(result)) {
                    families.value(count, {label("type", word(type)), label("result", word(result)),
                                           label("source", word(source))});
                }
            });
        });
    });
    families.single(MetricType::Histogram, "lookup_duration_seconds",
                    "Time from reading the request to its answer.", snapshot.lookup_duration);
    families.begin(
        MetricType::Gauge, "domain_queries",
        "Lookups of the busiest names since each came into this list, which is bounded.");
    for (const auto& domain : snapshot.domains) {
        families.value(domain.count, {label("domain", domain.name)});
    }
}

template <typename Member>
void add_of_upstreams(Families& families, const Snapshot& snapshot, Member member) {
    for (const auto& upstream : snapshot.upstreams) {
        families.value(upstream.*member, {label("upstream", upstream.address)});
    }
}

void add_upstreams(Families& families, const Snapshot& snapshot) {
    using Upstream = Snapshot::Upstream;
    families.begin(MetricType::Counter, "upstream_requests_total",
                   "Queries sent to a nameserver, over UDP or TCP.");
    add_of_upstreams(families, snapshot, &Upstream::requests);
    families.begin(MetricType::Histogram, "upstream_request_duration_seconds",
                   "Time from sending a query to its answer, whatever it says.");
    add_of_upstreams(families, snapshot, &Upstream::duration);
    families.begin(MetricType::Counter, "upstream_timeouts_total",
                   "Queries that a nameserver did not answer in time.");
    add_of_upstreams(families, snapshot, &Upstream::timeouts);
    families.begin(MetricType::Counter, "upstream_tcp_fallbacks_total",
                   "Queries sent again over TCP because the answer was truncated.");
    add_of_upstreams(families, snapshot, &Upstream::tcp_fallbacks);
    families.begin(MetricType::Gauge, "upstream_up",
                   "1 unless the nameserver does not answer one of the workers that ask it.");
    for (const auto& upstream : snapshot.upstreams) {
        families.value(upstream.up ? 1.0 : 0.0, {label("upstream", upstream.address)});
    }
    families.begin(MetricType::Gauge, "resolver_up",
                   "1 unless one of the workers has no nameserver that answers it.");
    families.state(snapshot.resolver_up);
}

void add_cache(Families& families, const Snapshot& snapshot) {
    families.single(MetricType::Gauge, "cache_entries", "Answers in the cache.",
                    snapshot.cache_entries);
    families.single(MetricType::Counter, "cache_requests_total", "Lookups that asked the cache.",
                    snapshot.cache_requests);
    families.begin(MetricType::Counter, "cache_hits_total", "Lookups that the cache answered.");
    for_each<CacheHit>([&](CacheHit hit) {
        families.value(snapshot.cache_hits[index(hit)], {label("type", word(hit))});
    });
}

void add_history(Families& families, const Snapshot& snapshot) {
    families.single(MetricType::Counter, "history_appended_total",
                    "Lookups that were queued to be saved.", snapshot.history_appended);
    families.single(MetricType::Counter, "history_written_total",
                    "Lookups that the database has committed.", snapshot.history_written);
    families.single(MetricType::Counter, "history_rejected_total",
                    "Lookups that the database refused for what they hold.",
                    snapshot.history_rejected);
    families.begin(MetricType::Counter, "history_dropped_total",
                   "Lookups that were answered and will not be saved; worker_died: at most.");
    for_each<DropReason>([&](DropReason reason) {
        families.value(snapshot.history_dropped[index(reason)], {label("reason", word(reason))});
    });
    families.single(
        MetricType::Counter, "history_damaged_bytes_total",
        "Bytes of the journal that were found damaged; what records were in them is lost.",
        snapshot.history_damaged_bytes);
    families.single(MetricType::Gauge, "history_pending", "Lookups that wait to be saved.",
                    snapshot.history_pending);
    families.single(MetricType::Gauge, "history_oldest_pending_seconds",
                    "How long the oldest of them waits.",
                    static_cast<double>(snapshot.history_oldest_pending.count()) / 1000);
    families.single(MetricType::Gauge, "history_fill_ratio",
                    "How full the fullest worker's queue is, from 0 to 1.",
                    snapshot.history_fill_ratio);
    families.single(MetricType::Histogram, "history_flush_duration_seconds",
                    "Time from sending a batch to the database to its commit.",
                    snapshot.history_flush_duration);
    families.begin(MetricType::Gauge, "database_up",
                   "1 when every worker reaches the database; absent without one.");
    families.state(snapshot.database_up);
}

}  // namespace

std::string exposition(const Snapshot& snapshot, const BuildInfo& build) {
    Families families;
    add_http(families, snapshot);
    add_lookups(families, snapshot);
    add_upstreams(families, snapshot);
    add_cache(families, snapshot);
    add_history(families, snapshot);
    const auto since = std::chrono::floor<std::chrono::seconds>(snapshot.since.time_since_epoch());
    families.single(MetricType::Gauge, "start_time_seconds",
                    "When counting began, as UNIX time: counters were 0 then.",
                    static_cast<double>(since.count()));
    families.begin(MetricType::Gauge, "build_info", "1; the labels say what is running.");
    families.value(1.0, {label("version", build.version), label("nginx", build.nginx),
                         label("cares", build.cares), label("libpq", build.libpq)});
    return families.text();
}

}  // namespace dns_tools::metrics
