# openapi.yaml and a live server agree, both ways: every request and every answer goes through a
# proxy that checks it. scripts/test-openapi has installed the proxy.

use v5.36;

use DnsTools::Process qw(free_port);
use DnsTools::Test;
use Carp qw(confess);
use JSON::PP;

# Routes and parameters that are described and that the module does not have yet.
my @missing = qw(dns_tools_metrics dns_tools_stats);

# A proxy in front of a port. strict: answers itself with an error when something differs; else it
# only tells, in a header.
sub proxy ($port, %o) {
    my $own    = free_port;
    my $output = temp_folder('prism') . '/output';
    my $prism  = DnsTools::Process->start(
        name => 'prism',
        argv => [
            qw(scripts/npm-tools prism proxy openapi.yaml),
            "http://127.0.0.1:$port", '--host', '127.0.0.1', '--port', $own, $o{strict} ? '--errors' : ()
        ],
        output => $output);
    wait_until(
        'the proxy listens',
        sub {
            confess slurp($output) if !$prism->running;
            return slurp($output) =~ /is listening/;
        },
        60);
    return DnsTools::Http->new(port => $own);
}

sub violations ($response) {
    my $header = $response->header('sl-violations');
    return defined $header ? @{decode_json($header)} : ();
}

my $dns = DnsTools::FakeDns->start(
    rule  => ['answer:192.0.2.1'],
    rules => {
        'nowhere.test' => ['nxdomain'],
        'text.test'    => ['nodata'],
        'broken.test'  => ['servfail'],
        'silent.test'  => ['drop']});
my $pg    = DnsTools::Postgres->start;
my $nginx = DnsTools::Nginx->start(http => use_dns($dns, 'timeout=100ms attempts=2') . use_pg($pg));
wait_until('the schema', sub { $pg->table_exists });
my $strict = proxy($nginx->port, strict => 1);
my $lax    = proxy($nginx->port);

# What is right passes the strict proxy.
my $json = {'Content-Type' => 'application/json'};
for (
    [200, GET  => '/'],
    [200, GET  => '/health'],
    [200, GET  => '/ready'],
    [200, GET  => lookup 'one.test'],
    [200, GET  => lookup "b\xc3\xbccher.test"],
    [200, GET  => lookup 'localhost'],
    [200, POST => '/tools/lookup', $json, '{"domain":"two.test"}'],
    [404, GET  => lookup 'nowhere.test'],
    [404, GET  => lookup 'text.test'],
    [502, GET  => lookup 'broken.test'],
    [504, GET  => lookup 'silent.test'],
    [400, GET  => lookup '192.0.2.7'],
    [400, GET  => lookup '..'],
    [400, POST => '/tools/lookup', $json, '{"domain":"a..b"}'],
    [200, GET  => '/tools/validate?ip=192.0.2.7'],
    [200, GET  => '/tools/validate?ip=192.0.2.256'],
    [200, POST => '/tools/validate', $json, '{"ip":"192.0.2.7"}'],
    [200, POST => '/tools/validate', $json, '{"ip":"x"}'],
    [400, GET  => '/history?limit=4294967295999'],
    )
{
    my ($status, @request) = @$_;
    my $response = $strict->request(@request);
    is $response->status, $status, "@request[0, 1]: $status" or diag $response->body;
}
ok $pg->reaches(4), 'the lookups are saved';
for my $target ('/history', '/history?limit=2') {
    my $response = $strict->get($target);
    is $response->status, 200, $target or diag $response->body;
    cmp_ok scalar @{$response->json}, '>=', 2, 'has lookups';
}

# What is wrong is answered by the server as described: nothing but the request differs.
for (
    [400, GET    => '/tools/lookup'],
    [400, GET    => '/tools/lookup?domain='],
    [400, POST   => '/tools/lookup', $json, '{"domain":7}'],
    [400, POST   => '/tools/lookup', $json, '[]'],
    [413, POST   => '/tools/lookup', $json, '{"domain":"' . 'a' x 9000 . '"}'],
    [400, GET    => '/tools/validate'],
    [400, POST   => '/tools/validate', $json, '{"ip":null}'],
    [400, GET    => '/history?limit=0'],
    [400, GET    => '/history?limit=x'],
    )
{
    my ($status, @request) = @$_;
    my $response   = $lax->request(@request);
    my @violations = violations($response);
    is $response->status, $status, substr("@request[0, 1]: $status", 0, 60) or diag $response->body;
    is_deeply [grep { $_->{location}[0] ne 'request' } @violations], [], 'the answer is as described';
    next if $status == 413;
    cmp_ok scalar @violations, '>', 0, 'the request is not';
    is $strict->request(@request)->status, 422, 'the strict proxy does not let it through';
}
# The proxy does not know these methods of the routes, and HEAD is not described.
for my $route (qw(/ /health /ready /tools/lookup?domain=one.test /tools/validate?ip=x /history)) {
    my $get  = $nginx->http->get($route);
    my $head = $nginx->http->head($route);
    is $head->status, $get->status, "HEAD $route answers as GET does";
    my $response = $nginx->http->request('DELETE', $route);
    error_is $response, 405, 'method_not_allowed', "DELETE $route";
    like $response->header('allow'), qr/^GET, HEAD(?:, POST)?$/, 'Allow is as described';
}

# History without a database, readiness without a nameserver.
my $none = DnsTools::Nginx->start(http => 'dns_tools_resolver 127.0.0.1:' . free_port . ' timeout=50ms attempts=1;');
my $bare = proxy($none->port, strict => 1);
is $bare->get('/history')->status, 503, 'no database';
is $bare->get('/ready')->status,   503, 'no nameserver';

# A route that is described, and that the module has learnt, is to go from @missing.
for my $word (@missing) {
    my (undef, $said) = DnsTools::Nginx->check_conf(server => "location / { $word; }");
    like $said, qr/unknown directive "$word"/, "$word is still missing";
}

# Answers that are not as described are noticed: the checks bite.
my %wrong = (
    '/'        => '{"version":"0.1.0","date":"today","kubernetes":false}',
    '/health'  => '{"status":"well"}',
    '/ready'   => '{"status":"down","checks":{"resolver":{"status":"up"},"database":{"status":"up"},"journal":{"status":"up"}}}',
    '/history' => '[{"id":"1","domain":"one.test","client_ip":null,"created_at":1,"addresses":[]}]',
    '/tools/lookup?domain=one.test' =>
        '{"id":"01a20a0e-5ff9-7da6-8372-54a0e69ed3f6","domain":"one.test","client_ip":"192.0.2.7","created_at":1,"addresses":[],"source":"upstream"}',
    '/tools/validate?ip=x' => '{"status":false}',
);
my $liar = DnsTools::Nginx->start(
    server => 'default_type application/json;' . join "\n",
    map { "location = " . (s/\?.*//r) . " { return 200 '$wrong{$_}'; }" } keys %wrong);
my $doubt = proxy($liar->port, strict => 1);
for my $route (sort keys %wrong) {
    my $response = $doubt->get($route);
    is $response->status, 500, "$route: a wrong answer is noticed" or diag $response->body;
    like $response->body, qr/VIOLATIONS/, 'as a violation';
}

$_->finish(above_warn => 1) for $liar, $none, $nginx;
done_testing;
