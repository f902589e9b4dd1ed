package DnsTools::Http;

# An HTTP/1.1 client over a plain socket, so that a test decides about every byte.

use v5.36;

use Carp qw(confess);
use IO::Select;
use IO::Socket::INET;
use IO::Socket::UNIX;
use Socket      qw(IPPROTO_TCP SOL_SOCKET SO_LINGER TCP_NODELAY);
use Time::HiRes qw(time);

use DnsTools::Http::Response;
use DnsTools::Process qw(patience);

# port or path (of a UNIX socket); timeout in seconds for each answer.
sub new ($class, %o) {
    return bless {timeout => 15, %o, buffer => ''}, $class;
}

sub open ($self) {
    $self->{buffer} = '';
    $self->{socket} =
        $self->{path}
        ? IO::Socket::UNIX->new(Peer     => $self->{path})
        : IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $self->{port});
    return if !$self->{socket};
    setsockopt $self->{socket}, IPPROTO_TCP, TCP_NODELAY, 1 if !$self->{path};
    $self->{fresh} = 1;
    return $self;
}

sub socket ($self) { return $self->{socket} }

sub close ($self) {
    CORE::close(delete $self->{socket}) if $self->{socket};
    return;
}

# Leaves with a reset instead of an orderly end.
sub abort ($self) {
    setsockopt $self->{socket}, SOL_SOCKET, SO_LINGER, pack 'ii', 1, 0;
    return $self->close;
}

sub send ($self, $bytes) {
    $self->{socket} or $self->open or confess "connect: $!";
    my $sent = 0;
    while ($sent < length $bytes) {
        my $n = syswrite $self->{socket}, $bytes, length($bytes) - $sent, $sent;
        return 0 if !defined $n;
        $sent += $n;
    }
    return 1;
}

# Reads what has arrived; 0 at the end of the stream, dies at the deadline.
sub _fill ($self, $deadline) {
    my $left = $deadline - time;
    confess 'no answer in time; so far: ' . substr $self->{buffer}, 0, 200
        if $left <= 0 || !IO::Select->new($self->{socket})->can_read($left);
    my $n = sysread $self->{socket}, $self->{buffer}, 65_536, length $self->{buffer};
    return $n || 0;
}

# The next answer on the connection; undef when the server closes it before the first byte. Dies
# when an answer is cut off.
sub response ($self, $method = 'GET') {
    my $deadline = time + $self->{timeout} * patience;
    while ($self->{buffer} !~ /\r\n\r\n/) {
        next if $self->_fill($deadline);
        my $got = $self->{buffer};
        $self->close;
        return if $got eq '';
        confess "an answer that is cut off: $got";
    }
    $self->{buffer} =~ s/^(.*?\r\n)\r\n//s;
    my $response = DnsTools::Http::Response->new($1);
    return $self->response($method) if $response->status == 100;
    $response->{body} =
        $method eq 'HEAD' || $response->status =~ /^(?:204|304)$/
        ? ''
        : $self->_body($response, $deadline);
    $self->{fresh} = 0;
    $self->close if ($response->header('connection') // '') eq 'close' && $self->{buffer} eq '';
    return $response;
}

sub _body ($self, $response, $deadline) {
    return $self->_chunks($deadline) if ($response->header('transfer-encoding') // '') eq 'chunked';
    my $length = $response->header('content-length');
    if (!defined $length) {
        1 while $self->_fill($deadline);
        return $self->_take(length $self->{buffer});
    }
    $self->_need($length, $deadline);
    return $self->_take($length);
}

sub _chunks ($self, $deadline) {
    my $body = '';
    while (1) {
        $self->_need(length($self->{buffer}) + 1, $deadline) until $self->{buffer} =~ /\r\n/;
        $self->{buffer} =~ s/^([0-9a-fA-F]+)[^\r]*\r\n// or confess "chunk: $self->{buffer}";
        my $size = hex $1;
        $self->_need($size + 2, $deadline);
        $body .= $self->_take($size);
        $self->_take(2);
        return $body if $size == 0;
    }
}

sub _need ($self, $size, $deadline) {
    while (length $self->{buffer} < $size) {
        $self->_fill($deadline) or confess "a body that is cut off: $self->{buffer}";
    }
    return;
}

sub _take ($self, $size) { return substr $self->{buffer}, 0, $size, '' }

# The bytes of a request.
sub text ($class, $method, $target, $headers = {}, $body = undef) {
    my %headers = (Host => 'dns.test', %$headers);
    $headers{'Content-Length'} //= length $body if defined $body;
    return
          "$method $target HTTP/1.1\r\n"
        . join('', map { "$_: $headers{$_}\r\n" } sort keys %headers) . "\r\n"
        . ($body // '');
}

# One request and its answer on the kept connection. A connection that the server closed while it
# lay idle is opened anew.
sub request ($self, $method, $target, $headers = {}, $body = undef) {
    my $text = DnsTools::Http->text($method, $target, $headers, $body);
    for my $attempt (1, 2) {
        $self->{socket} or $self->open or confess "connect: $!";
        my $fresh    = $self->{fresh};
        my $response = $self->send($text) ? $self->response($method) : undef;
        return $response if $response;
        $self->close;
        confess "$method $target: closed without an answer" if $fresh;
    }
    confess "$method $target: closed without an answer";
}

sub get  ($self, $target, $headers = {}) { return $self->request('GET',  $target, $headers) }
sub head ($self, $target, $headers = {}) { return $self->request('HEAD', $target, $headers) }

sub post ($self, $target, $body, $headers = {}) {
    return $self->request('POST', $target, {'Content-Type' => 'application/json', %$headers},
        $body);
}

1;
