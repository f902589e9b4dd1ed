# A PostgreSQL that is stopped (SIGSTOP) does not change the latency of lookups. Measured in turns,
# so that whatever else the machine does hits both.

use v5.36;

use DnsTools::Load;
use DnsTools::Test;

my $dns = DnsTools::Knot->start;
my $pg  = DnsTools::Postgres->start;
my $nginx =
    DnsTools::Nginx->start(http => use_dns($dns) . use_pg($pg) . 'keepalive_requests 1000000;');
wait_until('the schema', sub { $pg->table_exists });

my %times = (running => [], stopped => []);
my $rows  = 0;
for my $round (0 .. 5) {
    for my $state ('running', 'stopped') {
        $pg->freeze if $state eq 'stopped';
        my $load = DnsTools::Load->start(port => $nginx->port, clients => 4, requests => 500);
        is $load->wait_end, '', "round $round, $state";
        $pg->thaw if $state eq 'stopped';
        $rows += $load->ids;
        push @{$times{$state}}, $load->times if $round;    # the first one only warms up
    }
}

sub quantile ($state, $q) {
    my @sorted = sort { $a <=> $b } @{$times{$state}};
    return $sorted[$q * $#sorted];
}
for my $q (0.5, 0.9) {
    my ($running, $stopped) = map { quantile($_, $q) } 'running', 'stopped';
    my $ratio = $stopped / $running;
    diag sprintf 'quantile %.1f: %.3f ms running, %.3f ms stopped, ratio %.2f', $q,
        1000 * $running, 1000 * $stopped, $ratio;
    cmp_ok $ratio, '<', $q == 0.5 ? 1.5 : 2.5, "quantile $q";
}
ok $pg->reaches($rows, 60), 'every 200 is a row' or diag $pg->count, " of $rows";

$nginx->finish(above_warn => 1);
done_testing;
