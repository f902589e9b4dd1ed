package DnsTools::FakeDns;

# A DNS server that misbehaves on demand, over UDP and TCP, for what a real one will not do.
#
# A rule is a list of steps, carried out in order for each query:
#   answer[:IP]         the address asked for
#   cname:NAME          that it is called NAME, and the address of NAME
#   nxdomain nodata servfail refused formerr notimp
#   delay:SECONDS       wait before the next step
#   drop                nothing
#   truncate            only the TC bit over UDP, the answer over TCP
#   tc                  only the TC bit over UDP; the steps behind it are for TCP
#   other_port, other_address, wrong_id, wrong_question
#                       a forged answer with the address 198.51.100.66
#   reflect             the query itself
#   garbage, empty, cut bytes that are no message, no bytes, half a message
#   close               over TCP: the connection

use v5.36;

use Carp qw(confess);
use IO::Handle;
use IO::Select;
use IO::Socket::INET;
use JSON::PP;
use Net::DNS;
use POSIX       ();
use Socket      qw(AF_UNIX PF_UNSPEC SOCK_STREAM);
use Time::HiRes qw(time);

use DnsTools::Process qw(free_port);

use constant forged => '198.51.100.66';

# rule: for names without one of their own; rules: by name.
sub start ($class, %o) {
    my $port = $o{port} // free_port();
    my $self = bless {
        port      => $port,
        udp       => _bind('127.0.0.1', $port),
        stranger  => _bind('127.0.0.1', 0),
        neighbour => _bind('127.0.0.2', $port),
        tcp       => IO::Socket::INET->new(
            LocalAddr => '127.0.0.1',
            LocalPort => $port,
            Proto     => 'tcp',
            Listen    => 64,
            ReuseAddr => 1
        ) // confess("listen: $!"),
        rule    => $o{rule}  // ['answer'],
        rules   => $o{rules} // {},
        queries => [],
        later   => [],
        streams => {},
    }, $class;
    socketpair $self->{control}, my $far, AF_UNIX, SOCK_STREAM, PF_UNSPEC or confess $!;
    $self->{process} = DnsTools::Process->start(
        name => 'fake DNS server',
        code => sub {
            close $self->{control};
            $self->{control} = $far;
            $self->_serve;
        });
    close $far;
    close delete $self->{$_} for qw(udp stranger neighbour tcp);
    return $self;
}

sub _bind ($address, $port) {
    return IO::Socket::INET->new(LocalAddr => $address, LocalPort => $port, Proto => 'udp')
        // confess("bind $address:$port: $!");
}

sub address ($self) { return "127.0.0.1:$self->{port}" }
sub port    ($self) { return $self->{port} }
sub stop    ($self) { return $self->{process}->stop }

# Changes the rule for one name, or for every name without a rule of its own.
sub rule_for ($self, $name, @steps) { return $self->_ask({name  => $name, steps => \@steps}) }
sub rule     ($self, @steps)        { return $self->_ask({steps => \@steps}) }

# What has arrived so far, for one name or all: {name, type, id, port, proto}.
sub queries ($self, $name = undef) {
    return grep { !defined $name || $_->{name} eq $name } @{$self->_ask({})};
}

sub _ask ($self, $request) {
    syswrite $self->{control}, encode_json($request) . "\n" or confess "control: $!";
    my $reply = '';
    until ($reply =~ /\n/) {
        sysread $self->{control}, $reply, 1 << 20, length $reply
            or confess 'the fake DNS server is gone';
    }
    return decode_json($reply);
}

sub _serve ($self) {
    my $select = IO::Select->new(@{$self}{qw(udp tcp control)});
    while (1) {
        my ($next) = sort { $a <=> $b } map { $_->[0] } @{$self->{later}};
        my $pause = defined $next ? $next - time : undef;
        $pause = 0 if defined $pause && $pause < 0;
        for my $ready ($select->can_read($pause)) {
            if ($ready == $self->{control}) {
                $self->_command or return;
            } elsif ($ready == $self->{udp}) {
                my $peer = recv $self->{udp}, my $bytes, 65_536, 0;
                $self->_query($bytes, {proto => 'udp', peer => $peer}) if defined $peer;
            } elsif ($ready == $self->{tcp}) {
                my $stream = $self->{tcp}->accept or next;
                $self->{streams}{$stream} = '';
                $select->add($stream);
            } elsif (!$self->_stream($ready)) {
                $select->remove($ready);
                delete $self->{streams}{$ready};
                close $ready;
            }
        }
        my @due = grep { $_->[0] <= time } @{$self->{later}};
        $self->{later} = [
            grep {
                my $one = $_;
                !grep { $_ == $one } @due
            } @{$self->{later}}];
        $self->_steps(@$_[1 .. 3]) for sort { $a->[0] <=> $b->[0] } @due;
    }
}

sub _command ($self) {
    until ($self->{input} && $self->{input} =~ /\n/) {
        sysread $self->{control}, $self->{input}, 65_536, length($self->{input} // '') or return 0;
    }
    $self->{input} =~ s/^(.*?)\n//;
    my $request = decode_json($1);
    my $reply   = {};
    if (!$request->{steps}) {
        $reply = $self->{queries};
    } elsif (defined $request->{name}) {
        $self->{rules}{$request->{name}} = $request->{steps};
    } else {
        $self->{rule} = $request->{steps};
    }
    my $text = encode_json($reply) . "\n";
    while (length $text) {
        my $n = syswrite $self->{control}, $text or return 0;
        substr $text, 0, $n, '';
    }
    return 1;
}

sub _stream ($self, $stream) {
    my $bytes = \$self->{streams}{$stream};
    sysread $stream, $$bytes, 65_536, length $$bytes or return 0;
    while (length $$bytes >= 2 && length $$bytes >= 2 + unpack 'n', $$bytes) {
        my $size = unpack 'n', substr $$bytes, 0, 2, '';
        $self->_query(substr($$bytes, 0, $size, ''), {proto => 'tcp', stream => $stream});
    }
    return 1;
}

sub _query ($self, $bytes, $from) {
    my $query      = Net::DNS::Packet->new(\$bytes) or return;
    my ($question) = $query->question               or return;
    my $name       = lc $question->qname;
    my $peer   = $from->{proto} eq 'udp' ? $from->{peer} : getpeername $from->{stream};
    my ($port) = $peer ? Socket::sockaddr_in($peer) : (0);
    push @{$self->{queries}},
        {
        name  => $name,
        type  => $question->qtype,
        id    => $query->header->id,
        port  => $port,
        proto => $from->{proto}};
    my @steps = @{$self->{rules}{$name} // $self->{rule}};
    # Steps behind `tc` are for TCP.
    @steps = ('tc') if $steps[0] eq 'tc' && $from->{proto} eq 'udp';
    $self->_steps({query => $query, bytes => $bytes, question => $question}, $from, \@steps);
    return;
}

sub _steps ($self, $asked, $from, $steps) {
    my @steps = @$steps;
    while (defined(my $step = shift @steps)) {
        my ($word, $value) = split /:/, $step, 2;
        if ($word eq 'delay') {
            push @{$self->{later}}, [time + $value, $asked, $from, \@steps];
            return;
        }
        $self->_step($word, $value, $asked, $from);
    }
    return;
}

my %rcode = (
    nxdomain => 'NXDOMAIN',
    nodata   => 'NOERROR',
    servfail => 'SERVFAIL',
    refused  => 'REFUSED',
    formerr  => 'FORMERR',
    notimp   => 'NOTIMP');

sub _step ($self, $word, $value, $asked, $from) {
    return if $word eq 'drop';
    if ($word eq 'close') {
        shutdown $from->{stream}, 2 if $from->{stream};
    } elsif ($word eq 'answer') {
        $self->_send($from, _message($asked, address => $value // '192.0.2.1'));
    } elsif ($word eq 'cname') {
        $self->_send($from, _message($asked, address => '192.0.2.1', cname => $value));
    } elsif ($word eq 'truncate') {
        my %what = $from->{proto} eq 'udp' ? (truncated => 1) : (address => '192.0.2.1');
        $self->_send($from, _message($asked, %what));
    } elsif ($word eq 'tc') {
        $self->_send($from, _message($asked, truncated => 1)) if $from->{proto} eq 'udp';
    } elsif ($rcode{$word}) {
        $self->_send($from, _message($asked, rcode => $rcode{$word}));
    } elsif ($word eq 'other_port') {
        $self->_send($from, _message($asked, address => forged), $self->{stranger});
    } elsif ($word eq 'other_address') {
        $self->_send($from, _message($asked, address => forged), $self->{neighbour});
    } elsif ($word eq 'wrong_id') {
        my $id = ($asked->{query}->header->id + 1) % 65_536;
        $self->_send($from, _message($asked, address => forged, id => $id));
    } elsif ($word eq 'wrong_question') {
        $self->_send($from, _message($asked, address => forged, name => 'other.test'));
    } elsif ($word eq 'reflect') {
        $self->_send($from, $asked->{bytes});
    } elsif ($word eq 'garbage') {
        $self->_send($from, join '', map { chr int rand 256 } 1 .. 100);
    } elsif ($word eq 'empty') {
        $self->_send($from, '');
    } elsif ($word eq 'cut') {
        my $message = _message($asked, address => forged);
        $self->_send($from, substr $message, 0, length($message) - 5);
    } else {
        die "no such step: $word";
    }
    return;
}

sub _message ($asked, %what) {
    my $name    = $what{name} // $asked->{question}->qname;
    my $message = Net::DNS::Packet->new($name, $asked->{question}->qtype);
    my $header  = $message->header;
    $header->id($what{id} // $asked->{query}->header->id);
    $header->qr(1);
    $header->rd($asked->{query}->header->rd);
    $header->ra(1);
    $header->tc(1)               if $what{truncated};
    $header->rcode($what{rcode}) if $what{rcode};
    if (defined $what{cname}) {
        $message->push(answer => Net::DNS::RR->new("$name. 60 CNAME $what{cname}."));
        $name = $what{cname};
    }
    $message->push(answer => Net::DNS::RR->new("$name. 60 A $what{address}"))
        if $what{address} && $asked->{question}->qtype eq 'A';
    return $message->data;
}

sub _send ($self, $from, $bytes, $socket = $self->{udp}) {
    if ($from->{proto} eq 'udp') {
        send $socket, $bytes, 0, $from->{peer};
    } else {
        syswrite $from->{stream}, pack('n', length $bytes) . $bytes;
    }
    return;
}

1;
