# Clients that leave at each stage: nothing crashes, nothing leaks, others are served.

use v5.36;

use DnsTools::Test;

my $dns = DnsTools::FakeDns->start(rule => ['delay:0.3', 'answer']);
my $pg  = DnsTools::Postgres->start;
my $nginx =
    DnsTools::Nginx->start(http => use_dns($dns) . use_pg($pg));
my ($worker) = $nginx->worker_pids;

sub descriptors()   { return scalar(my @all = glob "/proc/$worker/fd/*") }
sub text (@request) { return DnsTools::Http->text(@request) }

$nginx->http->get(lookup 'warm.test');
$nginx->http->get('/history');
wait_until('the row', sub { $pg->count == 1 });
wait_until(
    'the connections are closed',
    sub {
        !grep { /ESTAB/ } sockets();
    });
my $before = descriptors();

sub sockets() {
    my $port = $nginx->port;
    return grep { /:$port\b/ } `ss -Htn 2>/dev/null`;
}

for my $leave (qw(close abort)) {
    subtest "clients $leave" => sub {
        for my $n (1 .. 20) {
            my $http = $nginx->http;
            $http->send('GET /tools/look');
            $http->$leave;

            $http = $nginx->http;
            $http->send(
                "POST /tools/lookup HTTP/1.1\r\nHost: dns.test\r\nContent-Length: 100\r\n\r\n{\"dom"
            );
            $http->$leave;

            $http = $nginx->http;
            $http->send(
                "POST /tools/lookup HTTP/1.1\r\nHost: dns.test\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"d"
            );
            $http->$leave;

            $http = $nginx->http;
            $http->send(text('GET', lookup "$leave$n.test"));
            $http->$leave;

            $http = $nginx->http;
            $http->send(text('GET', lookup "$leave-pipe$n.test") x 3);
            $http->$leave;

            $http = $nginx->http;
            $http->send(text('POST', '/tools/lookup', {}, qq({"domain":"$leave-post$n.test"})));
            $http->$leave;

            for my $route ('/history', '/ready', '/health') {
                $http = $nginx->http;
                $http->send(text('GET', $route));
                $http->$leave;
            }
        }
        is $nginx->http->get(lookup "after-$leave.test")->status, 200, 'others are answered';
    };
}

subtest 'a client that leaves while its name is being asked for' => sub {
    my @clients = map { $nginx->http } 1 .. 10;
    $clients[$_]->send(text('GET', lookup "wait$_.test")) for 0 .. 9;
    wait_until(
        'the queries',
        sub {
            10 == grep { $_->{name} =~ /^wait/ } $dns->queries;
        });
    $_->abort for @clients;
    is $nginx->http->get(lookup 'then.test')->status, 200, 'others are answered';
};

subtest 'a client that reads nothing' => sub {
    my $http = $nginx->http;
    $http->send(text('GET', lookup 'unread.test') x 50);
    wait_until('the first row',
        sub { $pg->sql(q{SELECT count(*) FROM dns_lookups WHERE domain = 'unread.test'}) > 0 });
    $http->abort;
    is $nginx->http->get('/health')->status, 200, 'others are answered';
};

is join(' ', $nginx->worker_pids), $worker, 'the worker lives';
ok eventually(sub { descriptors() <= $before + 66 }), 'its descriptors are let go'
    or diag descriptors(), " after $before";
my $count = $pg->count;
$nginx->http->get(lookup 'end.test');
ok $pg->reaches($count + 1) || $pg->count > $count, 'lookups are still saved';

$nginx->finish(above_warn => 1);
is $pg->sql('SELECT count(*) - count(DISTINCT id) FROM dns_lookups'), 0, 'no row is there twice';
done_testing;
