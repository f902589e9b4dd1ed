# 5,000 random names from 8 kept connections: as many rows as 200s, none twice.

use v5.36;

use DnsTools::Load;
use DnsTools::Test;

my $dns = DnsTools::Knot->start;
my $pg  = DnsTools::Postgres->start;
my $nginx =
    DnsTools::Nginx->start(http => use_dns($dns) . use_pg($pg) . 'keepalive_requests 1000000;');
wait_until('the schema', sub { $pg->table_exists });

my $load = DnsTools::Load->start(port => $nginx->port, clients => 8, requests => 625);
is $load->wait_end, '', 'no client has a complaint';

my @ids = $load->ids;
is scalar @ids, 5000, 'every lookup is a 200';
ok $pg->reaches(5000), '5,000 rows' or diag $pg->count;
ids_are $pg, \@ids, 'with the ids of the answers';
is $pg->sql('SELECT count(DISTINCT domain) FROM dns_lookups'), 5000, 'and the names';
is $pg->sql(q{SELECT count(*) FROM dns_lookups WHERE addresses <> ARRAY['203.0.113.7']::inet[]}),
    0, 'and the addresses';
is $pg->sql(
    q{SELECT count(*) FROM (SELECT created_at < lag(created_at) OVER (ORDER BY id) AS back FROM dns_lookups) AS x WHERE back}
    ),
    0, 'in the order of time';

is join("\n", grep { /\[(?:error|warn|crit|alert|emerg)\]/ } split /\n/, $nginx->errors), '',
    'nothing in the error log';
$nginx->finish(above_warn => 1);
done_testing;
