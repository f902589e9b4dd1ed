package DnsTools::Postgres::Session;

# A psql that stays connected, for a transaction that something happens in the midst of.

use v5.36;

use Carp       qw(confess);
use IPC::Open3 qw(open3);

sub new ($class, @argv) {
    my $self = bless {steps => 0}, $class;
    $self->{pid} = open3 $self->{in}, $self->{out}, undef, @argv;
    $self->sql('SELECT 1');
    return $self;
}

# Begins a statement, which may take its time.
sub send ($self, $statement) {
    ++$self->{steps};
    syswrite $self->{in}, "$statement;\n\\echo step $self->{steps}\n" or confess "psql: $!";
    return;
}

# Waits for its end: what it printed. Dies when it failed.
sub wait ($self) {
    my $text = '';
    until ($text =~ s/^step $self->{steps}\n//m) {
        sysread $self->{out}, $text, 65_536, length $text or confess "psql has ended: $text";
    }
    chomp $text;
    return $text;
}

sub sql ($self, $statement) {
    $self->send($statement);
    return $self->wait;
}

sub DESTROY ($self) {
    local ($?, $!);
    close $self->{in};
    kill 'TERM', $self->{pid};
    waitpid $self->{pid}, 0;
    return;
}

1;
