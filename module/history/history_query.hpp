#pragma once

#include <optional>
#include <string>

#include "base/ip_address.hpp"
#include "base/ip_network.hpp"
#include "base/uuid.hpp"

namespace dns_tools::history {

/// Which names a search finds.
struct DomainFilter {
    std::string name;    ///< canonical form
    bool below = false;  ///< all names below it instead of the name itself
};

/// Which saved lookups to read, newest first. What is not given does not restrict.
struct HistoryQuery {
    unsigned limit = 20;  ///< at most so many, 1 or more
    /// Only those that come after this one, newest first: where the page before ended.
    std::optional<Uuid> before;
    /// Saved lookups are found by the time their identifiers carry: [from, until).
    std::optional<UnixMicros> from;
    std::optional<UnixMicros> until;
    std::optional<DomainFilter> domain;
    std::optional<IpNetwork> client;
    std::optional<IpAddress> address;  ///< one of the addresses that the lookup returned

    /// Whether nothing but `limit` restricts it.
    bool is_latest() const noexcept { return !before && !from && !until && !is_search(); }
    /// Whether more than the primary key is needed to find the lookups: then, without an index for
    /// it, all of them may have to be looked at.
    bool is_search() const noexcept { return domain || client || address; }
};

}  // namespace dns_tools::history
