# /metrics and /stats: every figure against what was asked.

use v5.36;

use DnsTools::Metrics qw(scrape);
use DnsTools::Test;

my $dns = DnsTools::FakeDns->start(
    rule  => ['answer:192.0.2.1'],
    rules => {
        'gone.test'      => ['nxdomain'],
        'empty.test'     => ['nodata'],
        'bad.test'       => ['servfail'],
        'slow.test'      => ['delay:0.3', 'answer:192.0.2.5'],
        'silent.test'    => ['drop'],
        'truncated.test' => ['truncate']});
my $pg    = DnsTools::Postgres->start;
my $nginx = DnsTools::Nginx->start(
    workers => 2,
    http    => use_dns($dns, 'timeout=400ms attempts=1')
        . use_pg($pg)
        . 'dns_tools_zone metrics:1m; limit_req_zone $request_uri zone=none:1m rate=1r/m;',
    server => DnsTools::Nginx::routes() . <<~'CONF'
        location = /metrics { dns_tools_metrics; }
        location = /stats   { dns_tools_stats; }
        location = /limited { limit_req zone=none; limit_req_status 429; dns_tools_health; }
        location = /named   { error_page 429 @named; limit_req zone=none; limit_req_status 429;
                              dns_tools_info; }
        location @named     { return 429 'named'; }
        location = /small   { client_max_body_size 10; dns_tools_validate; }
        location = /small-page { client_max_body_size 10; error_page 413 /page; dns_tools_validate; }
        location = /denied  { deny all; error_page 403 /page; dns_tools_history; }
        location /page      { return 200 'page'; }
        location = /methods { limit_except GET { allow 127.0.0.1; deny all; } dns_tools_validate; }
        location = /reading { limit_except GET { deny all; } dns_tools_validate; }
        location = /other   { return 200 'other'; }
        location = /v1/health { rewrite ^ /health last; }
        location = /guarded { auth_request /guard; try_files /none @inside; }
        location @inside    { return 200 'inside'; }
        location = /guard   { internal; set $args domain=guard.test; dns_tools_lookup; }
        CONF
);
my $http = $nginx->http;
wait_until('the schema', sub { $pg->table_exists });

sub requests ($endpoint, $method, $code) {
    return qq(http_requests_total{endpoint="$endpoint",method="$method",code="$code"});
}

sub lookups ($result, $source) {
    return qq(lookups_total{type="A",result="$result",source="$source"});
}

my $zero = scrape($nginx);
is $zero->{lookups('ok', 'upstream')}, 0, 'what is ordinary is there from the beginning';
is $zero->{qq(history_dropped_total{reason="$_"})}, 0, "nothing dropped: $_"
    for qw(full journal_failed exit);
is $zero->{$_}, 0, $_ for qw(cache_entries cache_requests_total history_written_total);
cmp_ok abs(time - $zero->{start_time_seconds}), '<', 60, 'since when all is counted';
like join(' ', keys %$zero),
    qr/build_info\{version="0\.1\.0",nginx="[\d.]+",cares="[\d.]+",libpq="\d+\.\d+"\}/,
    'what is running';

# What each request adds to the counters of requests and lookups.
my %expected;
sub expect (@names) { ++$expected{$_} for @names; return }

sub get ($target, @names) {
    expect(@names);
    return $http->get($target);
}

get('/',          requests('info',   'GET', 200));
get('/health',    requests('health', 'GET', 200)) for 1 .. 3;
get('/v1/health', requests('health', 'GET', 200));
expect(requests('health', 'HEAD', 200));
$http->head('/health');
expect(requests('health', 'other', 405));
$http->request('DELETE', '/health');
get('/tools/validate?ip=1.2.3.4', requests('validate', 'GET', 200));
expect(requests('validate', 'POST', 400));
$http->post('/tools/validate', '{');
get('/history?limit=x', requests('history', 'GET', 400));
get('/other');
get('/nowhere');

get(lookup('one.test'),    requests('lookup', 'GET', 200), lookups('ok',               'upstream'));
get(lookup('localhost'),   requests('lookup', 'GET', 200), lookups('ok',               'local'));
get(lookup('gone.test'),   requests('lookup', 'GET', 404), lookups('nxdomain',         'upstream'));
get(lookup('empty.test'),  requests('lookup', 'GET', 404), lookups('no_addresses',     'upstream'));
get(lookup('x.invalid'),   requests('lookup', 'GET', 404), lookups('nxdomain',         'local'));
get(lookup('bad.test'),    requests('lookup', 'GET', 502), lookups('upstream_failure', 'upstream'));
get(lookup('silent.test'), requests('lookup', 'GET', 504), lookups('upstream_timeout', 'upstream'));
get(lookup('a b'),         requests('lookup', 'GET', 400), lookups('invalid_domain',   'local'));
get(lookup('192.0.2.1'),   requests('lookup', 'GET', 400), lookups('ip_literal',       'local'));
expect(requests('lookup', 'POST', 200), lookups('ok', 'upstream'));
$http->post('/tools/lookup', '{"domain":"one.test"}');
expect(requests('lookup', 'POST', 413), lookups('other', 'local'));
$http->post('/tools/lookup', 'x' x 9000);
expect(requests('lookup', 'POST', 400), lookups('other', 'local'));
$http->post('/tools/lookup', '[]');
expect(lookups('ok', 'upstream'));
is $http->get('/guarded')->body, 'inside', 'a lookup as a subrequest';

# Errors that nginx makes itself.
get('/limited', requests('health', 'GET', 200));
get('/limited', requests('health', 'GET', 429));
get('/named',   requests('info',   'GET', 200));
is get('/named', requests('info', 'GET', 429))->body, 'named', 'a named error page';
expect(requests('validate', 'POST', 200));
is $http->post('/methods', '{"ip":"192.0.2.7"}')->body, '{"status":true}',
    'a method that limit_except lets through';
expect(requests('validate', 'POST', 403));
is $http->post('/reading', '{"ip":"192.0.2.7"}')->status, 403, 'and one that it does not';
expect(requests('validate', 'POST', 413));
is $http->post('/small', 'x' x 100)->status, 413, 'a body that nginx refuses';
expect(requests('validate', 'POST', 413));
is $http->post('/small-page', 'x' x 100)->body, 'page', 'the same with an error page';
expect(requests('history', 'GET', 403));
is $http->get('/denied')->body, 'page', 'denied, with an error page';
expect(requests('validate', 'POST', 400));
my $broken = $nginx->http;
$broken->send(
    "POST /tools/validate HTTP/1.1\r\nHost: d\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n");
is $broken->response->status, 400, 'a body that is no chunks';

# Lookups meet when they come to the same worker: asked until some do.
for (1 .. 50) {
    my @clients = map { $nginx->http } 1 .. 6;
    $_->send(DnsTools::Http->text('GET', lookup 'slow.test')) for @clients;
    expect(requests('lookup', 'GET', 200), lookups('ok', $_->response->json->{source}))
        for @clients;
    last if $expected{lookups('ok', 'coalesced')};
}
ok $expected{lookups('ok', 'coalesced')}, 'some lookups have met';

# A client that leaves before its answer.
$dns->rule_for('left.test', 'delay:0.3', 'answer');
my $leaving = $nginx->http;
$leaving->send(DnsTools::Http->text('GET', lookup 'left.test'));
wait_until('the query', sub { $dns->queries('left.test') });
$leaving->abort;
expect(requests('lookup', 'GET', 499));

sub totals ($series) {
    return {
        map {
            /^(?:http_requests|lookups)_total/
                && !/endpoint="(?:metrics|stats)"/ && $series->{$_} != 0
                ? ($_ => $series->{$_})
                : ()
        } keys %$series};
}
my $seen;
eventually(
    sub {
        $seen = scrape($nginx);
        return join(' ', map { "$_=$seen->{$_}" } sort keys totals($seen)->%*) eq join ' ',
            map { "$_=$expected{$_}" } sort keys %expected;
    });
is_deeply totals($seen), \%expected, 'requests and lookups, each once';

subtest 'durations are as many as requests' => sub {
    my (%requests, $lookups);
    for (keys %expected) {
        $requests{$1} += $expected{$_} if /endpoint="(\w+)"/;
        $lookups      += $expected{$_} if /^lookups/;
    }
    is $seen->{qq(http_request_duration_seconds_count{endpoint="$_"})}, $requests{$_}, $_
        for sort keys %requests;
    is $seen->{lookup_duration_seconds_count}, $lookups, 'lookups';
    cmp_ok $seen->{lookup_duration_seconds_sum}, '>', 0.3, 'that took time';
};

my $place = qq({upstream="${\$dns->address}"});
subtest 'upstreams' => sub {
    my @queries = $dns->queries;
    is $seen->{"upstream_requests_total$place"},      scalar @queries, 'as many as were seen';
    is $seen->{"upstream_timeouts_total$place"},      1,               'one without an answer';
    is $seen->{"upstream_tcp_fallbacks_total$place"}, 0,               'none over TCP';
    is $seen->{"upstream_up$place"},                  1,               'it is up';
    ok eventually(
        sub {
            my $now = scrape($nginx);
            $now->{"upstream_request_duration_seconds_count$place"} ==
                $now->{"upstream_requests_total$place"} - 1;
        }
        ),
        'and the others have been answered';
    $http->get(lookup 'truncated.test');
    is scrape($nginx)->{"upstream_tcp_fallbacks_total$place"}, 1, 'a truncated answer';
};

subtest 'history' => sub {
    ok eventually(
        sub {
            my $s = scrape($nginx);
            $s->{history_written_total} == $s->{history_appended_total}
                && $s->{history_written_total} == $pg->count;
        }
        ),
        'every row that was appended is written';
    my $now = scrape($nginx);
    is $now->{history_pending},                0, 'nothing waits';
    is $now->{history_oldest_pending_seconds}, 0, 'nor for long';
    is $now->{database_up},                    1, 'the database is up';
    cmp_ok $now->{history_flush_duration_seconds_count}, '>', 0, 'batches were timed';
    $pg->stop;
    $http->get(lookup 'pending.test');
    ok eventually(
        sub {
            my $s = scrape($nginx);
            $s->{history_pending} == 1
                && $s->{history_oldest_pending_seconds} > 0
                && $s->{database_up} == 0;
        }
        ),
        'what waits for the database, and since when';
};

subtest 'the busiest names' => sub {
    my %domains = map { /^domain_queries\{domain="(.*)"\}/ ? ($1 => $seen->{$_}) : () } keys %$seen;
    is $domains{'one.test'},   2, 'one.test';
    is $domains{'guard.test'}, 1, 'guard.test';
    cmp_ok $domains{'slow.test'}, '>=', 6, 'slow.test';
    ok !exists $domains{'a b'}, 'no name that is none';
};

subtest 'the same for people' => sub {
    my $stats   = $http->get('/stats')->json;
    my $lookups = 0;
    my $series  = scrape($nginx);
    $lookups += $series->{$_} for grep { /^lookups_total/ } keys %$series;
    is $stats->{lookups}{total},              $lookups,                              'lookups';
    is $stats->{lookups}{results}{nxdomain},  2,                                     'results';
    is $stats->{lookups}{sources}{coalesced}, $expected{lookups('ok', 'coalesced')}, 'sources';
    is $stats->{history}{written},            $series->{history_written_total},      'rows';
    is $stats->{since},                       $series->{start_time_seconds},         'since when';
    is $stats->{history}{database_up},        JSON::PP::false(), 'the database is down';
    is $stats->{cache}{hit_ratio} + 0,        0,                 'no cache';
    is $stats->{upstreams}[0]{address},       $dns->address,     'upstreams';
    is $stats->{top_domains}[0]{domain},      'slow.test',       'the busiest name';
    cmp_ok $stats->{lookups}{per_second}{$_}, '>',  0, "lookups a second over $_" for qw(1m 5m 60m);
    cmp_ok $stats->{lookups}{latency}{p99},   '>=', $stats->{lookups}{latency}{p50}, 'latencies';
    cmp_ok $stats->{requests}{total},         '>',  $lookups,                        'requests';
};

subtest 'as HTTP' => sub {
    my $response = $http->get('/metrics', {Accept => 'application/openmetrics-text'});
    is $response->header('content-type'), 'text/plain; version=0.0.4; charset=utf-8', 'the type';
    is $http->head('/metrics')->body,     '',                                         'HEAD';
    error_is $http->post('/metrics', ''), 405, 'method_not_allowed', 'POST';
    is $http->get('/stats')->header('content-type'), 'application/json', '/stats is JSON';
};

# The record that still waits would hold the worker up.
$pg->run;
wait_until('the last row', sub { scrape($nginx)->{history_pending} == 0 });
$nginx->finish;
done_testing;
