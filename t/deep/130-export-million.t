# An export of a million rows: the worker's memory stays flat, and its other requests quick.
# Lookups are timed in turns, beside an export and without one, so that whatever else the machine
# does hits both.

use v5.36;

use DnsTools::Load;
use DnsTools::Test;

my $rows = 1_000_000;
my $dns  = DnsTools::Knot->start;
my $pg   = DnsTools::Postgres->start;
my $nginx =
    DnsTools::Nginx->start(http => use_dns($dns) . use_pg($pg) . 'keepalive_requests 1000000;');
my ($worker) = $nginx->worker_pids;
my $url = 'http://127.0.0.1:' . $nginx->port . '/history?format=csv';
wait_until('the schema', sub { $pg->table_exists });
$pg->fill($rows);

sub memory() { return (slurp("/proc/$worker/status") =~ /^VmRSS:\s+(\d+)/m)[0] }

# One export in another process, into a file.
my $folder = temp_folder('export');
sub export (@arguments) {
    return DnsTools::Process->start(
        name   => 'curl',
        argv   => ['curl', '-sS', @arguments, '-o', "$folder/csv", $url],
        output => "$folder/errors");
}

my %times = (alone => [], beside => []);

sub lookups ($state) {
    my $load = DnsTools::Load->start(port => $nginx->port, clients => 2, requests => 500);
    is $load->wait_end, '', "lookups: $state";
    return $load->times;
}

lookups('warming up');
my $peak = my $before = memory;
for my $round (1 .. 4) {
    push @{$times{alone}}, lookups("round $round, alone");
    # As fast as a client may take them in the last round, at the pace of a network before.
    my $export = export($round < 4 ? ('--limit-rate', '20M') : ());
    push @{$times{beside}}, lookups("round $round, beside an export");
    while ($export->running) {
        my $now = memory;
        $peak = $now if $now > $peak;
        select undef, undef, undef, 0.05;
    }
    is $export->ended, 0, 'the export ends well';
}

open my $csv, '<', "$folder/csv" or die $!;
my ($lines, %seen) = 0;
while (<$csv>) {
    my ($id) = /^([0-9a-f-]{36}),/ or next;
    ++$lines;
    $id =~ tr/-//d;
    $seen{pack 'H*', $id} = 1;
}
cmp_ok $lines, '>=', $rows, 'all rows';
is scalar keys %seen, $lines, 'each once';
diag sprintf 'memory: %d kB before, at most %d kB during 4 exports of %d rows', $before, $peak,
    $rows;
cmp_ok $peak - $before, '<', 4096, 'memory stays flat (kB)';

sub quantile ($state, $q) {
    my @sorted = sort { $a <=> $b } @{$times{$state}};
    return $sorted[$q * $#sorted];
}
for my $q (0.5, 0.9, 0.99) {
    my ($alone, $beside) = map { 1000 * quantile($_, $q) } 'alone', 'beside';
    diag sprintf 'lookups, quantile %.2f: %.3f ms alone, %.3f ms beside an export', $q, $alone,
        $beside;
    cmp_ok $beside, '<', $alone + 20, "quantile $q stays small";
}

$nginx->finish(above_warn => 1);
done_testing;
