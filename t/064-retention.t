# Lookups that are too old go, those that are not stay, also when two workers delete.

use v5.36;

use DnsTools::Load;
use DnsTools::Test;

my $dns = DnsTools::Knot->start;
my $pg  = DnsTools::Postgres->start;

# Rows of an hour and more, a second apart, with ids that carry their time.
sub insert_rows ($count) {
    $pg->sql(<<~"SQL", user => 'dns_tools');
        INSERT INTO dns_lookups
        SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7000'
                || '8' || substr(md5(n::text), 1, 15))::uuid,
            at, '192.0.2.7', 'old.test', '{192.0.2.1}', '{60}'
        FROM generate_series(1, $count) n, LATERAL (SELECT now() - interval '1 hour' - n * interval '1s') t(at)
        SQL
    return;
}

sub old_rows () { return $pg->sql(q{SELECT count(*) FROM dns_lookups WHERE domain = 'old.test'}) }

my $conf  = use_dns($dns) . use_pg($pg);
my $nginx = DnsTools::Nginx->start(workers => 2, http => $conf);
wait_until('the schema', sub { $pg->table_exists });
insert_rows(3500);

# Every deletion leaves a trace.
$pg->sql(<<~'SQL');
    CREATE TABLE deletions (transaction xid8);
    CREATE FUNCTION trace() RETURNS trigger SECURITY DEFINER LANGUAGE plpgsql AS $$ BEGIN
        INSERT INTO deletions VALUES (pg_current_xact_id());
        RETURN OLD;
    END $$;
    CREATE TRIGGER trace BEFORE DELETE ON dns_lookups FOR EACH ROW EXECUTE FUNCTION trace();
    SQL

# An nginx of another host, whose role may not delete.
$pg->sql('CREATE ROLE modest LOGIN');
$pg->sql('GRANT SELECT, INSERT ON dns_lookups TO modest');
my $modest = DnsTools::Nginx->start(
    http => use_dns($dns) . use_pg($pg, user => 'modest') . 'dns_tools_retention 1m;');

$nginx->write_conf(http => "$conf dns_tools_retention 90s;");
$nginx->reload;
my $load = DnsTools::Load->start(port => $nginx->port, clients => 2);
ok eventually(sub { old_rows == 0 }, 30), 'what is too old goes' or diag old_rows;
is $load->stop, '', 'lookups go on';
ok $pg->reaches(scalar(my @ids = $load->ids)), 'and their rows stay';
is $pg->sql(
    'SELECT max(rows) FROM (SELECT count(*) AS rows FROM deletions GROUP BY transaction) AS steps'),
    1000, 'in steps of 1,000';

$nginx->finish(above_warn => 1);

subtest 'a role that may not delete' => sub {
    ok $modest->log_has(qr/old lookups are not deleted: permission denied .*42501/, 20),
        'the log says so';
    my $id = $modest->http->get(lookup 'localhost')->json->{id};
    ok eventually(sub { $pg->row($id) }), 'lookups are saved';
    insert_rows(10);
    $pg->sql('GRANT DELETE ON dns_lookups TO modest');
    ok eventually(sub { old_rows == 0 }, 40), 'once it may, old ones go' or diag old_rows;
    ok $modest->log_has(qr/old lookups are deleted again/), 'and the log says that';
};

$modest->finish;
done_testing;
