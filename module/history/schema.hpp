#pragma once

#include <span>

namespace dns_tools::history::schema {

/// Writes a batch of lookups: $1 to $6 are arrays of equal length, with an element for each row
/// (uuid[], timestamptz[], inet[], text[], text[], text[]); the last two hold array literals. Run
/// with empty arrays it writes nothing, but tells whether everything that writing needs is there.
extern const char* const insert;

/// Reads the latest $1 (bigint) lookups.
extern const char* const latest;

/// Creates or upgrades what is missing. To be sent in one transaction.
std::span<const char* const> create() noexcept;

}  // namespace dns_tools::history::schema
