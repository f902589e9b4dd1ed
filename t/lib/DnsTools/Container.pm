package DnsTools::Container;

# Containers of the engine that DOCKER_HOST names. Each is removed when the test ends.

use v5.36;

use Carp     qw(confess);
use Exporter qw(import);
use JSON::PP;
use Test::More;
use Time::HiRes qw(time);

use DnsTools::Process qw(eventually slurp temp_folder wait_until);

our @EXPORT_OK = qw(command docker image needs_engine);

my $owner = $$;
my @running;

# The image under test.
sub image() { return $ENV{TEST_IMAGE} // 'dns-tools:latest' }

# An engine that is not the test's own would keep what the test leaves.
sub needs_engine() {
    BAIL_OUT('DOCKER_HOST names no engine; this is run by scripts/test-deploy')
        if !$ENV{DOCKER_HOST};
    return;
}

# Runs a command: its exit status, and what it wrote to standard output and error.
sub command (@argv) {
    my $output  = temp_folder('command') . '/output';
    my $process = DnsTools::Process->start(name => $argv[0], argv => \@argv, output => $output);
    $process->wait_end(300) or confess "@argv does not end:\n" . slurp($output);
    return ($process->ended >> 8, slurp($output));
}

# What docker prints; dies when it fails.
sub docker (@argv) {
    my ($status, $output) = command($ENV{DOCKER} // 'docker', @argv);
    confess "docker @argv: $output" if $status;
    chomp $output;
    return $output;
}

# Makes a container, as unprivileged as it gets unless `privileged`; start() starts it.
#   options   of `docker create`
#   network   instead of the host's
#   env       variables of the container
#   image     instead of the one under test
#   argv      arguments
sub new ($class, %o) {
    my %env     = %{$o{env}     // {}};
    my @options = @{$o{options} // []};
    push @options, qw(--read-only --cap-drop ALL --security-opt no-new-privileges --tmpfs /tmp)
        if !$o{privileged};
    push @options, map { ('--env', "$_=$env{$_}") } sort keys %env;
    my $id = docker('create', '--network', $o{network} // 'host',
        @options, $o{image} // image(), @{$o{argv} // []});
    my $self = bless {id => $id}, $class;
    push @running, $self;
    return $self;
}

sub start ($self) {
    docker('start', $self->{id});
    return $self;
}

sub id     ($self)          { return $self->{id} }
sub state  ($self)          { return decode_json(docker('inspect', $self->{id}))->[0]{State} }
sub pid    ($self)          { return $self->state->{Pid} }
sub logs   ($self)          { return docker('logs', $self->{id}) }
sub exec   ($self, @argv)   { return docker('exec', $self->{id}, @argv) }
sub try    ($self, @argv)   { return command($ENV{DOCKER} // 'docker', 'exec', $self->{id}, @argv) }
sub signal ($self, $signal) { return docker('kill', '--signal', $signal, $self->{id}) }

# The exit status once it has ended by itself.
sub wait_end ($self, $seconds = 20) {
    my $state = wait_until('the container ends',
        sub { my $s = $self->state; $s->{Status} eq 'exited' && $s }, $seconds);
    return $state->{ExitCode};
}

sub health_becomes ($self, $health, $seconds = 30) {
    return eventually(sub { $self->state->{Health}{Status} eq $health }, $seconds);
}

sub remove ($self) {
    @running = grep { $_ != $self } @running;
    docker('rm', '--force', '--volumes', $self->{id});
    return;
}

END {
    if ($$ == $owner) {
        local $?;
        eval { $_->remove } for @running;
    }
}

1;
