-- A partitioned table from the start, in a database that has no dns_lookups. To be run as the role
-- that is to own it, after partitioning-functions.sql. The module takes it as it is, with
-- dns_tools_schema create as with verify.
BEGIN;

CREATE TABLE dns_lookups (
    id uuid PRIMARY KEY,
    created_at timestamptz NOT NULL,
    client_ip inet,
    domain text NOT NULL,
    addresses inet[] NOT NULL,
    ttls integer[] NOT NULL
) PARTITION BY RANGE (id);

-- For what no other partition takes. Without it PostgreSQL would refuse such lookups, and the module
-- would have to set them aside.
CREATE TABLE dns_lookups_default PARTITION OF dns_lookups DEFAULT;

CREATE VIEW dns_lookup_addresses AS
    SELECT l.id, l.created_at, l.client_ip, l.domain, a.ip, a.ttl, a.position
    FROM dns_lookups AS l
    CROSS JOIN unnest(l.addresses, l.ttls) WITH ORDINALITY AS a (ip, ttl, position);

SELECT dns_lookups_make_partitions('day', 7);

COMMIT;
