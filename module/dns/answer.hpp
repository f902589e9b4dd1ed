#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip_address.hpp"

namespace dns_tools::dns {

/// How a lookup ended.
enum class Result : std::uint8_t {
    ok,                ///< at least one address
    nxdomain,          ///< the name does not exist (rcode 3, or a special-use name)
    no_addresses,      ///< the name exists and has no A record (NODATA, RFC 2308 §2.2)
    upstream_failure,  ///< upstreams answered, none of them usefully
    upstream_timeout,  ///< no upstream answered in time
    overloaded,        ///< too many queries are outstanding; nothing was asked
};

/// The stable word of the contract: "ok", "nxdomain", "no_addresses" and so on.
std::string_view word(Result result) noexcept;

/// Where an answer came from.
enum class Source : std::uint8_t {
    upstream,   ///< a query was sent for it
    coalesced,  ///< it joined a query that was already in flight
    local,      ///< no packet is needed for this name (RFC 6761, 6762, 7686)
};

std::string_view word(Source source) noexcept;

struct Answer {
    Result result = Result::upstream_timeout;
    /// In the order of the answer, without repetitions; empty unless `result` is ok. Each TTL is
    /// the least along the chain of CNAMEs that led to it (RFC 2181 §5.2).
    std::vector<AddressRecord> addresses;
    /// The canonical names the answer led through, in order, as lower-case text.
    std::vector<std::string> cnames;
    /// For a failure: what the last upstream did, for a person: "SERVFAIL from 192.0.2.53:53".
    std::string detail;
};

}  // namespace dns_tools::dns
