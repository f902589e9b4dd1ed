-- Turns the existing table into the first partition of a partitioned one, without a copy of its
-- rows, while lookups are saved and read. To be run by psql as the owner of the table, after
-- partitioning-functions.sql. If a step fails, such as for a lock it could not get in 5 seconds, it
-- may be run again as a whole; what is done already is not done twice. That must be within seven days,
-- or else
--     ALTER TABLE dns_lookups DROP CONSTRAINT dns_lookups_before;
-- because the constraint that the first step makes refuses every lookup that is later than its bound,
-- and the module sets aside what is refused for good.
\set ON_ERROR_STOP on
SET lock_timeout = '5s';

SELECT relkind = 'r' AS not_partitioned FROM pg_class WHERE oid = 'dns_lookups'::regclass \gset
\if :not_partitioned

-- Lookups of the next seven days still come into the existing table; that is how long the check of
-- what it holds may take. The bound is given once, so that a second run keeps it.
SELECT dns_lookups_first_id(date_trunc('day', now(), 'UTC') + interval '8 days') AS bound \gset
SELECT NOT EXISTS (SELECT FROM pg_constraint WHERE conrelid = 'dns_lookups'::regclass
    AND conname = 'dns_lookups_before') AS first_run \gset
\if :first_run
    ALTER TABLE dns_lookups ADD CONSTRAINT dns_lookups_before CHECK (id < :'bound') NOT VALID;
\else
    SELECT substring(pg_get_constraintdef(oid) FROM '[0-9a-f-]{36}') AS bound
    FROM pg_constraint WHERE conrelid = 'dns_lookups'::regclass AND conname = 'dns_lookups_before' \gset
\endif

-- Reads the whole table, and lets everybody else read and write meanwhile.
ALTER TABLE dns_lookups VALIDATE CONSTRAINT dns_lookups_before;

-- The check spares the reading of the table here, where nobody else may use it.
BEGIN;
ALTER TABLE dns_lookups RENAME TO dns_lookups_before;
ALTER INDEX dns_lookups_pkey RENAME TO dns_lookups_before_pkey;
CREATE TABLE dns_lookups (LIKE dns_lookups_before INCLUDING DEFAULTS, PRIMARY KEY (id))
    PARTITION BY RANGE (id);
ALTER TABLE dns_lookups ATTACH PARTITION dns_lookups_before
    FOR VALUES FROM (MINVALUE) TO (:'bound');
CREATE TABLE dns_lookups_default PARTITION OF dns_lookups DEFAULT;

-- The view still reads the table it was made for.
CREATE OR REPLACE VIEW dns_lookup_addresses AS
    SELECT l.id, l.created_at, l.client_ip, l.domain, a.ip, a.ttl, a.position
    FROM dns_lookups AS l
    CROSS JOIN unnest(l.addresses, l.ttls) WITH ORDINALITY AS a (ip, ttl, position);

-- Who might do what with the old table or a column of it may do it with the new one.
DO $$
DECLARE
    right_of record;
BEGIN
    FOR right_of IN
        SELECT a.grantee, a.privilege_type, a.is_grantable, part.of_column
        FROM pg_class AS c
        CROSS JOIN LATERAL (
            SELECT '', c.relacl
            UNION ALL
            SELECT format('(%I)', attname), attacl
            FROM pg_attribute WHERE attrelid = c.oid AND NOT attisdropped
        ) AS part (of_column, acl)
        CROSS JOIN aclexplode(part.acl) AS a
        WHERE c.oid = 'dns_lookups_before'::regclass AND a.grantee <> c.relowner
    LOOP
        EXECUTE format('GRANT %s %s ON dns_lookups TO %s %s',
            right_of.privilege_type, right_of.of_column,
            CASE right_of.grantee WHEN 0 THEN 'PUBLIC' ELSE right_of.grantee::regrole::text END,
            CASE WHEN right_of.is_grantable THEN 'WITH GRANT OPTION' ELSE '' END);
    END LOOP;
END $$;

ALTER TABLE dns_lookups_before DROP CONSTRAINT dns_lookups_before;
COMMIT;

\endif

-- From the bound on.
SELECT dns_lookups_make_partitions('day', 14);
