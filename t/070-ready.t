# /ready: up, degraded, down, and back.

use v5.36;

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

$dns->rule('drop');
ready_is 503, 'down', resolver => 'down', database => 'down';
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
