package DnsTools::Knot;

# A real authoritative DNS server with the zone `test` (t/zones/test.zone). It refuses names of
# other zones, and fails (SERVFAIL) for names of the zone `broken`.
#
#   zones   more zones: their records, by name
#   beside  a process in whose network it answers, on port 53

use v5.36;

use Carp           qw(confess);
use Cwd            qw(abs_path);
use File::Basename qw(dirname);
use Net::DNS;

use DnsTools::Process qw(free_port slurp temp_folder wait_until);

my $zone_file = abs_path(dirname(__FILE__) . '/../../zones/test.zone');

sub start ($class, %o) {
    my $port = $o{beside} ? 53 : free_port();
    my $self = bless {folder => temp_folder('knot'), port => $port, %o}, $class;
    my $many = join '', map { sprintf "many A 198.18.%d.%d\n", $_ / 256, $_ % 256 } 0 .. 299;
    $self->_write('test.zone', slurp($zone_file) . $many);
    my %zones = %{$o{zones} // {}};
    $self->_write("$_.zone", $zones{$_}) for keys %zones;
    my $zones = join '', map { "  - domain: $_\n    file: $_.zone\n" } sort keys %zones;
    $self->_write('knot.conf', <<~"CONF" . $zones);
        server:
            rundir: "$self->{folder}"
            listen: 127.0.0.1\@$self->{port}
            udp-workers: 1
            tcp-workers: 1
            background-workers: 1
        database:
            storage: "$self->{folder}"
        log:
          - target: stderr
            any: info
        template:
          - id: default
            storage: "$self->{folder}"
            zonefile-sync: -1
            zonefile-load: whole
            journal-content: none
        zone:
          - domain: test
            file: test.zone
          - domain: broken
            file: nothing.zone
        CONF
    $self->{log} = "$self->{folder}/log";
    return $self->run;
}

sub _write ($self, $name, $text) {
    open my $file, '>', "$self->{folder}/$name" or confess $!;
    print $file $text;
    close $file or confess $!;
    return;
}

sub run ($self) {
    my @beside = $self->{beside} ? ('nsenter', "--net=/proc/$self->{beside}/ns/net") : ();
    $self->{process} = DnsTools::Process->start(
        name   => 'knotd',
        argv   => [@beside, '/usr/sbin/knotd', '-c', "$self->{folder}/knot.conf"],
        output => $self->{log});
    my $resolver = Net::DNS::Resolver->new(
        nameservers => ['127.0.0.1'],
        port        => $self->{port},
        udp_timeout => 1,
        retry       => 1,
        recurse     => 0);
    wait_until(
        'knotd answers',
        sub {
            confess "knotd has ended:\n" . slurp($self->{log}) if !$self->{process}->running;
            return   if slurp($self->{log}) !~ /server started/;
            return 1 if $self->{beside};
            my $answer = $resolver->send('one.test', 'A');
            return $answer && $answer->answer;
        });
    return $self;
}

sub address ($self) { return "127.0.0.1:$self->{port}" }
sub port    ($self) { return $self->{port} }
sub stop    ($self) { return $self->{process}->stop }

1;
