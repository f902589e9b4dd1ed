# 50,000 random names from 8 kept connections: as many rows as 200s, none twice.

use v5.36;

use DnsTools::Load;
use DnsTools::Test;

my $dns   = DnsTools::Knot->start;
my $pg    = DnsTools::Postgres->start;
my $nginx = DnsTools::Nginx->start(
    workers => 2,
    http    => use_dns($dns) . use_pg($pg) . 'keepalive_requests 1000000;');
wait_until('the schema', sub { $pg->table_exists });

my $load = DnsTools::Load->start(port => $nginx->port, clients => 8, requests => 6250);
is $load->wait_end(600), '', 'no client has a complaint';
my @ids = $load->ids;
is scalar @ids, 50_000, 'every lookup is a 200';
ok $pg->reaches(50_000, 60), '50,000 rows' or diag $pg->count;
ids_are $pg, \@ids, 'with the ids of the answers';

is join("\n", grep { /\[(?:error|crit|alert|emerg)\]/ } split /\n/, $nginx->errors), '',
    'nothing above warn';
$nginx->finish(above_warn => 1);
done_testing;
