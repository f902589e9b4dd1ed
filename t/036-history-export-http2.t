# An export over HTTP/2 whose stream ends while a frame of it lies half sent in the worker: what is
# sent of that frame later, when the client reads on, is the export's text.

use v5.36;

use IO::Select;
use Socket qw(SOL_SOCKET SO_RCVBUF);

use DnsTools::Test;

my $dns   = DnsTools::Knot->start;
my $pg    = DnsTools::Postgres->start;
my $nginx = DnsTools::Nginx->start(
    listen => 'http2',
    # Memory that is given back is overwritten, and stays with the process: see mallopt(3).
    env => {
        MALLOC_PERTURB_         => 165,
        MALLOC_MMAP_THRESHOLD_  => 32 << 20,
        MALLOC_TRIM_THRESHOLD_  => 128 << 20
    },
    http   => use_dns($dns) . use_pg($pg),
    server => DnsTools::Nginx::routes()
        . 'location = /impatient { send_timeout 300ms; dns_tools_history; }');
wait_until('the schema', sub { $pg->table_exists });
my $rows = 60_000;
$pg->fill($rows);

# RFC 9113 §4.1.
sub frame ($type, $flags, $stream, $payload = '') {
    return substr(pack('N', length $payload), 1) . pack('CCN', $type, $flags, $stream) . $payload;
}
my %type = (data => 0, headers => 1, rst_stream => 3, settings => 4, window_update => 8);

# A client that asks for an export, takes any amount of it, and reads nothing.
sub begin ($path) {
    my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $nginx->port)
        or die "connect: $!";
    setsockopt $socket, SOL_SOCKET, SO_RCVBUF, 1 << 16 or die $!;
    my $most = 0x7fff_ffff;
    $path .= "?format=csv&limit=$rows";
    # GET, http, the path and a host, RFC 7541 §6.1 and §6.2.2; END_STREAM and END_HEADERS.
    my $headers = "\x82\x86\x04" . chr(length $path) . "$path\x01\x04host";
    syswrite $socket,
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
        . frame($type{settings}, 0, 0, pack 'nN', 4, $most)
        . frame($type{window_update}, 0, 0, pack 'N', $most - 65_535)
        . frame($type{headers},       5, 1, $headers)
        or die $!;
    return $socket;
}

# Of what comes until there is no more: the text in DATA frames.
sub text_of ($socket) {
    my ($all, $text, $at) = ('', '', 0);
    while (IO::Select->new($socket)->can_read(2 * patience)) {
        sysread $socket, $all, 1 << 20, length $all or last;
    }
    while ($at + 9 <= length $all) {
        my $size = unpack 'N', "\0" . substr $all, $at, 3;
        my $type = ord substr $all, $at + 3, 1;
        $text .= substr $all, $at + 9, $size if $type == $type{data};
        $at += 9 + $size;
    }
    return $text;
}

sub is_text ($text, $what) {
    cmp_ok length $text, '>', 100_000, "$what: much has come";
    ok $text !~ /[^\x20-\x7e\r\n]/, "$what: nothing but text" or diag "not at byte $-[0]";
    return;
}

my ($worker) = $nginx->worker_pids;
my $reset = begin('/history');
$pg->wait_until_idle;
syswrite $reset, frame($type{rst_stream}, 0, 1, pack 'N', 8) or die $!;
my $slow = begin('/impatient');
ok $nginx->log_has(qr/client timed out/), 'send_timeout is over';
is_text text_of($reset), 'a stream that is reset';
is_text text_of($slow),  'a stream that was too slow';
is join(' ', $nginx->worker_pids), $worker, 'the worker lives';

$nginx->finish;
done_testing;
