# What /history finds, and how it is paged through.

use v5.36;

use DnsTools::Test;

my $dns   = DnsTools::Knot->start;
my $pg    = DnsTools::Postgres->start;
my $nginx = DnsTools::Nginx->start(
    http   => use_dns($dns) . use_pg($pg),
    server => DnsTools::Nginx::routes() . <<~'CONF'
        location /behind/ { rewrite ^/behind(/history)$ $1 last; }
        location = /always { rewrite ^ /history?limit=2&domain=*.wild.test last; }
        CONF
);
my $http = $nginx->http;
wait_until('the schema', sub { $pg->table_exists });

# The path and query of the next page; undef when there is none.
sub next_of ($response) {
    my $link = $response->header('link') // return;
    my ($target) = $link =~ /\A<(\/[^<>"]*)>; rel="next"\z/ or die "Link: $link";
    return $target;
}

# All elements behind this target, page by page.
sub follow ($target, %o) {
    my @found;
    for (my $pages = 1 ; defined $target ; ++$pages) {
        die 'endless pages' if $pages > 1000;
        my $response = $http->get($target);
        $response->status == 200 or die $response->body;
        push @found, @{$response->json};
        $target = next_of($response);
        $o{between}->() if $o{between};
    }
    return @found;
}

sub domains (@elements) { return join ' ', map { $_->{domain} } @elements }
sub found   ($query)    { return domains(@{$http->get("/history?$query")->json}) }

subtest 'what the module wrote' => sub {
    $http->get(lookup $_) for 'a.wild.test', 'b.wild.test', 'bücher.wild.test', 'one.test';
    ok $pg->reaches(4), 'four rows';
    my ($one) = @{$http->get('/history?domain=one.test')->json};
    is $one->{domain}, 'one.test', 'one of them';
    my $ip = $one->{addresses}[0]{ip};
    is found("address=$ip&domain=one.test"), 'one.test',                   'by its address';
    is found('address=203.0.113.99'),        '',                           'by another';
    is found('domain=*.wild.test&limit=2'),  'xn--bcher-kva.wild.test b.wild.test', 'below';
    is found('domain=B%C3%9CCHER.wild.test.'), 'xn--bcher-kva.wild.test',  'a U-label';
    is found('client=127.0.0.0/8&domain=one.test'), 'one.test',            'by the network';
    is found('client=127.0.0.2'), '', 'another client';
    my $at = $one->{created_at};
    is found("domain=one.test&from=$at"),                                    'one.test', 'from';
    is found("domain=one.test&until=$at"),                                   '',         'until';
    is found("domain=one.test&from=$at&until=" . ($at + 1) . '.000'),        'one.test', 'both';
    is found('from=2999-01-01T00:00:00Z'),                                   '',         'future';
    is found('until=2000-01-01T00:00:00+02:00'),                             '',         'past';
};

$pg->sql('TRUNCATE dns_lookups');
$pg->fill(2000);
$pg->sql(<<~'SQL');
    INSERT INTO dns_lookups VALUES
    ('01900000-0000-7000-8000-000000000001', '2024-06-09 12:00Z', NULL, 'no-client.test', '{}', '{}'),
    ('01900000-0000-7000-8000-000000000002', '2024-06-09 12:00Z', '2001:db8::1', 'six.test',
     '{2001:db8::80,198.51.100.9}', '{1,2}'),
    ('01900000-0000-7000-8000-000000000003', '2024-06-09 12:00Z', '2001:db8:1::1', 'odd "x", ü',
     '{NULL,198.51.100.0/24}', '{1,2}'),
    ('01900000-0000-7000-8000-000000000004', 'infinity', '192.0.2.1', 'late.test', '{}', '{}')
    SQL

subtest 'rows that others wrote' => sub {
    is found('limit=4'), "odd \"x\", \x{fc} six.test no-client.test",
        'newest first, without the one that has no time';
    is found('client=2001:db8::/32'),  "odd \"x\", \x{fc} six.test", 'IPv6 clients';
    is found('client=2001:db8::1'),    'six.test',                   'one of them';
    is found('address=2001:db8::80'),  'six.test',                   'an IPv6 address';
    is_deeply $http->get('/history?domain=six.test')->json->[0]{addresses},
        [{ip => '198.51.100.9', ttl => 2}], 'which is not shown';
    is $http->get('/history?domain=no-client.test')->json->[0]{client_ip}, undef, 'no client';
    is scalar(grep { $_->{domain} eq 'no-client.test' } follow('/history?client=0.0.0.0/0&limit=1000')),
        0, 'no client is in no network';
};

subtest 'filters together' => sub {
    # n ms after 1,700,000,000 s, from 192.0.2.(n % 256)
    is found('from=1700000000.100&until=1700000000.103&limit=9'),
        join(' ', map { "n$_.fill.test" } 102, 101, 100), 'a range of time';
    is found('from=2023-11-14T22:13:20.1Z&until=2023-11-14T22:13:20.1000001Z'),
        'n100.fill.test', 'RFC 3339, finer than a microsecond';
    is found('from=2023-11-14T22:13:20.1000001Z&until=2023-11-14T22:13:20.102Z'),
        'n101.fill.test', 'an instant behind one row is before the next';
    is found('client=192.0.2.7&from=1700000001.000&limit=9'),
        join(' ', map { "n$_.fill.test" } 1799, 1543, 1287, 1031), 'a client from a time on';
    is found('client=192.0.2.0/31&until=1700000000.300'),
        join(' ', map { "n$_.fill.test" } 257, 256, 1), 'a network until a time';
    is found('client=192.0.2.7&from=1700000001.000&address=198.51.100.2&domain=*.fill.test&limit=2'),
        'n1799.fill.test n1543.fill.test', 'all of them';
    is found('client=192.0.2.7&from=1700000001.000&address=198.51.100.3'), '', 'one that misses';
    is found('domain=*.test&limit=3'), 'six.test no-client.test', 'below the top';
    is found('domain=fill.test'),      '',                       'the name itself is not there';
    is found('domain=*.ill.test'),     '',                       'below is a matter of labels';
};

subtest 'pages' => sub {
    my @all = map { "n$_.fill.test" } reverse 1 .. 2000;
    is domains(follow('/history?domain=*.fill.test&limit=300')), "@all", 'to the end, each once';
    is scalar(follow('/history?limit=1000')), 2003, 'over a row that is left out';
    my $round = 0;
    is domains(
        follow(
            '/history?domain=*.fill.test&limit=150',
            between => sub {
                ++$round;
                $http->get(lookup "p$round.wild.test");
                $pg->sql(qq{DELETE FROM dns_lookups WHERE domain = 'n@{[1998 - $round]}.fill.test'})
                    if $round == 1;
            })
        ),
        "@all", 'while rows come, and one that was shown goes';
    cmp_ok $round, '>', 12, 'they were many';
    my $page = $http->get('/history?limit=3&domain=*.fill.test&x=%22%3E&format=json');
    like next_of($page),
        qr{\A/history\?limit=3&domain=\*\.fill\.test&x=%22%3E&format=json&cursor=[0-9a-f-]{36}\z},
        'the same parameters';
    unlike next_of($http->get(next_of $page)), qr/cursor=.*cursor=/, 'one cursor';
    is next_of($http->get('/history?domain=six.test&limit=1')), undef, 'none after the last page';
    is next_of($http->get('/history?domain=none.test')),        undef, 'none after nothing';
    is $http->head('/history?limit=3')->header('link'),
        $http->get('/history?limit=3')->header('link'), 'HEAD tells it too';
    like next_of($http->get('/behind/history?limit=1')), qr{\A/behind/history\?limit=1&cursor=},
        'the path is the one that the client knows';
    like next_of($http->get('/always')), qr{\A/always\?cursor=}, 'and so is the query';
    is scalar(follow('/always')), $round, 'which can be followed';
    like next_of($http->get('//history?limit=1')), qr{\A/history\?}, 'never another host';
};

subtest 'the format' => sub {
    my %type = (csv => 'text/csv', ndjson => 'application/x-ndjson', json => 'application/json');
    for my $format (sort keys %type) {
        my $by_name = $http->get("/history?limit=1&format=$format");
        like $by_name->header('content-type'), qr/\A\Q$type{$format}\E(?:;|\z)/, "format=$format";
        is $by_name->header('vary'), undef, 'depends on the URI alone';
        my $by_type = $http->get('/history?limit=1', {Accept => $type{$format}});
        is $by_type->body,           $by_name->body, "Accept: $type{$format}";
        is $by_type->header('vary'), 'Accept',       'depends on it';
    }
    my $get = sub ($accept) {
        return $http->get('/history?limit=1', {Accept => $accept})->header('content-type');
    };
    is $get->('text/html,*/*;q=0.8'),                    'application/json',     'a browser';
    is $get->('text/csv;q=0.5, application/x-ndjson'),   'application/x-ndjson', 'weights';
    is $http->get('/history?limit=1&format=json', {Accept => 'text/csv'})->header('content-type'),
        'application/json', 'format= wins';
    my $two = DnsTools::Http->text('GET', '/history?limit=1', {Accept => 'text/html'});
    $two =~ s/\r\n\r\n\z/\r\naccept: text\/csv\r\n\r\n/;
    $http->send($two);
    like $http->response->header('content-type'), qr{text/csv}, 'two Accept headers';
};

subtest 'wrong parameters' => sub {
    for my $query (
        qw(limit=0 limit=1001 limit=x cursor= cursor=x cursor=01900000-0000-7000-8000-00000000000
        from= from=now from=2024-02-30T00:00:00Z from=-1 until=1e9 until=2024-01-01 from=2&until=1
        domain= domain=a..b domain=* domain=*.*.test domain=192.0.2.1 domain=%ff domain=a%00b
        client= client=x client=192.0.2.0/33 client=2001:db8::/129 client=192.0.2.1/24/8
        address= address=192.0.2.0/24 address=1.2.3 address=a.test
        format= format=xml format=CSV format=csv&limit=0 format=ndjson&limit=-1
        limit=5&from=x limit=0&limit=5)
        )
    {
        my ($name) = $query =~ /(?:until=1\z)/ ? 'until' : $query =~ /(?:^|&)(\w+)=[^&]*\z/;
        $name = 'limit' if $query eq 'limit=0&limit=5';
        my $response = $http->get("/history?$query");
        error_is $response, 400, "invalid_$name", $query;
        like $response->json->{message}, qr/\A$name ".*" /, 'names the parameter and its value';
    }
    for my $query (qw(Limit=0 limi=0 x=1 limit=5&limit=0 domain=six.test&domain=*)) {
        is $http->get("/history?$query")->status, 200, "$query is none";
    }
};

$nginx->finish(above_warn => 1);
done_testing;
