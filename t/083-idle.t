# An idle worker uses no CPU.

use v5.36;

use POSIX qw(_SC_CLK_TCK sysconf);

use DnsTools::Test;

my $dns = DnsTools::Knot->start;
my $pg  = DnsTools::Postgres->start;
my $nginx =
    DnsTools::Nginx->start(http => use_dns($dns) . use_pg($pg) . 'keepalive_timeout 60s;');
my ($worker) = $nginx->worker_pids;

# CPU in ticks, and how often the worker went to sleep: a turn of its loop each.
sub used() {
    my @fields  = split ' ', slurp("/proc/$worker/stat") =~ s/^.*\) //sr;
    my ($turns) = slurp("/proc/$worker/status") =~ /^voluntary_ctxt_switches:\s+(\d+)/m;
    return ($fields[11] + $fields[12], $turns);
}

sub is_idle ($what) {
    subtest $what => sub {
        my ($before, $turns_before) = used;
        select undef, undef, undef, 2;    # the time that is measured
        my ($after, $turns_after) = used;
        cmp_ok $after - $before, '<=', $ENV{TEST_NGINX_VALGRIND} ? 5 : 0, 'no CPU in two seconds';
        cmp_ok $turns_after - $turns_before, '<=', 5, 'no timer that ticks'
            or diag $turns_after - $turns_before;
    };
    return;
}

# Idle is what it is once everything has come to rest.
sub rest() {
    my $last = -1;
    wait_until(
        'rest',
        sub {
            my ($cpu, $turns) = used;
            my $same = $turns == $last;
            $last = $turns;
            select undef, undef, undef, 0.3;
            return $same;
        },
        15);
    return;
}

wait_until('the schema', sub { $pg->table_exists });
rest;
is_idle('before the first request');

my $http = $nginx->http;
$http->get(lookup "n$_.wild.test") for 1 .. 50;
$http->get(lookup 'many.test');
$http->get('/history');
$http->get('/ready');
ok $pg->reaches(51), 'some work';
rest;
is_idle('with connections to the database, the nameserver and a client open');

my $silent = DnsTools::FakeDns->start(rule => ['drop']);
$nginx->write_conf(http => use_dns($silent, 'timeout=100ms attempts=2') . use_pg($pg));
$nginx->reload;
($worker) = $nginx->worker_pids;
is $nginx->http->get(lookup 'one.test')->status, 504, 'a timeout';
rest;
is_idle('after a nameserver that was silent');

$nginx->finish(above_warn => 1);
done_testing;
