# Exports of the history at the pace of their clients, over reloads, and when something breaks.

use v5.36;

use IO::Select;
use Socket qw(SOL_SOCKET SO_RCVBUF);

use DnsTools::Test;

my $dns   = DnsTools::Knot->start;
my $pg    = DnsTools::Postgres->start;
my $nginx = DnsTools::Nginx->start(
    http   => use_dns($dns) . use_pg($pg),
    server => DnsTools::Nginx::routes()
        . <<~'CONF');
            location = /impatient { send_timeout 300ms; dns_tools_history; }
            location = /page {
                ssi          on;
                default_type text/html;
                return 200 '<!--# include virtual="/history?format=csv" -->between
                    <!--# include virtual="/history?format=csv&limit=2500" -->the end';
            }
            CONF
my $http = $nginx->http;
my ($worker) = $nginx->worker_pids;
wait_until('the schema', sub { $pg->table_exists });

# More than fits between the worker and a client that does not read.
my $count  = 60_000;
my $target = '/history?format=csv';
$pg->fill($count);

# An export of which a little is read, and the rest left to lie. With a small buffer on this side
# it does not fit between the two.
sub begin ($target, $reader = $nginx->http) {
    $reader->open or die "connect: $!";
    setsockopt $reader->socket, SOL_SOCKET, SO_RCVBUF, 1 << 18 or die $!;
    $reader->send(DnsTools::Http->text('GET', $target, {Connection => 'close'}));
    sysread $reader->socket, my $begin, 100 or die 'closed at once';
    return [$reader, $begin];
}

# All bytes of it, up to the end of the connection.
sub rest_of ($export) {
    my ($reader, $text) = @$export;
    while (IO::Select->new($reader->socket)->can_read(20 * patience)) {
        sysread $reader->socket, $text, 1 << 20, length $text or return $text;
    }
    die 'no end of the connection';
}

sub is_whole ($export, $rows, $what) {
    my $text = rest_of($export);
    my @lines = $text =~ /^[0-9a-f]{8}-[0-9a-f-]{27},/mg;
    return is(($text =~ /\r\n0\r\n\r\n\z/ ? 'the end' : 'cut off') . ' after ' . @lines,
        "the end after $rows", $what);
}

sub is_cut_off ($export, $what) {
    return unlike substr(rest_of($export), -100), qr/\r\n0\r\n\r\n\z/, $what;
}

sub memory() { return (slurp("/proc/$worker/status") =~ /^VmRSS:\s+(\d+)/m)[0] }

subtest 'at the pace of clients' => sub {
    my $before  = memory;
    my @exports = map { begin($target) } 1 .. 4;
    $pg->wait_until_idle;
    error_is $http->get('/history?format=ndjson'), 503, 'overloaded', 'four at a time';
    is $http->get($target)->header('retry-after'), 10, 'Retry-After';
    is $http->get('/history')->status, 200, 'pages are answered';
    is $http->get(lookup 'none.broken')->status, 502, 'lookups are';
    my $room = $ENV{TEST_NGINX_VALGRIND} ? 65_536 : 8192;
    cmp_ok memory() - $before, '<', $room, 'four that lie still hold little memory (kB)';
    is $pg->sql(q{SELECT count(*) FROM pg_stat_activity WHERE state LIKE '%transaction%'}), 0,
        'and no transaction';
    $exports[0][0]->abort;
    $exports[1][0]->close;
    is_whole $exports[2], $count, 'one is read to the end';
    ok eventually(sub { $http->get('/history?format=csv&limit=1')->status == 200 }), 'there is room';
    is_whole begin('/history?format=csv&limit=2500'), 2500, 'for another';
    $exports[3][0]->abort;
    my $sleeper = begin("/impatient?format=csv&limit=$count");
    ok $nginx->log_has(qr/client timed out/), 'send_timeout is over';
    is_cut_off $sleeper, 'for one that does not read';
};

subtest 'as parts of a page' => sub {
    my $page = begin('/page');
    $pg->wait_until_idle;
    my ($first, $second) = split /between/, rest_of($page);
    for my $part ([$first, $count], [$second, 2500]) {
        my %ids = map { $_ => 1 } $part->[0] =~ /^([0-9a-f]{8}-[0-9a-f-]{27}),/mg;
        is scalar keys %ids, $part->[1], 'every row of an export';
    }
    like $second, qr/the end\r\n0\r\n\r\n\z/, 'and what stands behind them';
};

subtest 'a client that comes and goes' => sub {
    for my $n (1 .. 30) {
        my $reader = $nginx->http;
        $reader->send(DnsTools::Http->text('GET', $target));
        sysread $reader->socket, my $some, 1 << 15 if $n % 3;
        $n % 2 ? $reader->abort : $reader->close;
    }
    ok eventually(sub { $http->get('/history?format=csv&limit=1')->status == 200 }), 'there is room';
};

subtest 'reload and QUIT' => sub {
    my $reloaded = begin($target);
    $pg->wait_until_idle;
    $nginx->reload(leave_old => 1);
    is_whole $reloaded, $count, 'an export goes on over a reload';
    ok eventually(sub { $nginx->worker_pids == 1 }), 'and the old worker leaves';
    my $export = begin($target);
    $pg->wait_until_idle;
    $nginx->process->signal('QUIT');
    is_whole $export, $count, 'and over QUIT';
    ok $nginx->process->wait_end(15), 'nginx leaves by itself';
};
$nginx->finish(above_warn => 1);

subtest 'HTTP/2, and a database that dies' => sub {
    my $other = DnsTools::Nginx->start(
        listen => 'http2',
        http   => use_dns($dns) . use_pg($pg),
        server => DnsTools::Nginx::routes()
            . 'location = /limited { limit_rate 1m; dns_tools_history; }');
    my $base   = 'http://127.0.0.1:' . $other->port;
    my $folder = temp_folder('http2');
    my $rows   = `timeout 60 nghttp '$base/history?format=csv&limit=$count' | wc -l`;
    is $rows + 0, $count + 1, 'all rows over HTTP/2';
    my $client = DnsTools::Process->start(
        name   => 'nghttp',
        argv   => ['nghttp', '-v', "$base/limited?format=csv"],
        output => "$folder/out");
    wait_until('it has begun', sub { (-s "$folder/out" // 0) > 100_000 });
    $pg->crash;
    ok $client->wait_end(30), 'the database crashes, the stream ends';
    like slurp("$folder/out"), qr/recv RST_STREAM.*error_code=INTERNAL_ERROR/s, 'by a reset';
    ok $other->log_has(qr/\[error\].* an export of the history ends early: /), 'the log says so';
    $pg->run;
    $other->finish;
};

subtest 'a database that dies over HTTP/1.1' => sub {
    my $other  = DnsTools::Nginx->start(http => use_dns($dns) . use_pg($pg));
    my $client = $other->http;
    ok eventually(sub { $client->get('/history?format=csv&limit=1')->status == 200 }), 'before';
    my $export = begin($target, $other->http);
    $pg->wait_until_idle;
    $pg->crash;
    is_cut_off $export, 'there is no last chunk';
    ok $other->log_has(qr/\[error\].* an export of the history ends early: /), 'the log says so';
    error_is $client->get($target), 503, 'database_unavailable',
        'before the first byte it is an ordinary answer';
    ok $other->log_has(qr/\[error\].* an export of the history fails: /), 'the log says so';
    $pg->run;
    ok eventually(sub { $client->get('/history?format=csv&limit=1')->status == 200 }), 'after';
    $other->finish;
};

done_testing;
