# The history as CSV and newline-delimited JSON: whole, and in little memory.

use v5.36;

use IO::Uncompress::Gunzip qw(gunzip);
use JSON::PP;

use DnsTools::Test;

my $dns   = DnsTools::Knot->start;
my $pg    = DnsTools::Postgres->start;
my $nginx = DnsTools::Nginx->start(
    http   => use_dns($dns) . use_pg($pg),
    server => DnsTools::Nginx::routes() . <<~'CONF'
        location = /gzip { gzip on; gzip_types text/csv; dns_tools_history; }
        location = /limited { limit_rate 4m; dns_tools_history; }
        location = /guarded { auth_request /history; dns_tools_history; }
        CONF
);
my $http = $nginx->http(timeout => 30);
my ($worker) = $nginx->worker_pids;
wait_until('the schema', sub { $pg->table_exists });

# The rows of a CSV text (RFC 4180), as arrays of fields.
sub parse_csv ($text) {
    my @rows;
    while ($text =~ /\G((?:(?:"(?:[^"]|"")*"|[^",\r\n]*),?)*)\r\n/gc) {
        my $line = $1;
        push @rows, [];
        while ($line =~ /\G(?:"((?:[^"]|"")*)"|([^,]*))(?:,|\z)/gc) {
            push @{$rows[-1]}, defined $1 ? $1 =~ s/""/"/gr : $2;
            last if pos $line == length $line && $line !~ /,\z/;
        }
    }
    die 'no CSV: ' . substr $text, pos $text // 0, 100 if (pos $text // 0) != length $text;
    return @rows;
}

sub memory() { return (slurp("/proc/$worker/status") =~ /^VmRSS:\s+(\d+)/m)[0] }

subtest 'of nothing' => sub {
    my $csv = $http->get('/history?format=csv');
    is $csv->body, "id,created_at,client_ip,domain,addresses,ttls\r\n", 'CSV has its names';
    is $csv->header('content-type'), 'text/csv; charset=utf-8; header=present', 'type';
    is $csv->header('content-disposition'), 'attachment; filename="dns-lookups.csv"', 'file name';
    is $http->get('/history?format=ndjson')->body, '', 'no line of JSON';
};

subtest 'the same as in JSON' => sub {
    $http->get(lookup $_) for qw(one.test three.test zero.test);
    $pg->reaches(3);
    $pg->sql(<<~'SQL');
        INSERT INTO dns_lookups VALUES
        ('00000000-0000-7000-8000-000000000001', '2024-06-09 12:00:00.25Z', '2001:db8::1',
         E'odd, "x"\r\n\u00fc', '{192.0.2.1,2001:db8::80,198.51.100.0/24,192.0.2.2}', '{1,2,3,4}'),
        ('00000000-0000-7000-8000-000000000002', '1969-12-31 23:59:59Z', NULL, '', '{}', '{}'),
        ('00000000-0000-7000-8000-000000000003', 'infinity', NULL, 'left out', '{}', '{}')
        SQL
    my $all    = $http->get('/history')->json;
    my $ndjson = $http->get('/history?format=ndjson');
    is $ndjson->header('content-type'), 'application/x-ndjson', 'type';
    is_deeply [map { decode_json($_) } split /\n/, $ndjson->body], $all, 'lines of JSON';

    my ($names, @rows) = parse_csv($http->get('/history?format=csv')->body);
    is "@$names", 'id created_at client_ip domain addresses ttls', 'the names';
    for my $row (@rows) {
        my %row = map { $names->[$_] => $row->[$_] } 0 .. 5;
        utf8::decode($row{domain});
        my @ttls = split / /, $row{ttls};
        my $time = $pg->sql("SELECT floor(extract(epoch FROM '$row{created_at}'::timestamptz))");
        like $row{created_at}, qr/\A\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z\z/, 'a time of RFC 3339';
        $row = {
            id         => $row{id},
            domain     => $row{domain},
            client_ip  => $row{client_ip} eq '' ? undef : $row{client_ip},
            created_at => $time + 0,
            addresses  => [map { {ip => $_, ttl => shift(@ttls) + 0} } split / /, $row{addresses}],
        };
    }
    is_deeply \@rows, $all, 'rows of CSV';
    my ($id) = split /,/, (split /\r\n/, $http->get('/history?format=csv&limit=1')->body)[1];
    is $pg->sql("SELECT created_at = '"
            . $http->get("/history?format=csv&limit=1")->body =~ s/.*\r\n[^,]*,([^,]*),.*/$1/sr
            . "'::timestamptz FROM dns_lookups WHERE id = '$id'"), 't', 'to the microsecond';
    is scalar(parse_csv($http->get('/history?format=csv&limit=2')->body)), 3, 'limit';
    is $http->get('/history?format=ndjson&domain=one.test')->json->{domain}, 'one.test', 'filters';
    my $next = $http->get('/history?limit=2')->header('link') =~ /cursor=([^&>]*)/ ? $1 : '';
    is $http->get("/history?format=ndjson&limit=1&cursor=$next")->json->{id}, $all->[2]{id},
        'from a page on';
    $pg->sql('TRUNCATE dns_lookups');
};

my $count = 200_000;
$pg->fill($count);

subtest 'many rows' => sub {
    $http->get('/history?format=csv&limit=3000');    # so that everything is in place
    my $before = memory;
    my $body   = $http->get('/history?format=csv')->body;
    my %seen;
    my $last = '~';
    my $ordered = 1;
    while ($body =~ /^([0-9a-f-]{36}),/mg) {
        $ordered &&= $1 lt $last;
        $last = $1;
        ++$seen{$1};
    }
    is scalar keys %seen, $count, 'all of them, each once';
    ok $ordered, 'newest first';
    # valgrind keeps what is freed for a while.
    cmp_ok memory() - $before, '<', $ENV{TEST_NGINX_VALGRIND} ? 65_536 : 2048, 'no more memory for 200,000 than for 3,000 (kB)';
    note 'memory before ', $before, ' kB, after ', memory, ' kB';
    is $http->get('/health')->status, 200, 'the connection goes on';
    is scalar(my @lines = $http->get('/history?format=ndjson&limit=2500')->body =~ /\n/g), 2500,
        'limit is no matter of pages';
};

subtest 'ways to ask' => sub {
    my $head = $http->head('/history?format=csv');
    is $head->status, 200, 'HEAD';
    is $head->header('content-type'), 'text/csv; charset=utf-8; header=present', 'with its type';
    is $http->get('/health')->status, 200, 'and no body';

    my $old = $nginx->http;
    $old->send("GET /history?format=csv&limit=5000 HTTP/1.0\r\n\r\n");
    is scalar(parse_csv($old->response->body)), 5001, 'HTTP/1.0';

    my $packed = $http->get('/gzip?format=csv&limit=5000', {'Accept-Encoding' => 'gzip'});
    is $packed->header('content-encoding'), 'gzip', 'gzip';
    gunzip(\$packed->body, \my $unpacked);
    is $unpacked, $http->get('/history?format=csv&limit=5000')->body, 'the same inside';

    is scalar(parse_csv($http->get('/limited?format=csv&limit=5000')->body)), 5001, 'limit_rate';
    is scalar(parse_csv($http->get('/guarded?format=csv&limit=2000', {Accept => 'text/csv'})->body)),
        2001, 'behind a subrequest';
};

$nginx->finish(above_warn => 1);
done_testing;
