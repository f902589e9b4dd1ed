# /ready: up, degraded, down, and back.

use v5.36;

use IO::Socket::INET;

use DnsTools::Metrics qw(scrape);
use DnsTools::Test;

my $dns = DnsTools::FakeDns->start;
my $pg  = DnsTools::Postgres->start;
my $nginx =
    DnsTools::Nginx->start(http => use_dns($dns, 'timeout=200ms attempts=2') . use_pg($pg));
my $http = $nginx->http;

sub ready_is ($status, $word, %checks) {
    my $response;
    my $right = eventually(
        sub {
            $response = $http->get('/ready');
            return 0 if $response->status != $status || $response->json->{status} ne $word;
            return !grep { $response->json->{checks}{$_}{status} ne $checks{$_} } keys %checks;
        });
    ok $right, "$word, $status" or diag $response->status, ' ', $response->body;
    is $response->header('content-type'),                 'application/json',          'in JSON';
    is join(' ', sort keys %{$response->json->{checks}}), 'database journal resolver', 'all checks';
    return;
}

ready_is 200, 'up', resolver => 'up', database => 'up', journal => 'off';
my $head = $http->head('/ready');
is $head->status, 200, 'HEAD';
my $post = $http->post('/ready', '{}');
error_is $post, 405, 'method_not_allowed', 'POST';
is $post->header('allow'), 'GET, HEAD', 'Allow';

my $before = $dns->queries;
$http->get('/ready') for 1 .. 50;
cmp_ok $dns->queries - $before, '<', 10, 'asking often does not ask the nameserver each time';

# Since when a check stands as it does, which must be a time between these.
sub since_is ($check, $from, $to) {
    my $since = $http->get('/ready')->json->{checks}{$check}{since};
    ok $since && $since >= $from && $since <= $to, "$check: since when" or diag "$from $since $to";
    return;
}
since_is $_, time - 60, time for qw(resolver database);

my $stopped = time;
$pg->stop;
ready_is 200, 'degraded', resolver => 'up', database => 'down';
my $down = $http->get('/ready')->json->{checks};
ok length $down->{database}{reason}, 'with a reason';
since_is database => $stopped, time;
is $http->get('/ready')->json->{checks}{database}{since}, $down->{database}{since},
    'which stays while it is down';
is $down->{journal}{since}, undef, 'what is off has no time';

my $silent_since = time;
$dns->rule('drop');
ready_is 503, 'down', resolver => 'down', database => 'down';
since_is resolver => $silent_since, time;
is $http->head('/ready')->status, 503, 'HEAD';
json_is $http->get('/health'), 200, '{"status":"up"}', 'the process lives all the same';

$dns->rule('answer');
ready_is 200, 'degraded', resolver => 'up';
$pg->run;
ready_is 200, 'up', resolver => 'up', database => 'up';

subtest 'a nameserver that answers anything at all is one that answers' => sub {
    my $fail  = DnsTools::FakeDns->start(rule => ['servfail']);
    my $other = DnsTools::Nginx->start(http => use_dns($fail));
    is $other->http->get('/ready')->status, 200, 'SERVFAIL';
    $other->finish(above_warn => 1);
};

subtest 'one of two is enough' => sub {
    my $silent = DnsTools::FakeDns->start(rule => ['drop']);
    my $other  = DnsTools::Nginx->start(
        http => 'dns_tools_resolver ' . $silent->address . ' ' . $dns->address . ' timeout=200ms;');
    is $other->http->get('/ready')->status, 200, 'ready';
    $other->finish(above_warn => 1);
};

sub start_with (@nameservers) {
    return DnsTools::Nginx->start(
        http => 'dns_tools_zone metrics:1m;'
            . "dns_tools_resolver @{[map { $_->address } @nameservers]} timeout=100ms attempts=1;",
        server => DnsTools::Nginx::routes() . 'location = /metrics { dns_tools_metrics; }');
}

# Asks until the check's state is such, and returns when that began, as it was told each time that
# the check was down.
sub down_since ($nginx, $check, $enough) {
    my (%since, $now);
    ok eventually(
        sub {
            $now = $nginx->http->get('/ready')->json->{checks}{$check};
            $since{$now->{since}} = 1 if $now->{status} eq 'down';
            return $enough->($now);
        }, 30), "$check: down" or diag explain $now;
    return sort keys %since;
}

subtest 'two that never answered' => sub {
    my @silent = map { DnsTools::FakeDns->start(rule => ['drop']) } 1, 2;
    my $other  = start_with(@silent);
    my @since  = down_since($other, 'resolver', sub ($) {
        select undef, undef, undef, 0.5;    # so that a change would show
        return scrape($other)->{resolver_up} == 0;
    });
    push @since, $other->http->get('/ready')->json->{checks}{resolver}{since};
    is join(' ', grep { $_ != $since[0] } @since), '', 'since one moment';
    is scrape($other)->{qq(upstream_up{upstream="$_"})}, 0, "$_ is down"
        for map { $_->address } @silent;
    $_->rule('answer') for @silent;
    ok eventually(sub { $other->http->get('/ready')->status == 200 }, 30), 'up again';
    ok eventually(sub { scrape($other)->{resolver_up} == 1 }, 30),         'also in the metrics';
    $other->finish;
};

subtest 'one that answered just before' => sub {
    my $silent = DnsTools::FakeDns->start;
    my $other  = start_with($silent);
    is $other->http->get(lookup 'one.test')->status, 200, 'an answer';
    $silent->rule('drop');
    ok eventually(
        sub { $other->http->get(lookup 'one.test'); scrape($other)->{resolver_up} == 0 }),
        'it is found to be down';
    is $other->http->get('/ready')->status, 503, 'and so /ready says';
    $other->finish;
};

subtest 'a database that never answers' => sub {
    my $silent = IO::Socket::INET->new(Listen => 5, LocalAddr => '127.0.0.1') or die $!;
    my $other  = DnsTools::Nginx->start(http => use_dns($dns)
            . "dns_tools_database 'host=127.0.0.1 port=@{[$silent->sockport]} connect_timeout=2';");
    my @since  = down_since($other, 'database', sub ($now) { $now->{reason} ne 'not connected yet' });
    is scalar @since, 1, 'since the worker began';
    $other->finish;
};

subtest 'many at once while nobody answers' => sub {
    $dns->rule('drop');
    ready_is 503, 'down';
    my @clients = map { $nginx->http } 1 .. 50;
    $_->send(DnsTools::Http->text('GET', '/ready')) for @clients;
    is scalar(grep { $_->response->status == 503 } @clients), 50, 'all are told';
    my $left = $nginx->http;
    $left->send(DnsTools::Http->text('GET', '/ready'));
    $left->abort;
    is $http->get('/health')->status, 200, 'one that leaves is no harm';
    $dns->rule('answer');
    ready_is 200, 'up';
};

subtest 'a worker that is about to exit is not ready' => sub {
    my $held = $nginx->http;
    $held->send("GET /ready HTTP/1.1\r\n");
    is $http->get('/health')->status, 200, 'its connection is accepted';
    $nginx->process->signal('QUIT');
    wait_until('nginx no longer listens', sub { !$nginx->listening });
    $held->send("Host: dns.test\r\n\r\n");
    my $response = $held->response;
    is $response->status, 503, 'it answers 503';
    is $response->json->{status}, 'down', 'down';
    is $response->json->{reason}, 'the worker is shutting down', 'and says why';
};

$nginx->finish;
done_testing;
