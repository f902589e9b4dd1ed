#include "history/schema.hpp"

// Names are not qualified: the role's search_path says where the tables are.
namespace dns_tools::history::schema {

const char* const insert =
    "INSERT INTO dns_lookups (id, created_at, client_ip, domain, addresses, ttls)"
    " SELECT id, created_at, client_ip, domain, addresses::inet[], ttls::integer[]"
    " FROM unnest($1::uuid[], $2::timestamptz[], $3::inet[], $4::text[], $5::text[], $6::text[])"
    " AS batch (id, created_at, client_ip, domain, addresses, ttls)"
    " ON CONFLICT DO NOTHING";

// The casts do nothing to the table the module creates; they keep the binary results readable when
// somebody made the table with other types.
const char* const latest =
    "SELECT id::uuid, created_at::timestamptz, client_ip::inet, domain::text, addresses::inet[],"
    " ttls::integer[]"
    " FROM dns_lookups ORDER BY dns_lookups.id DESC LIMIT $1::bigint";

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
