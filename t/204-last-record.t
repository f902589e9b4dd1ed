# One record and then silence: it is written at once, though nothing follows. And what the queue in
# memory loses when nginx is told to leave at once: what was pending, which the log counts.

use v5.36;

use List::Util  qw(sum0);
use Time::HiRes qw(time);

use DnsTools::Ordeal;
use DnsTools::Test;

my $dns = DnsTools::Knot->start;
my $pg  = DnsTools::Postgres->start;

my $nginx = DnsTools::Nginx->start(
    workers => 2,
    http    => use_dns($dns) . use_pg($pg));
wait_until('the schema', sub { $pg->table_exists });
my $ordeal = DnsTools::Ordeal->new(nginx => $nginx, pg => $pg);

# Every other reason to send would take five seconds or more.
sub written_at_once ($what, $name) {
    my $id    = $ordeal->ask($name);
    my $start = time;
    my $there = eventually(sub { $pg->row($id) }, 1);
    ok $there, sprintf '%s: written within %.0f ms', $what, 1000 * (time - $start);
    return;
}

written_at_once("a single record, $_", "single$_.wild.test") for 1 .. 3;
for my $round (1 .. 3) {
    $nginx->reload;
    written_at_once("the first record after reload $round", "reloaded$round.wild.test");
}
$ordeal->through('many at a time' => sub ($load) { $load->more(300) });
written_at_once('a single record behind them', 'behind.wild.test');
$ordeal->reckon('all of them');

my $load = DnsTools::Load->start(port => $nginx->port, clients => 4, pause => 0.002);
$load->more(200);
$pg->stop;
$load->more(500);
is $load->stop, '', 'no client has a complaint';
$nginx->process->signal('TERM');
ok $nginx->process->wait_end(5), 'SIGTERM with the database down: nginx leaves at once';
$pg->run;
my %rows = map { $_ => 1 } $pg->ids;
my @ids  = $load->ids;
my $lost = grep { !$rows{$_} } @ids;
my $told = sum0 $ordeal->log_text =~ /(\d+) lookups that were answered are not saved/g;
cmp_ok $lost, '>', 0, 'the queue in memory loses what was pending';
SKIP: {
    skip 'the master kills a worker that takes more than a second to leave', 1
        if $ENV{TEST_NGINX_VALGRIND};
    is $lost, $told, @ids . " answered, $lost lost, and the log says so";
}

$nginx->finish;
done_testing;
