#include "metrics/labels.hpp"

#include <algorithm>

namespace dns_tools::metrics {

namespace {

template <typename Label>
using Words = std::array<std::string_view, count_of<Label>>;

constexpr Words<Endpoint> endpoints{"info",     "health",  "ready",   "lookup",
                                    "validate", "history", "metrics", "stats"};
constexpr Words<Method> methods{"GET", "HEAD", "POST", "other"};
constexpr Words<RecordType> types{"A"};
constexpr Words<LookupResult> results{"ok",
                                      "nxdomain",
                                      "no_addresses",
                                      "upstream_failure",
                                      "upstream_timeout",
                                      "overloaded",
                                      "invalid_domain",
                                      "ip_literal",
                                      "other",
                                      "lookup_refused",
                                      "database_unavailable",
                                      "journal_unavailable"};
constexpr Words<LookupSource> sources{"upstream", "cache", "stale", "coalesced", "local"};
constexpr Words<CacheHit> hits{"fresh", "stale", "negative"};
constexpr Words<DropReason> reasons{"full", "journal_failed", "exit", "worker_died"};

template <typename Label>
Label find(const Words<Label>& words, std::string_view word, Label otherwise) noexcept {
    const auto found = std::find(words.begin(), words.end(), word);
    return found == words.end() ? otherwise : static_cast<Label>(found - words.begin());
}

}  // namespace

std::string_view word(Endpoint endpoint) noexcept {
    return endpoints[index(endpoint)];
}

std::string_view word(Method method) noexcept {
    return methods[index(method)];
}

std::string_view word(RecordType type) noexcept {
    return types[index(type)];
}

std::string_view word(LookupResult result) noexcept {
    return results[index(result)];
}

std::string_view word(LookupSource source) noexcept {
    return sources[index(source)];
}

std::string_view word(CacheHit hit) noexcept {
    return hits[index(hit)];
}

std::string_view word(DropReason reason) noexcept {
    return reasons[index(reason)];
}

LookupResult lookup_result(std::string_view word) noexcept {
    return find(results, word, LookupResult::other);
}

LookupSource lookup_source(std::string_view word) noexcept {
    return find(sources, word, LookupSource::local);
}

LookupSource usual_source(LookupResult result) noexcept {
    switch (result) {
        case LookupResult::overloaded:
        case LookupResult::invalid_domain:
        case LookupResult::ip_literal:
        case LookupResult::other:
            return LookupSource::local;
        default:
            return LookupSource::upstream;
    }
}

Method counted_method(Endpoint endpoint, Method method) noexcept {
    const bool posts = endpoint == Endpoint::lookup || endpoint == Endpoint::validate;
    return method == Method::post && !posts ? Method::other : method;
}

std::size_t status_index(unsigned status) noexcept {
    const auto found = std::lower_bound(status_codes.begin(), status_codes.end(), status);
    return found != status_codes.end() && *found == status
               ? static_cast<std::size_t>(found - status_codes.begin())
               : 0;
}

}  // namespace dns_tools::metrics
