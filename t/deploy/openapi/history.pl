# The history: pages, searches, exports, and what goes wrong.

use v5.36;

use Socket qw(SOL_SOCKET SO_RCVBUF);

use DnsTools::Test;

# There are $count lookups, all of this host. One is of one.test.
sub pages_and_exports ($api, $count) {
    my $page = $api->ask(200, GET => '/history?limit=3');
    is scalar @{$page->json}, 3,        'a page';
    is $page->header('vary'), 'Accept', 'Vary';
    my ($next) = $page->header('link') =~ /^<([^>]+)>; rel="next"$/;
    like $next, qr/^\/history\?limit=3&cursor=[0-9a-f-]{36}$/, 'Link';
    is scalar @{$api->ask(200, GET => $next)->json}, 3, 'the next';
    my $all = $api->ask(200, GET => '/history?limit=1000');
    is scalar @{$all->json}, $count, 'all of them';
    is $all->header('link'), undef,  'and no more';
    is scalar @{$api->ask(200, GET => "/history?limit=1000&$_")->json}, $count, "all: $_"
        for 'from=0.5&until=2100-01-01T00:00:00%2B01:00', 'client=127.0.0.0/8';
    is scalar @{$api->ask(200, GET => "/history?$_")->json}, 1, "one: $_"
        for 'domain=one.test', 'domain=*.test&limit=1';
    my $found = $api->ask(200, GET => '/history?address=192.0.2.77&format=json')->json;
    is scalar @$found, 1, 'that with an address';

    my $csv = $api->ask(200, GET => '/history?format=csv&limit=2');
    is $csv->header('content-type'), 'text/csv; charset=utf-8; header=present', 'CSV';
    like $csv->header('content-disposition'), qr/^attachment; filename=".+\.csv"$/, 'a file';
    is scalar(split /\r\n/, $csv->body), 3, 'with names';
    $csv = $api->ask(200, GET => '/history', {Accept => 'text/csv'});
    like $csv->body, qr/^id,created_at,client_ip,domain,addresses,ttls\r\n/, 'by Accept';
    my $lines = $api->ask(200, GET => '/history', {Accept => 'application/x-ndjson'});
    is $lines->header('content-type'), 'application/x-ndjson', 'a line each';
    is scalar(split /\n/, $lines->body), $count, 'all of them';
    $api->ask(200, GET => '/history?format=ndjson&limit=1');
    return;
}

# What the description allows, and the server refuses as described; and what it does not allow.
sub wrong_searches ($api) {
    my %code_of = (
        'limit=1001'                       => 'invalid_limit',
        'limit=4294967295999'              => 'invalid_limit',
        'from=2022-02-30T00:00:00Z'        => 'invalid_from',
        'until=2022-02-28T24:00:00Z'       => 'invalid_until',
        'from=1663534325&until=1663534324' => 'invalid_until',
        'until='                           => 'invalid_until',
        'domain=a..b'                      => 'invalid_domain',
        'client=192.0.2.256'               => 'invalid_client',
        'address=192.0.2.0/24'             => 'invalid_address');
    error_is $api->ask(400, GET => "/history?$_"), 400, $code_of{$_}, $code_of{$_}
        for sort keys %code_of;

    my %worse = (
        'limit=0'        => 'invalid_limit',
        'limit=x'        => 'invalid_limit',
        'cursor=2'       => 'invalid_cursor',
        'from=yesterday' => 'invalid_from',
        'format=xml'     => 'invalid_format');
    for (sort keys %worse) {
        is $api->ask_wrongly(400, GET => "/history?$_")->code, $worse{$_}, $worse{$_};
        $api->refuses(GET => "/history?$_");
    }
    return;
}

sub too_many_exports ($api, $nginx, $pg) {
    # More than fits between the worker and a client that does not read.
    $pg->fill(60_000);
    my @exports = map { $nginx->http } 1 .. 4;
    for my $reader (@exports) {
        $reader->open or die "connect: $!";
        setsockopt $reader->socket, SOL_SOCKET, SO_RCVBUF, 1 << 18 or die $!;
        $reader->send(DnsTools::Http->text('GET', '/history?format=csv'));
        sysread $reader->socket, my $begin, 100 or die 'closed at once';
    }
    my $refused = $api->ask(503, GET => '/history?format=ndjson');
    error_is $refused, 503, 'overloaded', 'one export too many';
    is $refused->header('retry-after'), 10, 'Retry-After';
    $_->abort for @exports;
    return;
}

sub slow_search ($api, $pg) {
    $pg->slow_row('slow');
    error_is $api->ask(504, GET => '/history?domain=slow'), 504, 'search_timeout', 'a search';
    $pg->no_slow_row;
    return;
}

sub no_history ($api, $code) {
    my $response = $api->ask(503, GET => '/history');
    error_is $response, 503, $code, 'no history';
    ok $response->header('retry-after'), 'Retry-After' if $code eq 'database_unavailable';
    return;
}

1;
