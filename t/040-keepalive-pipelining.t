# Many requests on one connection; pipelined ones are answered in order.

use v5.36;

use DnsTools::Test;

my $dns = DnsTools::FakeDns->start(
    rule  => ['answer:192.0.2.1'],
    rules => {'slow.test' => ['delay:0.2', 'answer:192.0.2.2']});
my $pg = DnsTools::Postgres->start;
my $nginx =
    DnsTools::Nginx->start(http => use_dns($dns) . use_pg($pg) . 'keepalive_requests 100000;');

sub text (@request) { return DnsTools::Http->text(@request) }

subtest 'keep-alive' => sub {
    my $http   = $nginx->http->open;
    my $socket = $http->socket;
    for my $n (1 .. 100) {
        my $answer = $http->get(lookup "k$n.test")->json;
        is $answer->{domain}, "k$n.test", "lookup $n"
            if $n % 25 == 0 || $answer->{domain} ne "k$n.test";
    }
    is $http->socket, $socket, 'all on one connection';
};

subtest 'pipelining of all routes' => sub {
    my @requests = (
        [text('GET', lookup 'slow.test'),                             qr/"domain":"slow\.test"/],
        [text('GET', '/health'),                                      qr/\{"status":"up"\}/],
        [text('POST', '/tools/lookup', {}, '{"domain":"fast.test"}'), qr/"domain":"fast\.test"/],
        [text('GET', '/tools/validate?ip=1.2.3.4'),                   qr/\{"status":true\}/],
        [text('POST', '/tools/validate', {}, '{"ip":"1.2.3"}'),       qr/\{"status":false,/],
        [text('GET', '/history'),                                     qr/\A\[/],
        [text('POST', '/tools/validate', {}, '{'),                    qr/"invalid_body"/],
        [text('GET', '/ready'),                                       qr/"checks"/],
        [text('GET', lookup 'x.invalid'),                             qr/"nxdomain"/],
        [text('GET', '/'),                                            qr/"version"/],
        [text('GET', lookup 'last.test'),                             qr/"domain":"last\.test"/],);
    for my $round (1 .. 3) {
        my $http = $nginx->http;
        $http->send(join '', map { $_->[0] } @requests);
        like $http->response->body, $_->[1], "round $round: $_->[1]" for @requests;
    }
};

subtest 'a pipeline of 200 lookups' => sub {
    my $http = $nginx->http;
    $http->send(join '', map { text('GET', lookup "p$_.test") } 1 .. 200);
    my @domains = map { $http->response->json->{domain} } 1 .. 200;
    is "@domains", join(' ', map { "p$_.test" } 1 .. 200), 'in order';
};

subtest 'the last request says close' => sub {
    my $http = $nginx->http;
    $http->send(
        text('GET', lookup 'slow.test') . text('GET', lookup('end.test'), {Connection => 'close'}));
    is $http->response->json->{domain}, 'slow.test', 'first';
    is $http->response->json->{domain}, 'end.test',  'second';
    is $http->socket,                   undef,       'closed';
};

subtest 'HTTP/1.0' => sub {
    my $http = $nginx->http;
    $http->send("GET /tools/lookup?domain=old.test HTTP/1.0\r\n\r\n");
    is $http->response->json->{domain}, 'old.test', 'answered';
};

my $expected = 100 + 3 * 3 + 200 + 2 + 1;
ok $pg->reaches($expected), "every lookup is a row" or diag $pg->count, " of $expected";
$nginx->finish(above_warn => 1);
done_testing;
