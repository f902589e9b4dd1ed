-- Partitions of dns_lookups by time: what makes them ahead of time and drops them when they are old.
-- To be run as the owner of the table, before partitioning-new.sql or partitioning-convert.sql. It
-- may be run again at any time.
--
-- Afterwards, once a day (cron, a systemd timer, pg_cron), as the owner:
--
--     SELECT dns_lookups_make_partitions('day', 7);
--     SELECT dns_lookups_drop_partitions('90 days');
--
-- 'month' in place of 'day' makes a partition a month. Neither function waits longer than 5 seconds
-- for a lock: an error says that it is to be run again, when no long query holds the table.

-- The least id of a lookup that was answered at this instant or later. Ids are UUIDv7 (RFC 9562):
-- 48 bits of milliseconds, the version, 12 bits of 1/4096 of a millisecond, the variant, chance.
-- What is asked for by time is thus found by id, in the few partitions that can hold it:
--
--     SELECT * FROM dns_lookups
--     WHERE id >= dns_lookups_first_id('2026-11-23 00:00Z')
--         AND id < dns_lookups_first_id('2026-11-24 00:00Z');
CREATE OR REPLACE FUNCTION dns_lookups_first_id(instant timestamptz) RETURNS uuid
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    AS $$
        SELECT (lpad(to_hex(micros / 1000), 12, '0')
            || to_hex(x'7000'::bigint + (micros % 1000 * 4096 + 999) / 1000)
            || '8000000000000000')::uuid
        FROM (SELECT (extract(epoch FROM instant) * 1000000)::bigint AS micros) AS t
    $$;

-- The instant that an id carries, in milliseconds.
CREATE OR REPLACE FUNCTION dns_lookups_instant(id uuid) RETURNS timestamptz
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    AS $$
        SELECT to_timestamp(('x' || left(replace(id::text, '-', ''), 12))::bit(48)::bigint / 1000.0)
    $$;

-- The partitions that have an end, and the instant it is at.
CREATE OR REPLACE VIEW dns_lookups_partitions AS
    SELECT partition,
        dns_lookups_instant(substring(bounds FROM 'FROM \(''([0-9a-f-]{36})''\)')::uuid) AS since,
        dns_lookups_instant(substring(bounds FROM 'TO \(''([0-9a-f-]{36})''\)')::uuid) AS until
    FROM pg_inherits AS i
    JOIN pg_class AS c ON c.oid = i.inhrelid,
    LATERAL (SELECT c.oid::regclass AS partition, pg_get_expr(c.relpartbound, c.oid) AS bounds) AS t
    WHERE i.inhparent = to_regclass('dns_lookups') AND bounds ~ 'TO \(''';

-- Makes what is missing up to `ahead` days or months from now, and tells how many that were. The
-- first partition begins now, each other one where the last one ends. Lookups that have no partition
-- of their own are in dns_lookups_default; those that get one move there.
CREATE OR REPLACE FUNCTION dns_lookups_make_partitions(unit text, ahead integer) RETURNS integer
    LANGUAGE plpgsql SET timezone = 'UTC' SET lock_timeout = '5s'
    AS $$
    DECLARE
        since timestamptz := (SELECT max(until) FROM dns_lookups_partitions);
        until timestamptz;
        name text;
        made integer := 0;
    BEGIN
        IF unit NOT IN ('day', 'month') THEN
            RAISE 'a partition holds a day or a month, not a %', unit;
        END IF;
        since := coalesce(since, date_trunc(unit, now()));
        WHILE since < now() + ahead * ('1 ' || unit)::interval LOOP
            until := date_trunc(unit, since) + ('1 ' || unit)::interval;
            name := 'dns_lookups_' || to_char(since, 'YYYYMMDD');
            -- Nothing may come into it for the new partition between the move and the end.
            LOCK TABLE dns_lookups_default IN ACCESS EXCLUSIVE MODE;
            EXECUTE format('CREATE TABLE %I (LIKE dns_lookups INCLUDING ALL)', name);
            EXECUTE format(
                'WITH moved AS (DELETE FROM dns_lookups_default WHERE id >= %L AND id < %L RETURNING *)
                INSERT INTO %I SELECT * FROM moved',
                dns_lookups_first_id(since), dns_lookups_first_id(until), name);
            EXECUTE format('ALTER TABLE dns_lookups ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
                name, dns_lookups_first_id(since), dns_lookups_first_id(until));
            since := until;
            made := made + 1;
        END LOOP;
        RETURN made;
    END $$;

-- Drops the partitions that hold nothing younger than `keep`, and tells how many that were. What is
-- that old and has no partition of its own goes, too.
CREATE OR REPLACE FUNCTION dns_lookups_drop_partitions(keep interval) RETURNS integer
    LANGUAGE plpgsql SET timezone = 'UTC' SET lock_timeout = '5s'
    AS $$
    DECLARE
        old regclass;
        dropped integer := 0;
    BEGIN
        FOR old IN SELECT partition FROM dns_lookups_partitions WHERE until <= now() - keep LOOP
            EXECUTE format('DROP TABLE %s', old);
            dropped := dropped + 1;
        END LOOP;
        DELETE FROM dns_lookups_default WHERE id < dns_lookups_first_id(now() - keep);
        RETURN dropped;
    END $$;
