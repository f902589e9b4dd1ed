package DnsTools::Load;

# Clients in processes of their own that look up random names over kept connections. Each writes
# what it got, one line an answer; the parent reads it all once they have ended.

use v5.36;

use Carp qw(confess);
use Errno;
use IO::Handle;
use IO::Socket::INET;
use Socket      qw(IPPROTO_TCP TCP_NODELAY);
use Time::HiRes qw(sleep time);

use DnsTools::Process qw(slurp temp_folder wait_until);

# port; clients; pause: of each client after an answer, in seconds; requests: for each client,
# without it until stop() or until the server is gone; gone_is_fine: the server may stop accepting
# connections in the meantime; resets: it may also break them and come back, and the name of a
# request that got no answer is written down.
sub start ($class, %o) {
    my $self = bless {clients => 8, %o, folder => temp_folder('load')}, $class;
    for my $number (1 .. $self->{clients}) {
        push @{$self->{processes}},
            DnsTools::Process->start(
            name   => "client $number",
            code   => sub { $self->_client($number) },
            output => "$self->{folder}/errors");
    }
    return $self;
}

sub _client ($self, $number) {
    my $stop = 0;
    local $SIG{TERM} = sub { $stop = 1 };
    local $SIG{PIPE} = 'IGNORE';
    srand $number * 7919 + $$;
    open my $results, '>', "$self->{folder}/$number" or die $!;
    $results->autoflush if $self->{pause};
    my $socket;
    my $answers = 0;
    my $count   = 0;

    until ($stop || ($self->{requests} && $count >= $self->{requests})) {
        if (!$socket) {
            $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $self->{port});
            last if !$socket && $self->{gone_is_fine};
            next if !$socket && $self->{resets} && sleep 0.005;
            $socket or die "connect: $!\n";
            setsockopt $socket, IPPROTO_TCP, TCP_NODELAY, 1;
            $answers = 0;
        }
        my $name  = sprintf '%08x%06x.wild.test', rand 2**32, rand 2**24;
        my $start = time;
        my ($status, $body, $close) = eval { _exchange($socket, $name) };
        die $@ if $@ && !$self->{resets};
        if (!$status) {
            printf $results "0 %s %.6f\n", $name, time - $start if $self->{resets};
            # A kept connection may be closed while it is idle, and one that was never accepted
            # is reset when the server leaves; any other request must be answered.
            undef $socket;
            next if $answers || $self->{gone_is_fine} || $self->{resets};
            die "no answer on a new connection\n";
        }
        ++$answers;
        ++$count;
        my ($id) = $body =~ /^\{"id":"([^"]+)","domain":"\Q$name\E"/;
        die "a wrong answer: $status $body\n" if $status == 200 && !$id;
        printf $results "%d %s %.6f\n", $status, $id // '-', time - $start;
        undef $socket        if $close;
        sleep $self->{pause} if $self->{pause};
    }
    close $results or die $!;
    return;
}

sub _exchange ($socket, $name) {
    my $text = "GET /tools/lookup?domain=$name HTTP/1.1\r\nHost: dns.test\r\n\r\n";
    syswrite($socket, $text) // return;
    my $answer = '';
    while ($answer !~ /\r\n\r\n/) {
        if (!_read($socket, \$answer)) {
            die "an answer that is cut off: $answer\n" if $answer ne '';
            return;
        }
    }
    my ($head, $body) = $answer =~ /^(.*?)\r\n\r\n(.*)$/s;
    my ($status) = $head =~ m{^HTTP/1\.1 (\d+)};
    my ($length) = $head =~ /^Content-Length: (\d+)/mi or die "no length: $head\n";
    while (length $body < $length) {
        _read($socket, \$body) or die "a body that is cut off: $body\n";
    }
    return ($status, $body, $head =~ /^Connection: close/mi);
}

# The signal to stop may come while a request is under way, which is still to be answered.
sub _read ($socket, $buffer) {
    while (1) {
        my $n = sysread $socket, $$buffer, 65_536, length $$buffer;
        return $n if defined $n || !$!{EINTR};
    }
}

sub stop ($self) { $_->signal('TERM') for @{$self->{processes}}; return $self->wait_end }

# Waits for the end; what went wrong, as text.
sub wait_end ($self, $seconds = 120) {
    $_->wait_end($seconds) || confess 'a client does not end' for @{$self->{processes}};
    $self->{answers} = [
        map { chomp; [split / /] }
        map { split /^/, slurp("$self->{folder}/$_") } 1 .. $self->{clients}];
    return slurp("$self->{folder}/errors");
}

# How many answers there are so far, more or less.
sub progress ($self) {
    my $bytes = 0;
    $bytes += -s "$self->{folder}/$_" // 0 for 1 .. $self->{clients};
    return $bytes / 50;
}

# Waits until there are so many more.
sub more ($self, $count) {
    my $enough = $self->progress + $count;
    return wait_until("$count more answers", sub { $self->progress >= $enough }, 30);
}

# Afterwards: the ids of all 200s, what other answers there were, the names of requests that got
# none, times in seconds in order.
sub ids ($self) {
    my @ids = sort map { $_->[1] } grep { $_->[0] == 200 } @{$self->{answers}};
    return @ids;
}

sub failures ($self) {
    return grep { $_->[0] != 200 && $_->[0] != 0 } @{$self->{answers}};
}

sub unanswered ($self) {
    return map { $_->[1] } grep { $_->[0] == 0 } @{$self->{answers}};
}

sub times ($self) {
    return map { $_->[2] } @{$self->{answers}};
}

1;
