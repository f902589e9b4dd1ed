# The documented partitions (docs/sql): the module writes to them and reads from them, time ranges
# touch no others, old ones are dropped, and an existing table becomes one under load.

use v5.36;

use DnsTools::Load;
use DnsTools::Test;

my $dns = DnsTools::Knot->start;

sub as_owner ($pg) {
    return sub ($statement) { return $pg->sql($statement, user => 'dns_tools') };
}

# A row of that instant, an SQL expression.
sub insert_row ($sql, $instant, $domain) {
    $sql->(<<~"SQL");
        INSERT INTO dns_lookups
        VALUES (dns_lookups_first_id($instant), $instant, NULL, '$domain', '{}', '{}')
        SQL
    return;
}

sub partition_of ($sql, $domain) {
    return $sql->("SELECT tableoid::regclass FROM dns_lookups WHERE domain = '$domain'");
}

# What others than its owner may do with the table and with its columns.
sub privileges ($sql) {
    return $sql->(<<~'SQL');
        SELECT DISTINCT coalesce(part.name, 'all'), a.privilege_type, a.grantee::regrole, a.is_grantable
        FROM pg_class AS c
        CROSS JOIN LATERAL (SELECT NULL, c.relacl UNION ALL
            SELECT attname, attacl FROM pg_attribute WHERE attrelid = c.oid) AS part (name, acl)
        CROSS JOIN aclexplode(part.acl) AS a
        WHERE c.oid = 'dns_lookups'::regclass AND a.grantee <> c.relowner ORDER BY 1, 2, 3
        SQL
}

# The tables that a search between two instants looks into.
sub tables_read ($sql, $from, $until) {
    my $plan = $sql->(<<~"SQL");
        EXPLAIN (COSTS off) SELECT * FROM dns_lookups
        WHERE id >= dns_lookups_first_id($from) AND id < dns_lookups_first_id($until)
        SQL
    my %tables = map { $_ => 1 } $plan =~ /Scan (?:using \w+ )?on (dns_lookups_[a-z0-9]+) /g;
    return join ' ', sort keys %tables;
}

subtest 'bounds' => sub {
    my $pg    = DnsTools::Postgres->start;
    my $sql   = as_owner($pg);
    my $nginx = DnsTools::Nginx->start(http => use_dns($dns) . use_pg($pg));
    wait_until('the schema', sub { $pg->table_exists });
    my $http = $nginx->http;
    $http->get(lookup "d$_.wild.test") for 1 .. 300;
    ok $pg->reaches(300), 'lookups';
    $pg->sql_file('partitioning-functions.sql', user => 'dns_tools');
    is $sql->(<<~'SQL'), 0, 'ids lie between the bounds of their microsecond and the next';
        SELECT count(*) FROM dns_lookups WHERE id < dns_lookups_first_id(created_at)
            OR id >= dns_lookups_first_id(created_at + interval '1 microsecond')
        SQL
    is $sql->(<<~'SQL'), 0, 'and carry their instant';
        SELECT count(*) FROM dns_lookups
        WHERE dns_lookups_instant(id) <> date_trunc('milliseconds', created_at)
        SQL
    is $sql->(q{SELECT dns_lookups_first_id('1970-01-01 00:00Z')}),
        '00000000-0000-7000-8000-000000000000', 'the first one of all';

    subtest 'an existing table becomes a partition under load' => sub {
        $pg->sql('ALTER ROLE dns_tools CREATEROLE');
        $pg->sql_file('roles.sql', user => 'dns_tools');
        $pg->sql('CREATE ROLE auditor');
        $sql->($_)
            for 'GRANT SELECT ON dns_lookups TO auditor WITH GRANT OPTION',
            'GRANT UPDATE (domain), REFERENCES (id) ON dns_lookups TO auditor WITH GRANT OPTION',
            'GRANT SELECT (created_at) ON dns_lookups TO PUBLIC';
        my $privileges = privileges($sql);
        my $load = DnsTools::Load->start(port => $nginx->port, clients => 2);
        wait_until('load', sub { $load->progress > 500 });
        my $before = $load->progress;
        $pg->sql_file('partitioning-convert.sql', user => 'dns_tools');
        wait_until('more load', sub { $load->progress > $before + 500 });
        is $load->stop, '', 'no client has a complaint';
        my @ids = $load->ids;
        is scalar(my @failures = $load->failures), 0, 'no lookup fails';
        ok $pg->reaches(300 + @ids), 'every one is a row' or diag $pg->count, ' of ', 300 + @ids;
        is $sql->('SELECT count(*) FROM dns_lookups_before'), $pg->count, 'of the first partition';
        is $sql->('SELECT count(*) FROM dns_lookup_addresses'),   $pg->count, 'the view shows them';
        is $sql->('SELECT count(*) FROM dns_lookups_partitions'), 8, 'and others follow it';
        is $sql->(
            q{SELECT until > now() + interval '7 days' FROM dns_lookups_partitions
            WHERE partition = 'dns_lookups_before'::regclass}
            ),
            't', 'in a week';
        is $sql->(
            q{SELECT count(*) FROM dns_lookups_partitions a JOIN dns_lookups_partitions b
            ON a.until = b.since}
            ),
            7, 'without a gap';

        is privileges($sql), $privileges, 'who had privileges still has them';

        $pg->sql_file('partitioning-convert.sql', user => 'dns_tools');
        is $sql->('SELECT count(*) FROM dns_lookups_partitions'), 8, 'a second run changes nothing';
        is $sql->(q{SELECT count(*) FROM pg_constraint WHERE conname = 'dns_lookups_before'}), 0,
            'and refuses no lookup later';
        insert_row($sql, q{now() - interval '1 hour'}, 'old.test');
        my $reads = use_pg($pg, user => 'dns_tools_reader')
            =~ s/dns_tools_database/dns_tools_database_reads/r;
        $nginx->write_conf(http => use_dns($dns)
                . use_pg($pg, user => 'dns_tools_writer')
                . $reads
                . 'dns_tools_schema verify; dns_tools_retention 1m;');
        $nginx->reload;
        my $id = $nginx->http->get(lookup 'one.test')->json->{id};
        ok eventually(sub { $pg->row($id) }), 'the writer saves';
        is $nginx->http->get('/history?limit=1')->json->[0]{id}, $id, 'the reader shows';
        ok eventually(sub { partition_of($sql, 'old.test') eq '' }, 20),
            'the writer deletes what is too old';
        $nginx->finish(above_warn => 1);
    };
};

subtest 'a table with partitions from the start' => sub {
    my $pg  = DnsTools::Postgres->start;
    my $sql = as_owner($pg);
    $pg->sql_file($_, user => 'dns_tools') for qw(partitioning-functions.sql partitioning-new.sql);
    for my $mode (qw(verify create)) {
        my $nginx =
            DnsTools::Nginx->start(http => use_dns($dns) . use_pg($pg) . "dns_tools_schema $mode;");
        my $before = $pg->count;
        my @ids    = map { $nginx->http->get(lookup "d$_.wild.test")->json->{id} } 1 .. 50;
        ok $pg->reaches($before + 50), "$mode: lookups are rows";
        my @newest = reverse map { $_->{id} } @{$nginx->http->get('/history?limit=50')->json};
        is "@newest", "@ids", "$mode: /history shows them";
        $nginx->finish(above_warn => 1);
    }
    is $sql->(<<~'SQL'), 100, 'they are in the partition of the day';
        SELECT count(*) FROM dns_lookups l JOIN dns_lookups_partitions p ON p.partition = l.tableoid
        WHERE created_at >= since AND created_at < until AND until = since + interval '1 day'
        SQL

    my @partitions = split /\n/,
        $sql->('SELECT partition FROM dns_lookups_partitions ORDER BY since');
    my $day = "'" . $sql->('SELECT min(since) FROM dns_lookups_partitions') . "'::timestamptz";
    is tables_read($sql, $day, "$day + interval '1 day'"), $partitions[0],
        'a range of one day reads no other partition';
    is tables_read($sql, "$day + interval '1 hour'", "$day + interval '2 days'"),
        "@partitions[0, 1]", 'a range of two, two';
    is tables_read($sql, q{'2001-01-01 00:00Z'}, q{'2001-01-02 00:00Z'}), 'dns_lookups_default',
        'a range that has none, the default one';

    insert_row($sql, q{now() + interval '2 days'},  'in-two-days.test');
    insert_row($sql, q{now() + interval '9 days'},  'in-nine-days.test');
    insert_row($sql, q{now() - interval '40 days'}, 'late.test');
    insert_row($sql, q{now() - interval '99 days'}, 'too-late.test');
    like partition_of($sql, 'in-two-days.test'), qr/^dns_lookups_2\d{7}$/, 'one of its own';
    is partition_of($sql, $_), 'dns_lookups_default', "$_ has none"
        for qw(in-nine-days.test late.test too-late.test);

    $sql->(q{SELECT dns_lookups_make_partitions('day', 7)});    # it may be past midnight
    is $sql->(q{SELECT dns_lookups_make_partitions('day', 7)}),  0, 'there is nothing to make';
    is $sql->(q{SELECT dns_lookups_make_partitions('day', 12)}), 5, 'five days more';
    like partition_of($sql, 'in-nine-days.test'), qr/^dns_lookups_2\d{7}$/, 'rows move there';
    cmp_ok $sql->(q{SELECT dns_lookups_make_partitions('month', 2)}), '>=', 2, 'months follow days';
    like eval { $sql->(q{SELECT dns_lookups_make_partitions('year', 2)}) } // $@,
        qr/a day or a month, not a year/, 'but not years';

    $sql->(<<~'SQL');
        DO $$ BEGIN EXECUTE format(
            'CREATE TABLE old PARTITION OF dns_lookups FOR VALUES FROM (%L) TO (%L)',
            dns_lookups_first_id(now() - interval '95 days'),
            dns_lookups_first_id(now() - interval '91 days'));
        END $$
        SQL
    insert_row($sql, q{now() - interval '92 days'}, 'old.test');
    is partition_of($sql, 'old.test'), 'old', 'an old partition';
    my $rows = $pg->count;
    is $sql->(q{SELECT dns_lookups_drop_partitions('90 days')}), 1, 'is dropped';
    is $pg->count,                      $rows - 2, 'with its row, and the one as old that had none';
    is partition_of($sql, 'late.test'), 'dns_lookups_default', 'what is younger stays';

    subtest 'a partition that is missing, and a column' => sub {
        $sql->("DROP TABLE $_") for @partitions[0, 1];
        $sql->('DROP VIEW dns_lookup_addresses');
        $sql->('ALTER TABLE dns_lookups DROP COLUMN ttls');
        my $nginx  = DnsTools::Nginx->start(http => use_dns($dns) . use_pg($pg));
        my $before = $pg->count;
        $nginx->http->get(lookup "d$_.wild.test") for 1 .. 20;
        ok $pg->reaches($before + 20), 'lookups are saved all the same';
        is $sql->('SELECT count(*) FROM dns_lookups_default WHERE cardinality(ttls) = 1'), 20,
            'where those go that have none';
        is $sql->('SELECT count(*) FROM dns_lookup_addresses'), 20, 'the view is made';
        $nginx->finish(above_warn => 1);
    };
};

done_testing;
