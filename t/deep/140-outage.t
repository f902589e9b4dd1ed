# The database is away for minutes, under load: the latency of lookups stays as it was and the
# worker's own memory flat; when the database is back, what has waited is written quickly, and
# /history is quick meanwhile. OUTAGE=SECONDS, 120 unless given.

use v5.36;

use JSON::PP;
use Time::HiRes qw(sleep time);

use DnsTools::Load;
use DnsTools::Ordeal;
use DnsTools::Test;

my $outage  = $ENV{OUTAGE} // 120;
my $dns     = DnsTools::Knot->start;
my $pg      = DnsTools::Postgres->start;
my $journal = temp_folder('journal') . '/queue';
my $nginx   = DnsTools::Nginx->start(
    http => use_dns($dns)
        . use_pg($pg)
        . "dns_tools_journal $journal size=1g; dns_tools_zone dns:1m;"
        . 'keepalive_requests 100000000; access_log off;',
    server => DnsTools::Nginx::routes() . 'location = /stats { dns_tools_stats; }');
my ($worker) = $nginx->worker_pids;
my $http = $nginx->http;
wait_until('the schema', sub { $pg->table_exists });

sub memory ($what) { return (slurp("/proc/$worker/status") =~ /^$what:\s+(\d+)/m)[0] }
sub pending()      { return $http->get('/stats')->json->{history}{pending} }

sub quantile ($q, @times) {
    my @sorted = sort { $a <=> $b } @times;
    return 1000 * $sorted[$q * $#sorted];
}

# Lookups for so many seconds, and how long they took.
my @answered;

sub lookups ($seconds, $what) {
    my $load = DnsTools::Load->start(port => $nginx->port, clients => 4);
    sleep $seconds;
    is $load->stop, '', "no client has a complaint: $what";
    is scalar $load->failures, 0, "all are answered with 200: $what";
    push @answered, $load->ids;
    diag sprintf '%-28s %7.0f lookups/s, %.3f ms median, %.3f ms p99', $what,
        scalar($load->times) / $seconds, map { quantile($_, $load->times) } 0.5, 0.99;
    return $load->times;
}

lookups(5, 'warming up');
my @before = lookups(20, 'with the database');
$pg->stop;
my @memory = (memory('RssAnon'));
my @start  = lookups(20, 'without it, at first');
push @memory, memory('RssAnon');
lookups($outage - 40, 'without it');
my @end = lookups(20, 'without it, at the end');
push @memory, memory('RssAnon');

for my $q (0.5, 0.9) {
    my ($with, @without) = map { quantile($q, @$_) } \@before, \@start, \@end;
    my $bound = $with * ($q == 0.5 ? 1.5 : 2.5);
    cmp_ok $_, '<', $bound, "latency without the database, quantile $q" for @without;
}
diag "the worker's own memory: @memory kB; of its mapped journal in memory: ", memory('RssFile'),
    ' kB';
cmp_ok $memory[2] - $memory[0], '<', 4096, 'memory stays flat (kB)';

my $backlog = pending;
cmp_ok $backlog, '>', 1000 * $outage, "much waits: $backlog lookups";
$pg->run;
my ($first, @history);
until ((my $left = pending) == 0) {
    $first //= time if $left < $backlog;
    my $start  = time;
    my $answer = $http->get('/history?limit=100');
    # The reader may not have its connection yet.
    push @history, time - $start if $answer->status == 200;
    sleep 0.01;
}
my $rate = $backlog / (time - $first);
diag sprintf 'drained %d lookups at %.0f rows/s; /history meanwhile, %d times: %.3f ms median, '
    . '%.3f ms at most', $backlog, $rate, scalar @history, map { quantile($_, @history) } 0.5, 1;
cmp_ok $rate,             '>', 50_000, 'rows a second';
cmp_ok scalar @history,   '>', 20,     'there was time to look at the history';
cmp_ok quantile(0.99, @history), '<', 250, '/history stays quick (ms)';

my %rows = map { $_ => 1 } $pg->ids;
is scalar(grep { !$rows{$_} } @answered), 0, scalar(@answered) . ' answered, none lost';
is scalar(keys %rows), scalar(@answered), 'and none is there twice';

$nginx->finish;
done_testing;
