# Whatever dies of nginx, under load: the journal keeps what was answered, and another worker writes
# it.

use v5.36;

use IO::Select;

use DnsTools::Ordeal;
use DnsTools::Test;

my $dns     = DnsTools::Knot->start;
my $pg      = DnsTools::Postgres->start;
my $journal = temp_folder('journal') . '/queue';

sub start (%o) {
    return DnsTools::Nginx->start(
        workers => 2,
        http    => use_dns($dns) . use_pg($pg) . "dns_tools_journal $journal size=8m;",
        %o);
}
my $nginx = start;
wait_until('the schema', sub { $pg->table_exists });
my $ordeal = DnsTools::Ordeal->new(nginx => $nginx, pg => $pg);

sub through ($what, $harm, @options) { return $ordeal->through($what, $harm, @options) }

through 'SIGKILL of a worker, five times' => sub ($load) {
    for (1 .. 5) {
        $nginx->kill_worker;
        $load->more(100);
    }
    },
    resets => 1;

through 'SIGKILL of all workers with the database down' => sub ($load) {
    $pg->stop;
    $load->more(200);
    $nginx->kill_worker($_) for $nginx->worker_pids;
    $load->more(200);
    $pg->run;
    },
    resets => 1;

through 'SIGKILL of the master and all workers, then a restart, three times' => sub ($load) {
    for my $time (1 .. 3) {
        $pg->stop if $time == 2;
        $load->more(100);
        $nginx->crash;
        $nginx->run;
        $load->more(100);
        $pg->run if $time == 2;
    }
    },
    resets => 1;

through 'SIGTERM with the database down, then a restart' => sub ($load) {
    $pg->stop;
    $load->more(300);
    ok $nginx->terminate, 'nginx leaves at once';
    $pg->run;
    $nginx->run;
    },
    resets => 1;

through 'four workers before a restart with the database down, one behind it' => sub ($load) {
    $nginx->write_conf(workers => 4);
    $nginx->reload;
    $pg->stop;
    $load->more(300);
    cmp_ok scalar(my @four = glob "$journal/worker-*"), '>=', 4, 'a folder a worker';
    ok $nginx->terminate, 'nginx leaves at once';
    $nginx->write_conf(workers => 1);
    $nginx->run;
    $pg->run;
    },
    resets => 1;
ok eventually(sub { 1 == (my @one = glob "$journal/worker-*") }), 'one folder is left';

$nginx->write_conf(workers => 2);
$nginx->reload;
through 'twenty reloads' => sub ($load) {
    for (1 .. 20) {
        $nginx->process->signal('HUP');
        $load->more(40);
    }
    ok eventually(sub { $nginx->worker_pids == 2 }, 30), 'old workers leave';
};

# A request whose body is on its way keeps its worker.
through 'old and new workers alive together' => sub ($load) {
    my $body = '{"domain":"slow.wild.test"}';
    my $slow = $nginx->http;
    $slow->send(
        DnsTools::Http->text(
            'POST',
            '/tools/lookup', {
                'Content-Type'   => 'application/json',
                'Content-Length' => length $body,
                Expect           => '100-continue'
            }));
    ok(IO::Select->new($slow->socket)->can_read(10), 'a worker waits for the body');
    my @old = $nginx->reload(leave_old => 1);
    $load->more(200);
    my ($young) = grep {
        my $pid = $_;
        !grep { $_ == $pid } @old
    } $nginx->worker_pids;
    $nginx->kill_worker($young);
    $pg->stop;
    $load->more(200);
    $pg->run;
    ok eventually(sub { $nginx->worker_pids == 3 }), 'one old worker is left';
    $slow->send($body);
    $ordeal->saw($slow->response->json->{id});
    ok eventually(sub { $nginx->worker_pids == 2 }, 20), 'and leaves after its answer';
    },
    resets => 1;

$nginx->finish(killed => 1);
$ordeal->reckon('after nginx has left');

SKIP: {
    skip 'valgrind does not start another nginx', 1 if $ENV{TEST_NGINX_VALGRIND};
    $nginx  = start(daemon => 1);
    $ordeal = DnsTools::Ordeal->new(nginx => $nginx, pg => $pg);
    for my $time (1, 2) {
        through "binary upgrade $time (USR2, then QUIT)" => sub ($load) {
            $nginx->upgrade(sub { $load->more(300) });
        };
    }
    through 'a binary upgrade with the database down' => sub ($load) {
        $pg->stop;
        $nginx->upgrade(sub { $load->more(300); $pg->run });
    };
    $nginx->finish;
    $ordeal->reckon('after that nginx has left');
}

is join(' ', glob "$journal/*"), '', 'nothing is left in the journal';
done_testing;
