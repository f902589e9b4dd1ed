# A database that takes seconds to answer, or does not say a word for longer than the module waits
# (30 s), under load: what was sent is sent again, and is there once.

use v5.36;

use DnsTools::Ordeal;
use DnsTools::Proxy;
use DnsTools::Test;

my $dns   = DnsTools::Knot->start;
my $pg    = DnsTools::Postgres->start;
my $proxy = DnsTools::Proxy->start($pg);
my $nginx = DnsTools::Nginx->start(http => use_dns($dns) . use_pg($pg, $proxy->target));
wait_until('the schema', sub { $pg->table_exists });
my $ordeal = DnsTools::Ordeal->new(nginx => $nginx, pg => $pg, seconds => 60);

$ordeal->through(
    'answers come three seconds late' => sub ($load) {
        my $start = time;
        $proxy->delay(3);
        $load->more(1000) while time < $start + 10;
        $proxy->pass;
    });

# Returns once the module has given the connection up.
sub given_up() {
    my $connections = $proxy->counters->{connections};
    wait_until('the module gives up', sub { $proxy->counters->{connections} > $connections }, 60);
    ok $ordeal->log_has(qr/did not answer in time/), 'the log says so';
    return;
}

sub silence ($what, $begin) {
    $ordeal->through(
        $what => sub ($load) {
            $begin->();
            given_up;
            $proxy->pass;
        });
    return;
}

silence 'answers are lost on their way',     sub { $proxy->swallow('down') };
silence 'what is written is lost',           sub { $proxy->swallow('up') };
silence 'the server holds its answers back', sub { $proxy->hold('down') };
$ordeal->through(
    'the server is stopped with SIGSTOP, for longer than anybody waits' => sub ($load) {
        $pg->freeze;
        given_up;
        $load->more(2000);
        $pg->thaw;
    });

$nginx->finish;
$ordeal->reckon('after nginx has left');
done_testing;
