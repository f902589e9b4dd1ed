#include "history/schema.hpp"

#include <algorithm>

// Names are not qualified: the role's search_path says where the tables are.
namespace dns_tools::history::schema {

const char* const insert =
    "INSERT INTO dns_lookups (id, created_at, client_ip, domain, addresses, ttls)"
    " SELECT id, created_at, client_ip, domain, addresses::inet[], ttls::integer[]"
    " FROM unnest($1::uuid[], $2::timestamptz[], $3::inet[], $4::text[], $5::text[], $6::text[])"
    " AS batch (id, created_at, client_ip, domain, addresses, ttls)"
    " ON CONFLICT DO NOTHING";

// A transaction that wrote nothing does not wait for standbys. This writes to the log alone, and
// needs no privilege. No time limit ends the wait of a commit, so whoever gave up waiting leaves a
// session behind; the lock, which that session holds as it would those of new rows, keeps further
// attempts from doing the same.
const char* const confirm =
    "SELECT pg_advisory_xact_lock($1::bigint), pg_logical_emit_message(true, 'dns_tools', '')";

// The casts do nothing to the table the module creates; they keep the binary results readable when
// somebody made the table with other types.
const char* const select =
    "SELECT id::uuid, created_at::timestamptz, client_ip::inet, domain::text, addresses::inet[],"
    " ttls::integer[]"
    " FROM dns_lookups";

// Only for the transaction: a pooler may lend the session to others afterwards.
const char* const limit_time = "SELECT set_config('statement_timeout', $1::text, true)";

std::string time_limit(std::chrono::milliseconds deadline) {
    // None at all would be no limit.
    return std::to_string(std::max(deadline * 9 / 10, std::chrono::milliseconds(1)).count()) + "ms";
}

// Deleting again what a crash brings back costs less than waiting for the disk.
const char* const hurry =
    "SELECT set_config('lock_timeout', '1s', true),"
    " set_config('statement_timeout', '10s', true),"
    " set_config('synchronous_commit', 'off', true)";

// The lock belongs to the transaction, because a session behind a pooling proxy is not one's own;
// its key is the ASCII of "dnsclean" as a big-endian number. The rows are deleted as a range, not
// one by one, so that partitions outside it are left alone.
const char* const delete_oldest =
    "WITH turn AS MATERIALIZED ("
    " SELECT pg_try_advisory_xact_lock(x'646e73636c65616e'::bigint) AS mine),"
    " oldest AS MATERIALIZED ("
    " SELECT id FROM dns_lookups"
    " WHERE id >= $1::uuid AND id < $2::uuid AND (SELECT mine FROM turn)"
    " ORDER BY id LIMIT $3::bigint),"
    " last AS MATERIALIZED (SELECT id FROM oldest ORDER BY id DESC LIMIT 1),"
    " deleted AS (DELETE FROM dns_lookups"
    " WHERE id >= $1::uuid AND id < $2::uuid AND id <= (SELECT id FROM last) RETURNING id)"
    " SELECT (SELECT mine FROM turn), (SELECT count(*) FROM deleted), (SELECT id FROM last)";

namespace {

constexpr const char* statements[] = {
    // Workers that start together take turns: CREATE TABLE IF NOT EXISTS alone may fail when two
    // run at once. The key is the ASCII of "dnstools" as a big-endian number. What already exists
    // is no news, so notices of it are left out.
    "SELECT set_config('client_min_messages', 'warning', true),"
    " pg_advisory_xact_lock(x'646e73746f6f6c73'::bigint)",

    "CREATE TABLE IF NOT EXISTS dns_lookups ("
    " id uuid PRIMARY KEY,"
    " created_at timestamptz NOT NULL,"
    " client_ip inet,"
    " domain text NOT NULL,"
    " addresses inet[] NOT NULL,"
    " ttls integer[] NOT NULL)",

    "ALTER TABLE dns_lookups"
    " ADD COLUMN IF NOT EXISTS client_ip inet,"
    " ADD COLUMN IF NOT EXISTS ttls integer[] NOT NULL DEFAULT '{}'",

    "CREATE OR REPLACE VIEW dns_lookup_addresses AS"
    " SELECT l.id, l.created_at, l.client_ip, l.domain, a.ip, a.ttl, a.position"
    " FROM dns_lookups AS l"
    " CROSS JOIN unnest(l.addresses, l.ttls) WITH ORDINALITY AS a (ip, ttl, position)",
};

}  // namespace

std::span<const char* const> create() noexcept {
    return statements;
}

}  // namespace dns_tools::history::schema
