# The access log: one JSON line for each request, with the module's variables.

use v5.36;

use JSON::PP;

use DnsTools::Test;

my $dns = DnsTools::FakeDns->start(
    rule  => ['answer:192.0.2.1'],
    rules => {
        'slow.test'   => ['delay:0.3', 'answer'],
        'gone.test'   => ['nxdomain'],
        'empty.test'  => ['nodata'],
        'bad.test'    => ['servfail'],
        'silent.test' => ['drop']});

# The example's own.
my ($example) =
    slurp('nginx.conf.example') =~ /^(    map \$request_uri \$ascii_uri .*?^        '\}';)$/ms
    or die 'the example configuration has no log_format';
$example =~ s/log_format dns_tools/log_format example/;
my $nginx = DnsTools::Nginx->start(
    http   => use_dns($dns, 'timeout=1s attempts=1') . $example,
    server => DnsTools::Nginx::routes() . <<~'CONF'
        access_log logs/access.log dns_tools;
        access_log logs/example.log example;
        location = /early {
            set $early "$dns_tools_result$dns_tools_id";
            add_header X-Early "[$early]";
            add_header X-Result "$dns_tools_result";
            dns_tools_lookup;
        }
        CONF
);
my $http  = $nginx->http;
my $lines = 0;
my $json  = JSON::PP->new;

# The line of the request that was just made.
sub logged() {
    my @all =
        wait_until('the log line', sub { my @l = $nginx->access_lines; @l > $lines && \@l })->@*;
    ++$lines;
    my $line = eval { $json->decode($all[$lines - 1]) };
    ok $line, 'the line is JSON' or diag "$@ $all[$lines - 1]";
    return $line // {};
}
$http->get("/health");
wait_until(
    'all lines',
    sub {
        my @l    = $nginx->access_lines;
        my $same = @l == $lines;
        $lines = @l;
        return $same && $lines;
    });

subtest 'a 200' => sub {
    my $answer = $http->get(lookup 'ONE.test')->json;
    my $line   = logged;
    is $line->{status},    200,           'status';
    is $line->{domain},    'one.test',    'domain';
    is $line->{type},      'A',           'type';
    is $line->{result},    'ok',          'result';
    is $line->{source},    'upstream',    'source';
    is $line->{addresses}, '192.0.2.1',   'addresses';
    is $line->{id},        $answer->{id}, 'id';
    like $line->{duration}, qr/\A\d+\.\d{6}\z/, 'duration in seconds';
    cmp_ok $line->{duration}, '<', 1 * patience, 'not long';
};

subtest 'a local name' => sub {
    $http->get(lookup 'localhost');
    my $line = logged;
    is $line->{source},    'local',     'source';
    is $line->{addresses}, '127.0.0.1', 'addresses';
};

subtest 'a POST' => sub {
    $http->post('/tools/lookup', '{"domain":"posted.test"}');
    is logged->{domain}, 'posted.test', 'domain';
};

my @errors = (
    ['gone.test',   404, 'nxdomain',         'upstream'],
    ['empty.test',  404, 'no_addresses',     'upstream'],
    ['x.invalid',   404, 'nxdomain',         'local'],
    ['bad.test',    502, 'upstream_failure', 'upstream'],
    ['silent.test', 504, 'upstream_timeout', 'upstream'],);
for (@errors) {
    my ($name, $status, $result, $source) = @$_;
    subtest $name => sub {
        $http->get(lookup $name);
        my $line = logged;
        is $line->{status},                  $status, 'status';
        is $line->{domain},                  $name,   'domain';
        is $line->{result},                  $result, 'result';
        is $line->{source},                  $source, 'source';
        is $line->{addresses} . $line->{id}, '',      'no addresses, no id';
        like $line->{duration}, qr/\A\d+\.\d{6}\z/, 'duration';
    };
}

for my $name ('192.0.2.1', 'one two', '') {
    subtest "the name '$name'" => sub {
        $http->get(lookup $name);
        my $line = logged;
        is $line->{result}, $name eq '192.0.2.1' ? 'ip_literal' : 'invalid_domain', 'result';
        is $line->{id},     '',                                                     'no id';
    };
}

subtest 'a HEAD' => sub {
    $http->head(lookup 'one.test');
    my $line = logged;
    is $line->{method}, 'HEAD', 'method';
    is $line->{result}, 'ok',   'result';
    like $line->{id}, qr/\A[0-9a-f-]{36}\z/, 'id';
};

subtest 'lookups that meet' => sub {
    $dns->rule_for('meet.test', 'delay:0.1', 'answer:192.0.2.1');
    my @clients = map { $nginx->http } 1, 2;
    for my $client (@clients) {
        $client->send(DnsTools::Http->text('GET', lookup 'meet.test'));
        wait_until('the query', sub { $dns->queries('meet.test') });
    }
    my %ids   = map { $_->response->json->{id} => 1 } @clients;
    my @lines = (logged, logged);
    is join(' ', sort map { $_->{source} } @lines), 'coalesced upstream',      'sources';
    is join(' ', sort map { $_->{id} } @lines),     join(' ', sort keys %ids), 'ids';
    is $_->{addresses}, '192.0.2.1', 'addresses' for @lines;
};

for (['[]', 400, 'invalid_body'], ['{', 400, 'invalid_body']) {
    my ($body, $status, $result) = @$_;
    subtest "a POST of $body" => sub {
        $http->post('/tools/lookup', $body);
        my $line = logged;
        is $line->{status},                   $status, 'status';
        is $line->{result},                   $result, 'result';
        is $line->{source} . $line->{domain}, '',      'nobody was asked';
    };
}

for (
    ['a DELETE', 'DELETE', '',                           405, 'method_not_allowed'],
    ['a POST of too much', 'POST', 'x' x 9000,           413, 'body_too_large'],
    ['a POST of too much, in parts', 'POST', undef,      413, 'body_too_large'],
    )
{
    my ($what, $method, $body, $status, $result) = @$_;
    subtest $what => sub {
        my $client = $nginx->http;
        if (defined $body) {
            $client->request($method, '/tools/lookup', {}, $body);
        } else {
            $client->send("POST /tools/lookup HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                    . sprintf("%x\r\n%s\r\n", 9000, 'x' x 9000)
                    . "0\r\n\r\n");
            $client->response;
        }
        my $line = logged;
        is $line->{status},                   $status, 'status';
        is $line->{result},                   $result, 'result';
        is $line->{source} . $line->{domain}, '',      'nobody was asked';
        like $line->{duration}, qr/\A0\.\d{6}\z/, 'duration';
    };
}

subtest 'a condition that cannot hold' => sub {
    my $answer = $http->get(lookup('one.test'), {'If-Match' => '"x"'});
    is $answer->status, 200, 'is no condition of a lookup';
    my $line = logged;
    is $line->{result}, 'ok',                'result';
    is $line->{id},     $answer->json->{id}, 'id';
};

subtest 'a client that leaves' => sub {
    my $leaving = $nginx->http;
    my $before  = () = $dns->queries('slow.test');
    $leaving->send(DnsTools::Http->text('GET', lookup 'slow.test'));
    wait_until('the query', sub { (() = $dns->queries('slow.test')) > $before });
    $leaving->abort;
    my $line = logged;
    is $line->{status}, 499,         'status';
    is $line->{domain}, 'slow.test', 'domain';
    is $line->{result}, '',          'no result';
    is $line->{id},     '',          'no id';
};

subtest 'a variable that was read too early' => sub {
    my $response = $http->get('/early?domain=one.test');
    is $response->header('x-early'),  '[]', 'was empty then';
    is $response->header('x-result'), 'ok', 'is set later';
    is logged->{result},              'ok', 'also in the log';
};

subtest 'other routes' => sub {
    $http->get('/health');
    my $line = logged;
    is join('', map { $line->{$_} } qw(domain type result source addresses id duration)), '',
        'have none';
};

subtest 'any bytes a client sends' => sub {
    for my $byte (1 .. 255) {
        next if chr($byte) =~ /[\n\r ]/;
        my $client = $nginx->http;
        $client->send("GET /tools/lookup?domain=a"
                . chr($byte)
                . "b.test HTTP/1.1\r\nHost: dns.test\r\nConnection: close\r\n\r\n");
        my $status = $client->response->status;
        my $line   = logged;
        is $line->{status}, $status, "byte $byte" if ($line->{status} // 0) != $status;

        $client = $nginx->http;
        $client->send(
            DnsTools::Http->text(
                'GET',
                sprintf('/tools/lookup?domain=a%%%02Xb.test', $byte),
                {Connection => 'close'}));
        $status = $client->response->status;
        $line   = logged;
        is $line->{status}, $status, "escaped byte $byte" if ($line->{status} // 0) != $status;
    }
    $http->post('/tools/lookup', $_) && logged
        for qq({"domain":"\\u0000\\n\\"\\\\x.test"}), qq({"domain":"\xff\xfe"}), "\0\1\2",
        '{"domain":"</script>"}';
};

subtest 'a strict reader of the lines of the example' => sub {
    my $client = $nginx->http;
    $client->send("GET /tools/lookup?domain=\xff\xfe.test HTTP/1.1\r\nHost: dns.test\r\n"
            . "User-Agent: \xe9\x01\"\\\r\nX-Forwarded-For: \xff\r\nConnection: close\r\n\r\n");
    $client->response;
    logged;
    # An HTTP/2 request whose headers end in the middle (RFC 9113 §4.3) has no answer, and no status.
    my $h2 = DnsTools::Nginx->start(
        listen => 'http2',
        http   => $example,
        server => 'access_log logs/example.log example; location / { dns_tools_info; }');
    my $headers = "\x82\x86\x04\x7f/cut";
    my $broken  = $h2->http;
    $broken->send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
            . pack('x3CCN', 4, 0, 0)
            . pack('xnCCN', length $headers, 1, 5, 1)
            . $headers);
    my @statuses;
    wait_until(
        'its line',
        sub {
            @statuses = slurp("$h2->{folder}/logs/example.log") =~ /"status":([^,]*),/g;
        });
    is "@statuses", '0', 'a request without an answer';
    my $reader = JSON::PP->new->utf8;
    my @bad    = grep {
        !eval { $reader->decode($_) }
    } map { split /\n/, slurp("$_->{folder}/logs/example.log") } $nginx, $h2;
    is "@bad", '', 'reads every line';
    $h2->finish(above_warn => 1);
};

$nginx->finish(above_warn => 1);
done_testing;
