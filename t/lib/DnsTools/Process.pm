package DnsTools::Process;

# Child processes that never outlive the test: each is stopped by its pid when it is told to, when
# the test ends, dies or is interrupted.

use v5.36;

use Carp     qw(confess);
use Exporter qw(import);
use Fcntl    qw(O_APPEND O_CREAT O_RDWR);
use File::Temp;
use IO::Socket::INET;
use POSIX       qw(:sys_wait_h);
use Time::HiRes qw(sleep time);

our @EXPORT_OK = qw(children_of eventually free_port patience process_alive slurp temp_folder
    wait_until);

my $owner = $$;
my @running;
my $folder;

$SIG{INT}  = $SIG{TERM} = $SIG{HUP} = sub { exit 130 };
$SIG{PIPE} = 'IGNORE';

# Everything is slower under valgrind: deadlines are multiplied by this.
sub patience() { return $ENV{TEST_NGINX_VALGRIND} ? 10 : 1 }

# The first true value of $test->(), or a false one when $seconds have passed.
sub eventually ($test, $seconds = 10) {
    my $deadline = time + $seconds * patience;
    my $pause    = 0.002;
    while (1) {
        my $value = $test->();
        return $value if $value || time >= $deadline;
        sleep $pause;
        $pause *= 1.5 if $pause < 0.05;
    }
}

# The same for what the test cannot go on without.
sub wait_until ($what, $test, $seconds = 10) {
    return eventually($test, $seconds) || confess "waited ${seconds}s in vain: $what";
}

# A folder that every user may look into, removed at the end. Its path stays short, because the
# paths of UNIX sockets end at 107 bytes.
sub temp_folder ($name) {
    if (!$folder) {
        my $parent = $ENV{TMPDIR} && length $ENV{TMPDIR} < 40 ? $ENV{TMPDIR} : '/tmp';
        $folder = File::Temp->newdir('dnsXXXXXX', DIR => $parent, CLEANUP => !$ENV{TEST_KEEP});
        chmod 0755, $folder;
    }
    my $path = "$folder/$name";
    for (my $n = 2 ; -e $path ; ++$n) {
        $path = "$folder/$name$n";
    }
    mkdir $path or confess "mkdir $path: $!";
    chmod 0755, $path;
    return $path;
}

# A loopback port free for UDP and TCP, outside the range that outgoing connections draw from.
sub free_port() {
    for (1 .. 200) {
        my $port = 10_000 + int rand 22_000;
        my $tcp  = IO::Socket::INET->new(
            LocalAddr => '127.0.0.1',
            LocalPort => $port,
            Proto     => 'tcp',
            Listen    => 1
        ) or next;
        my $udp = IO::Socket::INET->new(
            LocalAddr => '127.0.0.1',
            LocalPort => $port,
            Proto     => 'udp'
        ) or next;
        return $port;
    }
    confess 'no free port';
}

sub slurp ($path) {
    open my $file, '<:raw', $path or return '';
    local $/;
    return scalar(<$file>) // '';
}

sub process_alive ($pid) {
    my ($state) = slurp("/proc/$pid/stat") =~ /^.*\) (\S)/s;
    return defined $state && $state ne 'Z';
}

sub children_of ($parent) {
    my @pids;
    for my $stat (glob '/proc/[0-9]*/stat') {
        my ($pid, $state, $ppid) = slurp($stat) =~ /^(\d+) .*\) (\S) (\d+)/s or next;
        push @pids, $pid if $ppid == $parent && $state ne 'Z';
    }
    @pids = sort { $a <=> $b } @pids;
    return @pids;
}

# Starts `argv` (or runs `code`) in a process group of its own.
#   name    for messages
#   output  file for standard output and error
#   env     variables to set, or to remove where undef
#   stop    signal that ends it in an orderly way
sub start ($class, %o) {
    my $self = bless {stop => 'TERM', %o}, $class;
    my $pid  = fork // confess "fork: $!";
    if ($pid == 0) {
        eval { $self->_become };
        print STDERR $@;
        POSIX::_exit(127);
    }
    $self->{pid} = $pid;
    push @running, $self;
    return $self;
}

# Takes care of a process that a child of this one has started. Its status is not to be had.
sub adopt ($class, $pid, %o) {
    my $self = bless {stop => 'TERM', %o, pid => $pid, adopted => 1}, $class;
    push @running, $self;
    return $self;
}

sub _become ($self) {
    $SIG{$_} = 'DEFAULT' for qw(INT TERM HUP PIPE);
    setpgrp 0, 0;
    if ($self->{output}) {
        sysopen my $out, $self->{output}, O_RDWR | O_CREAT | O_APPEND, 0644
            or die "$self->{output}: $!";
        open STDIN,  '<',  '/dev/null' or die $!;
        open STDOUT, '>&', $out        or die $!;
        open STDERR, '>&', $out        or die $!;
    }
    while (my ($name, $value) = each %{$self->{env} // {}}) {
        if (defined $value) {
            $ENV{$name} = $value;
        } else {
            delete $ENV{$name};
        }
    }
    if ($self->{code}) {
        $self->{code}->();
        POSIX::_exit(0);
    }
    exec {$self->{argv}[0]} @{$self->{argv}} or die "$self->{argv}[0]: $!\n";
}

sub pid ($self) { return $self->{pid} }

# The wait status once it has ended, undef while it runs.
sub ended ($self) {
    return $self->{status} if defined $self->{status};
    if ($self->{adopted}) {
        $self->{status} = 0 if !process_alive($self->{pid});
    } elsif (waitpid($self->{pid}, WNOHANG) == $self->{pid}) {
        $self->{status} = $?;
    }
    @running = grep { $_ != $self } @running if defined $self->{status};
    return $self->{status};
}

sub running ($self) { return !defined $self->ended }

sub signal ($self, $signal) {
    return $self->running && kill $signal, $self->{pid};
}

# Waits for the end; false when it has not come.
sub wait_end ($self, $seconds = 10) {
    return eventually(sub { !$self->running }, $seconds);
}

# Ends it: in order, or by force together with everything it has started.
sub stop ($self, $seconds = 10) {
    return if !$self->running;
    $self->signal('CONT');
    $self->signal($self->{stop});
    return if $self->wait_end($seconds);
    my @family = ($self->{pid}, children_of($self->{pid}));
    kill 'KILL', @family;
    $self->wait_end(5);
    return;
}

END {
    if ($$ == $owner) {
        local $?;
        my @newest_first = reverse @running;
        $_->stop(5) for @newest_first;
        undef $folder;
    }
}

1;
