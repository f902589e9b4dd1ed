package DnsTools::Proxy;

# A bad network between the module and PostgreSQL. Bytes that go "up" come from the module, those
# that go "down" from the server.

use v5.36;

use Carp qw(confess);
use IO::Handle;
use IO::Select;
use IO::Socket::INET;
use JSON::PP;
use Socket qw(AF_UNIX IPPROTO_TCP PF_UNSPEC SHUT_WR SOCK_STREAM SOL_SOCKET SO_LINGER TCP_NODELAY);
use Time::HiRes qw(time);

use DnsTools::Postgres;
use DnsTools::Process qw(free_port wait_until);

my %source = (up => 'module', down => 'server');
my %sink   = (up => 'server', down => 'module');

use constant most_queued => 1 << 20;

sub start ($class, $pg) {
    my $self = bless {
        port     => free_port(),
        server   => $pg->port,
        pairs    => [],
        counters => {connections => 0, up => 0, down => 0, resets => 0, swallowed => 0},
        fault    => {},
    }, $class;
    $self->{listener} = IO::Socket::INET->new(
        LocalAddr => '127.0.0.1',
        LocalPort => $self->{port},
        Proto     => 'tcp',
        Listen    => 64,
        ReuseAddr => 1
    ) // confess "listen: $!";
    socketpair $self->{control}, my $far, AF_UNIX, SOCK_STREAM, PF_UNSPEC or confess $!;
    $self->{process} = DnsTools::Process->start(
        name => 'proxy',
        code => sub {
            close $self->{control};
            $self->{control} = $far;
            $self->_serve;
        });
    close $far;
    close delete $self->{listener};
    return $self;
}

# What to give use_pg(), so that the module connects through it.
sub target ($self) {
    return (host => '127.0.0.1', port => $self->{port}, password => DnsTools::Postgres::password);
}

# Each of these holds for all connections until pass(), the new ones too.
sub hold    ($self, $way)     { return $self->_ask({hold    => $way}) }        # nothing is taken
sub swallow ($self, $way)     { return $self->_ask({swallow => $way}) }        # taken, and lost
sub delay   ($self, $seconds) { return $self->_ask({delay   => $seconds}) }    # of what goes down
sub pass    ($self)           { return $self->_ask({}) }

# Breaks the connection once so many more bytes have gone that way.
sub reset_after ($self, $way, $bytes) {
    my $before = $self->counters->{resets};
    $self->_ask({reset => $way, left => $bytes});
    wait_until("$bytes bytes $way", sub { $self->counters->{resets} > $before }, 30);
    return;
}

# Says on all connections that nothing more will come that way.
sub half_close ($self, $way) { return $self->_ask({half_close => $way}) }

# connections, up, down (bytes), resets, swallowed (bytes): so far
sub counters ($self) { return $self->_ask(undef) }

sub _ask ($self, $fault) {
    syswrite $self->{control}, JSON::PP->new->allow_nonref->encode($fault) . "\n"
        or confess "control: $!";
    my $reply = '';
    until ($reply =~ /\n/) {
        sysread $self->{control}, $reply, 65_536, length $reply or confess 'the proxy is gone';
    }
    return decode_json($reply);
}

sub _serve ($self) {
    # A side may have gone, or have been closed, when there is something left for it.
    local $SIG{PIPE} = 'IGNORE';
    while (1) {
        my ($read, $write, $pause) = $self->_interest;
        my ($readable, $writable) = IO::Select->select($read, $write, undef, $pause);
        for my $ready (@{$readable // []}) {
            if ($ready == $self->{control}) {
                $self->_command or return;
            } elsif ($ready == $self->{listener}) {
                $self->_accept;
            } elsif (my $pair = $self->_pair_of($ready)) {
                $self->_take($pair, $ready == $pair->{module} ? 'up' : 'down');
            }
        }
        for my $pair (@{$self->{pairs}}) {
            $self->_give($pair, $_) for 'up', 'down';
        }
        $self->{pairs} = [grep { $_->{module} } @{$self->{pairs}}];
    }
}

# What to wait for: readable and writable sockets, and for how long at most.
sub _interest ($self) {
    my $read  = IO::Select->new(@{$self}{qw(control listener)});
    my $write = IO::Select->new;
    my $pause;
    for my $pair (@{$self->{pairs}}) {
        for my $way ('up', 'down') {
            my $queue  = $pair->{$way};
            my $queued = 0;
            $queued += length($_->[1] // '') for @$queue;
            $read->add($pair->{$source{$way}})
                if !$pair->{ended}{$way}
                && $queued < most_queued
                && ($self->{fault}{hold} // '') ne $way;
            next if !@$queue;
            my $left = $queue->[0][0] - time;
            $write->add($pair->{$sink{$way}}) if $left <= 0;
            $pause = $left                    if $left > 0 && (!defined $pause || $left < $pause);
        }
    }
    return ($read, $write, $pause);
}

sub _command ($self) {
    until ($self->{input} && $self->{input} =~ /\n/) {
        sysread $self->{control}, $self->{input}, 65_536, length($self->{input} // '') or return 0;
    }
    $self->{input} =~ s/^(.*?)\n//;
    my $fault = JSON::PP->new->allow_nonref->decode($1);
    $self->{fault} = $fault if $fault;
    if (my $way = $self->{fault}{half_close}) {
        for my $pair (@{$self->{pairs}}) {
            shutdown $pair->{$sink{$way}}, SHUT_WR;
            $pair->{ended}{$way} = 1;
            $pair->{$way} = [];
        }
        $self->{fault} = {};
    }
    syswrite $self->{control}, encode_json($self->{counters}) . "\n";
    return 1;
}

sub _accept ($self) {
    my $module = $self->{listener}->accept or return;
    my $server = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $self->{server});
    return _break($module) if !$server;
    for my $socket ($module, $server) {
        $socket->blocking(0);
        setsockopt $socket, IPPROTO_TCP, TCP_NODELAY, 1;
    }
    ++$self->{counters}{connections};
    push @{$self->{pairs}}, {module => $module, server => $server, up => [], down => []};
    return;
}

sub _pair_of ($self, $socket) {
    my ($pair) =
        grep { $_->{module} && ($_->{module} == $socket || $_->{server} == $socket) }
        @{$self->{pairs}};
    return $pair;
}

# Reads what has come, and queues it with the time when it is to go on.
sub _take ($self, $pair, $way) {
    my $fault = $self->{fault};
    my $n     = sysread $pair->{$source{$way}}, my $bytes, 65_536;
    if (!defined $n) {
        return if $!{EAGAIN} || $!{EINTR};
        return _reset($pair);
    }
    my $due = $way eq 'down' ? time + ($fault->{delay} // 0) : 0;
    if ($n == 0) {
        $pair->{ended}{$way} = 1;
        push @{$pair->{$way}}, [$due, undef];
        return;
    }
    $self->{counters}{$way} += $n;
    if (($fault->{swallow} // '') eq $way) {
        $self->{counters}{swallowed} += $n;
        return;
    }
    if (($fault->{reset} // '') eq $way && ($fault->{left} -= $n) <= 0) {
        syswrite $pair->{$sink{$way}}, substr $bytes, 0, $n + $fault->{left};
        ++$self->{counters}{resets};
        $self->{fault} = {};
        return _reset($pair);
    }
    push @{$pair->{$way}}, [$due, $bytes];
    return;
}

# Passes on what is due.
sub _give ($self, $pair, $way) {
    my $queue = $pair->{$way};
    while ($pair->{module} && @$queue && $queue->[0][0] <= time) {
        return _close($pair) if !defined $queue->[0][1];
        my $n = syswrite $pair->{$sink{$way}}, $queue->[0][1];
        return $!{EAGAIN} || $!{EINTR} ? undef : _reset($pair) if !defined $n;
        substr $queue->[0][1], 0, $n, '';
        shift @$queue if $queue->[0][1] eq '';
    }
    return;
}

sub _close ($pair) {
    close delete $pair->{$_} for 'module', 'server';
    return;
}

sub _reset ($pair) {
    _break(delete $pair->{$_}) for 'module', 'server';
    return;
}

# With a reset instead of an orderly end.
sub _break ($socket) {
    setsockopt $socket, SOL_SOCKET, SO_LINGER, pack 'ii', 1, 0;
    close $socket;
    return;
}

1;
