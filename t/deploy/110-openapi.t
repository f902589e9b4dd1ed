# openapi.yaml and a live server agree, both ways: every request and every answer goes through a
# proxy that checks it, and nothing is described that is not seen. scripts/test-openapi has installed
# the proxy.

use v5.36;

use Cwd    qw(getcwd);
use Socket qw(SOL_SOCKET SO_RCVBUF);

use DnsTools::OpenApi qw(described proxy violations);
use DnsTools::Process qw(free_port);
use DnsTools::Test;

my $routes = DnsTools::Nginx::routes() . <<~"CONF";
    location = /metrics { dns_tools_metrics; }
    location = /stats   { dns_tools_stats; }
    location = /openapi.yaml {
        types {}
        default_type application/yaml;
        alias @{[getcwd]}/openapi.yaml;
    }
    CONF

my $dns = DnsTools::FakeDns->start(
    rule  => ['answer:192.0.2.1'],
    rules => {
        'nowhere.test' => ['nxdomain'],
        'text.test'    => ['nodata'],
        'broken.test'  => ['servfail'],
        'silent.test'  => ['drop']});
my $pg      = DnsTools::Postgres->start;
my $journal = temp_folder('journal') . '/queue';

sub server ($http, %o) {
    return DnsTools::Nginx->start(
        http   => "dns_tools_zone metrics:1m; $http",
        server => $routes,
        %o);
}
my $with_dns = use_dns($dns, 'timeout=100ms attempts=2');
my $nginx    = server($with_dns . use_pg($pg) . "dns_tools_journal $journal;");
wait_until('the schema', sub { $pg->table_exists });
my $strict = proxy($nginx->port, strict => 1);
my $lax    = proxy($nginx->port);

# What the server has answered, by path: {status => 1}.
my %seen;

sub ask ($client, $status, $method, $target, @rest) {
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $response = $client->request($method, $target, @rest);
    my $what     = "$method $target $status";
    is $response->status, $status, length $what > 90 ? substr($what, 0, 90) . '...' : $what
        or diag $response->body;
    ++$seen{$target =~ s/\?.*//r}{$status};
    return $response;
}

# What is right passes the strict proxy.
my $json = {'Content-Type' => 'application/json'};
for (
    [200, GET  => '/'],
    [200, GET  => '/health'],
    [200, GET  => '/ready'],
    [200, GET  => '/stats'],
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
    [200, GET  => '/stats'],
    )
{
    ask $strict, @$_;
}
ok $pg->reaches(4), 'the lookups are saved';
my $metrics = ask $strict, 200, GET => '/metrics';
is $metrics->header('content-type'), 'text/plain; version=0.0.4; charset=utf-8', 'its type';

subtest 'the description' => sub {
    my $file = ask $strict, 200, GET => '/openapi.yaml';
    is $file->body, slurp('openapi.yaml'), 'is the file';
    ask $strict, 304, GET => '/openapi.yaml', {'If-None-Match' => $file->header('etag')};
    is ask($strict, 206, GET => '/openapi.yaml', {Range => 'bytes=0-6'})->body, 'openapi', 'a part';
    is $nginx->http->head('/openapi.yaml')->status, 200, 'HEAD';
    # nginx's own answer; the form is the example configuration's, and its test's.
    is $nginx->http->post('/openapi.yaml', '')->status, 405, 'POST';
    ++$seen{'/openapi.yaml'}{405};
};

subtest 'the history' => sub {
    my $page = ask $strict, 200, GET => '/history?limit=3';
    is scalar @{$page->json}, 3,        'a page';
    is $page->header('vary'), 'Accept', 'Vary';
    my ($next) = $page->header('link') =~ /^<([^>]+)>; rel="next"$/;
    like $next, qr/^\/history\?limit=3&cursor=[0-9a-f-]{36}$/, 'Link';
    my $rest = ask $strict, 200, GET => $next;
    is scalar @{$rest->json}, 1,     'the rest';
    is $rest->header('link'), undef, 'and no more';
    is scalar @{ask($strict, 200, GET => "/history?$_")->json}, 4, 'all of them'
        for 'limit=1000', 'from=0.5&until=2100-01-01T00:00:00%2B01:00', 'client=127.0.0.0/8';
    is scalar @{ask($strict, 200, GET => "/history?$_")->json}, 1, 'one of them'
        for 'domain=one.test', 'domain=*.test&limit=1';
    is scalar @{ask($strict, 200, GET => '/history?address=192.0.2.1&format=json')->json}, 3,
        'those with an address';

    my $csv = ask $strict, 200, GET => '/history?format=csv&limit=2';
    is $csv->header('content-type'), 'text/csv; charset=utf-8; header=present', 'CSV';
    like $csv->header('content-disposition'), qr/^attachment; filename=".+\.csv"$/, 'a file';
    is scalar(split /\r\n/, $csv->body), 3, 'with names';
    $csv = ask $strict, 200, GET => '/history', {Accept => 'text/csv'};
    like $csv->body, qr/^id,created_at,/, 'by Accept';
    my $lines = ask $strict, 200, GET => '/history', {Accept => 'application/x-ndjson'};
    is $lines->header('content-type'), 'application/x-ndjson', 'a line each';
    is scalar(split /\n/, $lines->body), 4, 'all of them';
};

# What the description allows, and the server refuses as described.
my %code_of = (
    '/history?limit=1001'                       => 'invalid_limit',
    '/history?limit=4294967295999'              => 'invalid_limit',
    '/history?from=2022-02-30T00:00:00Z'        => 'invalid_from',
    '/history?until=2022-02-28T24:00:00Z'       => 'invalid_until',
    '/history?from=1663534325&until=1663534324' => 'invalid_until',
    '/history?until='                           => 'invalid_until',
    '/history?domain=a..b'                      => 'invalid_domain',
    '/history?client=192.0.2.256'               => 'invalid_client',
    '/history?address=192.0.2.0/24'             => 'invalid_address',
);
error_is ask($strict, 400, GET => $_), 400, $code_of{$_}, $code_of{$_} for sort keys %code_of;

# What is wrong is answered by the server as described: nothing but the request differs.
for (
    [400, GET  => '/tools/lookup'],
    [400, GET  => '/tools/lookup?domain='],
    [400, POST => '/tools/lookup', $json, '{"domain":7}'],
    [400, POST => '/tools/lookup', $json, '[]'],
    [413, POST => '/tools/lookup', $json, '{"domain":"' . 'a' x 9000 . '"}'],
    [400, GET  => '/tools/validate'],
    [400, POST => '/tools/validate', $json, '{"ip":null}'],
    [413, POST => '/tools/validate', $json, '{"ip":"' . '1' x 9000 . '"}'],
    [400, GET  => '/history?limit=0'],
    [400, GET  => '/history?limit=x'],
    [400, GET  => '/history?cursor=2'],
    [400, GET  => '/history?from=yesterday'],
    [400, GET  => '/history?format=xml'],
    )
{
    my $response   = ask $lax, @$_;
    my @violations = violations($response);
    is_deeply [grep { $_->{location}[0] ne 'request' } @violations], [], 'the answer is as described';
    my ($status, @request) = @$_;
    next if $status == 413;
    cmp_ok scalar @violations, '>', 0, 'the request is not';
    is $strict->request(@request)->status, 422, 'the strict proxy does not let it through';
}
# The proxy does not know these methods of the routes, and HEAD is not described.
for my $route (
    qw(/ /health /ready /tools/lookup?domain=one.test /tools/validate?ip=x /history /metrics /stats))
{
    my $get  = $nginx->http->get($route);
    my $head = $nginx->http->head($route);
    is $head->status, $get->status, "HEAD $route answers as GET does";
    my $response = $nginx->http->request('DELETE', $route);
    error_is $response, 405, 'method_not_allowed', "DELETE $route";
    like $response->header('allow'), qr/^GET, HEAD(?:, POST)?$/, 'Allow is as described';
    ++$seen{$route =~ s/\?.*//r}{405};
}

subtest 'too many exports, and a search that takes too long' => sub {
    # More than fits between the worker and a client that does not read.
    $pg->fill(60_000);
    my @exports = map { $nginx->http } 1 .. 4;
    for my $reader (@exports) {
        $reader->open or die "connect: $!";
        setsockopt $reader->socket, SOL_SOCKET, SO_RCVBUF, 1 << 18 or die $!;
        $reader->send(DnsTools::Http->text('GET', '/history?format=csv'));
        sysread $reader->socket, my $begin, 100 or die 'closed at once';
    }
    my $refused = ask $strict, 503, GET => '/history?format=ndjson';
    error_is $refused, 503, 'overloaded', 'one export too many';
    is $refused->header('retry-after'), 10, 'Retry-After';
    $_->abort for @exports;

    # One row takes a minute to look at.
    $pg->sql(<<~'SQL', user => 'dns_tools');
        ALTER TABLE dns_lookups RENAME TO kept_lookups;
        CREATE VIEW dns_lookups AS SELECT * FROM kept_lookups
        WHERE domain <> 'slow' OR pg_sleep(60) IS NULL;
        INSERT INTO kept_lookups
        VALUES ('01900000-0000-7000-8000-0000000000ff', now(), NULL, 'slow', '{}', '{}')
        SQL
    error_is ask($strict, 504, GET => '/history?domain=slow'), 504, 'search_timeout', 'a search';
    $pg->sql('DROP VIEW dns_lookups; ALTER TABLE kept_lookups RENAME TO dns_lookups');
};

# Answers that wait for the database, and one that refuses and then goes away.
my $careful = server($with_dns . use_pg($pg) . 'dns_tools_record commit;');
my $waiting = proxy($careful->port, strict => 1);
is ask($waiting, 200, GET => '/ready')->json->{checks}{journal}{status}, 'off', 'no journal';
ask $waiting, 200, GET => lookup 'localhost';
$pg->sql('ALTER TABLE dns_lookups ADD CONSTRAINT refuse CHECK (domain <> $$no.localhost$$)');
error_is ask($waiting, 500, GET => lookup 'no.localhost'), 500, 'lookup_refused', 'refused';
$pg->stop;
my $late = ask $waiting, 503, GET => lookup 'late.localhost';
error_is $late, 503, 'database_unavailable', 'too late';
ok $late->header('retry-after'), 'Retry-After';
my $away = ask $waiting, 503, GET => '/history';
error_is $away, 503, 'database_unavailable', 'no history';
ok $away->header('retry-after'), 'Retry-After';
my $degraded = ask($waiting, 200, GET => '/ready')->json;
is $degraded->{status}, 'degraded', 'degraded';
ok $degraded->{checks}{database}{$_}, "$_ of the database" for qw(since reason);
ask $waiting, 200, GET => '/stats';
ask $waiting, 200, GET => '/metrics';

# History without a database, readiness without a nameserver.
my $none = server('dns_tools_resolver 127.0.0.1:' . free_port . ' timeout=50ms attempts=1;');
my $bare = proxy($none->port, strict => 1);
error_is ask($bare, 503, GET => '/history'), 503, 'history_disabled', 'no database';
my $down = ask($bare, 503, GET => '/ready')->json;
is $down->{status}, 'down', 'no nameserver';
ok $down->{checks}{resolver}{since}, 'since when';
is ask($bare, 200, GET => '/stats')->json->{history}{database_up}, undef, 'figures without a database';

my $described = described();
is join(' ', sort keys %seen), join(' ', sort keys %$described), 'every route is described and there';
for my $path (sort keys %$described) {
    is join(' ', sort keys %{$seen{$path}}), join(' ', sort @{$described->{$path}}),
        "$path: every status that is described was seen, and every one that was seen is described";
}

# Answers that are not as described are noticed: the checks bite.
my $id    = '01a20a0e-5ff9-7da6-8372-54a0e69ed3f6';
my %wrong = (
    '/'       => '{"version":"0.1.0","date":"today","kubernetes":false}',
    '/health' => '{"status":"well"}',
    '/ready' => '{"status":"down","checks":{"resolver":{"status":"up"},"database":{"status":"up"},"journal":{"status":"up"}}}',
    '/tools/validate?ip=x' => '{"status":false}',
    '/stats'               => '{"since":1}');
my $liar = DnsTools::Nginx->start(
    server => <<~"CONF" . join '', map { "location = " . (s/\?.*//r) . " { return 200 '$wrong{$_}'; }\n" } keys %wrong);
    default_type application/json;
    location = /metrics { default_type "text/plain; version=0.0.4; charset=utf-8"; return 200 none; }
    # Wrong without a domain, with a cursor, which is no Link, and with a client.
    location = /history {
        add_header Link \$arg_cursor;
        set \$more '';
        if (\$arg_client) { set \$more ',"more":1'; }
        return 200 '[{"id":"$id","domain":"\$arg_domain","client_ip":null,"created_at":1,"addresses":[]\$more}]';
    }
    # An answer without addresses, a code that is none, 503 without Retry-After.
    location = /tools/lookup {
        if (\$arg_domain = code.test)  { return 404 '{"code":"gone","message":"there is none"}'; }
        if (\$arg_domain = retry.test) { return 503 '{"code":"overloaded","message":"not now"}'; }
        return 200 '{"id":"$id","domain":"one.test","client_ip":"192.0.2.7","created_at":1,"addresses":[],"source":"upstream"}';
    }
    CONF
my $doubt = proxy($liar->port, strict => 1);
is $doubt->get('/history?domain=one.test')->status, 200, 'a right answer passes';
for my $route (
    '/history', '/metrics',
    (map { "/history?domain=one.test&$_" } "cursor=$id", 'client=192.0.2.7'),
    (map { lookup $_ } qw(one.test code.test retry.test)),
    sort keys %wrong
    )
{
    my $response = $doubt->get($route);
    is $response->status, 500, "$route: a wrong answer is noticed" or diag $response->body;
    like $response->body, qr/VIOLATIONS/, 'as a violation';
}

$_->finish(above_warn => 1) for $liar, $none;
$_->finish for $careful, $nginx;
done_testing;
