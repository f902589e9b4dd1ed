#pragma once

#include <chrono>
#include <span>
#include <string>

namespace dns_tools::history::schema {

/// Writes a batch of lookups: $1 to $6 are arrays of equal length, with an element for each row
/// (uuid[], timestamptz[], inet[], text[], text[], text[]); the last two hold array literals. Run
/// with empty arrays it writes nothing, but tells whether everything that writing needs is there.
extern const char* const insert;

/// Makes the transaction one whose commit waits for the disk and the standbys as that of a writing
/// one does, also when it wrote no row. It waits for another with the same $1 (bigint) to end.
extern const char* const confirm;

/// Reads lookups: the columns and the table of a SELECT, to be followed by WHERE.
extern const char* const select;

/// Lets no statement behind it, in the same transaction, run for longer than $1 (text), a time in
/// PostgreSQL's notation.
extern const char* const limit_time;

/// That $1 for somebody who waits no longer than `deadline`: a little less, so that the server's
/// word arrives before, and nothing goes on there that nobody waits for.
std::string time_limit(std::chrono::milliseconds deadline);

/// Lets the transaction that begins with it neither wait nor work for long, nor wait for its commit
/// to reach a disk or a standby.
extern const char* const hurry;

/// Deletes at most $3 (bigint) of the oldest lookups whose id is at least $1 (uuid) and below $2
/// (uuid), unless another transaction is at it. One row: whether it was this one's turn (boolean),
/// how many are deleted (bigint), and the last of their ids (NULL when there were none).
extern const char* const delete_oldest;

/// Creates or upgrades what is missing. To be sent in one transaction.
std::span<const char* const> create() noexcept;

}  // namespace dns_tools::history::schema
