# Five reloads under load: every accepted request is answered, every 200 is a row.

use v5.36;

use DnsTools::Load;
use DnsTools::Test;

my $dns = DnsTools::Knot->start;
my $pg  = DnsTools::Postgres->start;
my $nginx =
    DnsTools::Nginx->start(http => use_dns($dns) . use_pg($pg));
wait_until('the schema', sub { $pg->table_exists });

my $load = DnsTools::Load->start(port => $nginx->port, clients => 4);
for (1 .. 5) {
    my $before = $load->progress;
    wait_until('more answers', sub { $load->progress > $before + 200 }, 30);
    $nginx->reload;
}
is $load->stop, '', 'no client has a complaint';

my @ids      = $load->ids;
my @failures = $load->failures;
is scalar @failures, 0, 'no lookup fails' or diag explain $failures[0];
cmp_ok scalar @ids, '>', 500, 'lookups: ' . @ids;
ok $pg->reaches(scalar @ids), 'as many rows as 200s' or diag $pg->count, ' of ', scalar @ids;
ids_are $pg, \@ids, 'the very same';

$nginx->finish(above_warn => 1);
done_testing;
