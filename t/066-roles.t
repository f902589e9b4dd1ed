# The documented roles (docs/sql/roles.sql) may do just what they need.

use v5.36;

use DnsTools::Test;

my $dns = DnsTools::Knot->start;
my $pg  = DnsTools::Postgres->start;
$pg->sql('ALTER ROLE dns_tools CREATEROLE');
my $owner = DnsTools::Nginx->start(http => use_pg($pg));
wait_until('the schema', sub { $pg->table_exists });
$owner->finish(above_warn => 1);
$pg->sql_file('roles.sql', user => 'dns_tools');

my $reads =
    use_pg($pg, user => 'dns_tools_reader') =~ s/dns_tools_database/dns_tools_database_reads/r;
my $nginx =
    DnsTools::Nginx->start(http => use_dns($dns)
        . use_pg($pg, user => 'dns_tools_writer')
        . $reads
        . 'dns_tools_schema verify; dns_tools_retention 1m;');
my @ids = map { $nginx->http->get(lookup "d$_.wild.test")->json->{id} } 1 .. 10;
ok $pg->reaches(10), 'the writer saves';
ids_are $pg, \@ids, 'each lookup once';
is scalar @{$nginx->http->get('/history')->json}, 10, 'the reader shows';

$pg->sql(
    q{UPDATE dns_lookups SET id = ('00000000' || substr(id::text, 9))::uuid
    WHERE id IN (SELECT id FROM dns_lookups LIMIT 4)});
ok eventually(sub { $pg->count == 6 }, 20), 'the writer deletes what is too old'
    or diag $nginx->errors;
$nginx->finish(above_warn => 1);

sub refused ($role, $statement) {
    my $done = eval { $pg->sql($statement, user => $role); 1 };
    ok !$done && $@ =~ /permission denied|must be owner/, "not for $role: $statement" or diag $@;
    return;
}

refused dns_tools_writer => 'SELECT domain FROM dns_lookups';
refused dns_tools_writer => q{UPDATE dns_lookups SET domain = 'x'};
refused dns_tools_writer => 'TRUNCATE dns_lookups';
refused dns_tools_writer => 'DROP TABLE dns_lookups';
refused dns_tools_reader => q{INSERT INTO dns_lookups (domain) VALUES ('x')};
refused dns_tools_reader => 'DELETE FROM dns_lookups';
is $pg->sql('SELECT count(*) FROM dns_lookup_addresses', user => 'dns_tools_reader'), 6,
    'the reader reads the view';

done_testing;
