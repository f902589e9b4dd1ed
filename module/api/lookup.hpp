#pragma once

#include <cstddef>
#include <variant>

#include "api/reply.hpp"
#include "dns/answer.hpp"
#include "dns/name.hpp"
#include "history/record.hpp"
#include "history/recorder.hpp"

namespace dns_tools::api {

/// The name a lookup asks for (`domain` in the query of a GET, in the JSON body of a POST), or the
/// error to answer.
std::variant<dns::Name, Reply> lookup_name(const Request& request);

/// The answer to a lookup that ended without an address.
Reply lookup_failure(const dns::Name& name, const dns::Answer& answer);

/// 503 `overloaded` with Retry-After: the queue of records is full.
Reply queue_full();
/// The record of a lookup has not the assurance that its answer needs: 500 `lookup_refused`, 503
/// `database_unavailable` or 503 `journal_unavailable`, the latter two with Retry-After.
Reply not_kept(history::KeepFailure why);

/// A lookup that found addresses: what is saved, and what the answer says beyond it.
struct Lookup {
    const history::Record& record;
    const dns::Answer& answer;
    dns::Source source;
};

/// An upper bound for the size of the body in bytes.
std::size_t lookup_body_bound(const Lookup& lookup) noexcept;
/// Writes the body of a 200 at `out`, without allocating; returns its end.
char* write_lookup(const Lookup& lookup, char* out) noexcept;

}  // namespace dns_tools::api
