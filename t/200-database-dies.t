# The database goes away under load, in every way it can, and comes back: no 200 is lost.

use v5.36;

use DnsTools::Ordeal;
use DnsTools::Test;

my $dns   = DnsTools::Knot->start;
my $pg    = DnsTools::Postgres->start;
my $nginx = DnsTools::Nginx->start(
    workers => 2,
    http    => use_dns($dns) . use_pg($pg));
wait_until('the schema', sub { $pg->table_exists });
my $ordeal = DnsTools::Ordeal->new(nginx => $nginx, pg => $pg);

sub through ($what, $harm) { return $ordeal->through($what, $harm) }

sub sessions() {
    return $pg->sql(q{SELECT count(*) FROM pg_stat_activity WHERE usename = 'dns_tools'});
}

through 'restarted fast' => sub ($load) {
    for (1 .. 2) {
        $pg->stop;
        $load->more(200);
        $pg->run;
        $load->more(200);
    }
};

through 'crashed' => sub ($load) {
    for (1 .. 2) {
        $pg->crash;
        $load->more(200);
        $pg->run;
        $load->more(200);
    }
};

through 'killed with SIGKILL, as by the kernel for want of memory' => sub ($load) {
    my ($backend) = split /\n/,
        $pg->sql(q{SELECT pid FROM pg_stat_activity WHERE usename = 'dns_tools'});
    kill 'KILL', $backend;
    wait_until('the server recovers', sub { $pg->log_text =~ /all server processes terminated/ });
    $load->more(200);
};

through 'stopped with SIGSTOP and continued' => sub ($load) {
    $pg->freeze;
    $load->more(1000);
    $pg->thaw;
};

through 'its backends are terminated, again and again' => sub ($load) {
    for (1 .. 5) {
        wait_until('the workers are back', sub { sessions >= 2 });
        $pg->sql(
            q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'dns_tools'});
        $load->more(100);
    }
};

through 'its statements are cancelled' => sub ($load) {
    for (1 .. 20) {
        $pg->sql(
            q{SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE usename = 'dns_tools'});
        $load->more(50);
    }
};

through 'it only reads for a while' => sub ($load) {
    $pg->set(default_transaction_read_only => 'on');
    $load->more(500);
    ok $ordeal->log_has(qr/25006/), 'the log says so';
    $pg->set(default_transaction_read_only => undef);
};

$nginx->finish;
$ordeal->reckon('after nginx has left');
done_testing;
