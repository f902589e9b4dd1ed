# The schema is created, or only verified, and an existing one is kept.

use v5.36;

use DnsTools::Test;

my $pg       = DnsTools::Postgres->start;
my $database = use_pg($pg);

subtest 'verify without a schema' => sub {
    my $nginx = DnsTools::Nginx->start(http => "$database dns_tools_schema verify;");
    is $nginx->http->get(lookup 'localhost')->status, 200, 'a lookup is answered';
    ok $nginx->log_has(qr/dns_lookups|schema/), 'the log says what is missing'
        or diag $nginx->errors;
    ok eventually(sub { $nginx->http->get('/ready')->json->{status} eq 'degraded' }), 'degraded';
    ok !$pg->table_exists, 'nothing was created';
    ok $nginx->quit(30),   'nginx leaves by itself';
    $nginx->finish;
};

subtest 'create, by several workers at once' => sub {
    my $nginx = DnsTools::Nginx->start(http => $database, workers => 4);
    wait_until('the schema', sub { $pg->table_exists });
    is $nginx->http->get(lookup 'localhost')->status, 200, 'a lookup';
    ok $pg->reaches(1), 'is saved';
    $nginx->finish(above_warn => 1);
};

subtest 'its shape' => sub {
    my $columns = $pg->sql(<<~'SQL');
        SELECT string_agg(column_name || ' ' || udt_name, ', ' ORDER BY column_name)
        FROM information_schema.columns WHERE table_name = 'dns_lookups'
            AND column_name IN ('id', 'created_at', 'client_ip', 'domain', 'addresses')
        SQL
    is $columns, 'addresses _inet, client_ip inet, created_at timestamptz, domain text, id uuid',
        'columns';
    is $pg->sql(q{SELECT string_agg(indexdef, ';') FROM pg_indexes WHERE tablename = 'dns_lookups'})
        =~ /\(id\)/
        && $pg->sql(q{SELECT count(*) FROM pg_indexes WHERE tablename = 'dns_lookups'}),
        1, 'the primary key is the only index';
    is $pg->sql('SELECT count(*) FROM dns_lookup_addresses'), 1, 'a row an address in the view';
};

subtest 'an existing schema is kept' => sub {
    my $nginx = DnsTools::Nginx->start(http => $database);
    is $nginx->http->get(lookup 'localhost')->status, 200, 'a lookup';
    ok $pg->reaches(2), 'is saved beside the first';
    $nginx->finish(above_warn => 1);
};

subtest 'verify, as a role that may only insert and select' => sub {
    $pg->sql(q{CREATE ROLE modest LOGIN});
    $pg->sql(q{GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA public TO modest});
    my $nginx =
        DnsTools::Nginx->start(http => use_pg($pg, user => 'modest') . 'dns_tools_schema verify;');
    is $nginx->http->get(lookup 'localhost')->status, 200, 'a lookup';
    ok $pg->reaches(3), 'is saved' or diag $nginx->errors;
    is scalar @{$nginx->http->get('/history')->json}, 3, 'and read';
    $nginx->finish(above_warn => 1);
};

subtest 'create, as a role that may not, finds the schema there' => sub {
    my $nginx = DnsTools::Nginx->start(http => use_pg($pg, user => 'modest'));
    is $nginx->http->get(lookup 'localhost')->status, 200, 'a lookup';
    ok $pg->reaches(4), 'is saved' or diag $nginx->errors;
    $nginx->finish(above_warn => 1);
};

done_testing;
