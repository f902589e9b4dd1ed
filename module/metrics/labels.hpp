#pragma once

#include <array>
#include <cstddef>
#include <string_view>

/// The values that labels may have: closed sets, so that no client can make the metrics grow. New
/// members go to the end of their enum, and layout_version counts up (zone.hpp).
namespace dns_tools::metrics {

enum class Endpoint { info, health, ready, lookup, validate, history, metrics, stats, count_ };
enum class Method { get, head, post, other, count_ };
enum class RecordType { a, count_ };
enum class LookupSource { upstream, cache, stale, coalesced, local, count_ };
enum class CacheHit { fresh, stale, negative, count_ };
enum class DropReason { full, journal_failed, exit, worker_died, count_ };

/// How a lookup ended: `ok`, or the error code of its answer. `other` are errors in the form of the
/// request rather than in what it asks for, and the server's own.
enum class LookupResult {
    ok,
    nxdomain,
    no_addresses,
    upstream_failure,
    upstream_timeout,
    overloaded,
    invalid_domain,
    ip_literal,
    other,
    lookup_refused,
    database_unavailable,
    journal_unavailable,
    count_
};

template <typename Label>
inline constexpr auto count_of = static_cast<std::size_t>(Label::count_);

template <typename Label>
constexpr std::size_t index(Label label) noexcept {
    return static_cast<std::size_t>(label);
}

/// The label's value in the exposition.
std::string_view word(Endpoint endpoint) noexcept;
std::string_view word(Method method) noexcept;
std::string_view word(RecordType type) noexcept;
std::string_view word(LookupResult result) noexcept;
std::string_view word(LookupSource source) noexcept;
std::string_view word(CacheHit hit) noexcept;
std::string_view word(DropReason reason) noexcept;

/// From the words of the contract; an unknown result is `other`, an unknown or empty source (nobody
/// was asked) is `local`.
LookupResult lookup_result(std::string_view word) noexcept;
LookupSource lookup_source(std::string_view word) noexcept;

/// Where a lookup of this result comes from as a rule.
LookupSource usual_source(LookupResult result) noexcept;

/// The HTTP status codes that are counted one by one, which are those that come up at the module's
/// endpoints; any other is counted as 0, which is shown as "other". 499 is nginx's: the client left
/// before the answer.
inline constexpr std::array<unsigned, 15> status_codes{0,   200, 400, 401, 403, 404, 405, 408,
                                                       413, 429, 499, 500, 502, 503, 504};

std::size_t status_index(unsigned status) noexcept;

/// The method as it is counted: one that the endpoint does not answer is `other`.
Method counted_method(Endpoint endpoint, Method method) noexcept;

}  // namespace dns_tools::metrics
