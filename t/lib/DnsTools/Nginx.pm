package DnsTools::Nginx;

# A real nginx with the module under test, in a folder of its own.

use v5.36;

use Carp           qw(confess);
use Cwd            qw(abs_path);
use File::Basename qw(dirname);
use IO::Socket::INET;
use Test::More;
use Time::HiRes qw(time);

use DnsTools::Http;
use DnsTools::Process
    qw(children_of eventually free_port process_alive slurp temp_folder wait_until);
use DnsTools::Valgrind;

my $root   = abs_path(dirname(__FILE__) . '/../../..');
my $binary = $ENV{TEST_NGINX} // '/usr/sbin/nginx';

# The file to load.
sub module_path() {
    my $path = abs_path($ENV{TEST_MODULE} // "$root/build/ngx_http_dns_tools_module.so");
    BAIL_OUT('the module is not built: ' . ($ENV{TEST_MODULE} // 'make build'))
        if !$path || !-e $path;
    return $path;
}

# The routes of the contract.
sub routes() {
    return <<~'CONF';
        location = /               { dns_tools_info; }
        location = /health         { dns_tools_health; }
        location = /ready          { dns_tools_ready; }
        location = /tools/lookup   { dns_tools_lookup; }
        location = /tools/validate { dns_tools_validate; }
        location = /history        { dns_tools_history; }
        CONF
}

# Every request leaves one JSON line with the module's variables.
my $access_log = <<~'CONF';
    log_format dns_tools escape=json
        '{"status":$status,"method":"$request_method","uri":"$request_uri",'
        '"domain":"$dns_tools_domain","type":"$dns_tools_type","result":"$dns_tools_result",'
        '"source":"$dns_tools_source","addresses":"$dns_tools_addresses","id":"$dns_tools_id",'
        '"duration":"$dns_tools_duration"}';
    CONF

# Options:
#   http, server, main   lines for these blocks; `server` is routes() unless given
#   listen               more parameters of the listen directive, such as "http2"
#   workers              worker_processes, 1 unless given
#   single               master_process off
#   daemon               it leaves its parent, without which it takes no USR2
#   connections          worker_connections
#   env                  environment of nginx
#   conf                 the whole configuration instead of the above
sub new ($class, %o) {
    my $self = bless {
        workers     => 1,
        connections => 1024,
        server      => routes(),
        http        => '',
        main        => '',
        listen      => '',
        folder      => temp_folder('nginx'),
        port        => free_port(),
        %o
    }, $class;
    mkdir "$self->{folder}/$_" for qw(logs temp);
    $self->{error_log}   = "$self->{folder}/logs/error.log";
    $self->{access_log}  = "$self->{folder}/logs/access.log";
    $self->{unix_socket} = "$self->{folder}/http.sock";
    $self->write_conf;
    return $self;
}

sub start ($class, %o) { return $class->new(%o)->run }

sub _conf ($self) {
    my $user   = $> == 0         ? 'user www-data;' : '';
    my $master = $self->{single} ? 'off'            : 'on';
    my $daemon = $self->{daemon} ? 'on'             : 'off';
    my $temp   = join "\n",
        map { "${_}_temp_path temp/$_;" } qw(client_body proxy fastcgi uwsgi scgi);
    return <<~"CONF";
        load_module ${\module_path()};
        $user
        daemon $daemon;
        master_process $master;
        worker_processes $self->{workers};
        pid logs/nginx.pid;
        error_log logs/error.log info;
        $self->{main}
        events { worker_connections $self->{connections}; }
        http {
            $temp
            $access_log
            access_log logs/access.log dns_tools;
            $self->{http}
            server {
                listen 127.0.0.1:$self->{port} $self->{listen};
                listen unix:$self->{unix_socket};
                $self->{server}
            }
        }
        CONF
}

# Writes the configuration, after changing some of the options.
sub write_conf ($self, %changes) {
    %$self = (%$self, %changes);
    open my $file, '>', "$self->{folder}/nginx.conf" or confess $!;
    print $file $self->{conf} // $self->_conf;
    close $file or confess $!;
    return;
}

sub _argv ($self) {
    return ($binary, '-p', "$self->{folder}/", '-c', "$self->{folder}/nginx.conf");
}

# What `nginx -t` says: its exit code and its messages.
sub check_conf ($class, %o) {
    my $self    = $class->new(%o);
    my $output  = "$self->{folder}/check.out";
    my $process = DnsTools::Process->start(
        name   => 'nginx -t',
        argv   => [$self->_argv, '-e', 'stderr', '-t'],
        env    => $self->{env},
        output => $output);
    $process->wait_end(10) or confess 'nginx -t does not end';
    return ($process->ended >> 8, slurp($output));
}

sub run ($self) {
    my @argv = ($self->_argv, '-e', $self->{error_log});
    if ($ENV{TEST_NGINX_VALGRIND}) {
        $self->{valgrind} = temp_folder('valgrind');
        chmod 0777, $self->{valgrind};
        @argv = (DnsTools::Valgrind::command($self->{valgrind}), @argv);
    }
    $self->{process} = DnsTools::Process->start(
        name   => 'nginx',
        argv   => \@argv,
        env    => $self->{env},
        output => "$self->{folder}/logs/output",
        stop   => 'QUIT');
    $self->_follow if $self->{daemon};
    wait_until(
        'nginx listens',
        sub {
            confess "nginx has ended:\n" . $self->errors if !$self->{process}->running;
            return $self->listening
                && $self->worker_pids == ($self->{single} ? 1 : $self->{workers});
        },
        20);
    return $self;
}

# From the process that was started to the one that it left behind.
sub _follow ($self) {
    my $pid_file = "$self->{folder}/logs/nginx.pid";
    my $pid      = wait_until('the pid file', sub { slurp($pid_file) =~ /^(\d+)$/m && $1 });
    $self->{process} = DnsTools::Process->adopt($pid, name => 'nginx', stop => 'QUIT');
    return;
}

# A configuration of the test's own may have nothing to connect to.
sub listening ($self) {
    return -s "$self->{folder}/logs/nginx.pid" if defined $self->{conf};
    return IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $self->{port});
}

sub port         ($self)     { return $self->{port} }
sub pid          ($self)     { return $self->{process}->pid }
sub process      ($self)     { return $self->{process} }
sub http         ($self, %o) { return DnsTools::Http->new(port => $self->{port}, %o) }
sub unix_http    ($self)     { return DnsTools::Http->new(path => $self->{unix_socket}) }
sub errors       ($self) { return slurp($self->{error_log}) . slurp("$self->{folder}/logs/output") }
sub access_lines ($self) { return split /\n/, slurp($self->{access_log}) }

sub worker_pids ($self) {
    my @pids = $self->{single} ? $self->pid : children_of($self->pid);
    return @pids;
}

# Reloads; returns when every worker is a new one and, unless told otherwise, the old ones left.
sub reload ($self, %o) {
    my %old = map { $_ => 1 } $self->worker_pids;
    $self->{process}->signal('HUP');
    wait_until(
        'new workers run',
        sub {
            my @new = grep { !$old{$_} } $self->worker_pids;
            return @new == $self->{workers};
        },
        20);
    wait_until(
        'old workers leave',
        sub {
            !grep { process_alive($_) } keys %old;
        },
        20
    ) if !$o{leave_old};
    return keys %old;
}

# Ends all of it by force, as if the machine had stopped. run() starts it again.
sub crash ($self) {
    my @pids = ($self->pid, $self->worker_pids);
    kill 'KILL', @pids;    # the master first, which would start others
    wait_until(
        'nginx is gone',
        sub {
            !$self->{process}->running && !grep { process_alive($_) } @pids;
        });
    unlink $self->{unix_socket};
    return;
}

# Kills one worker; returns when there is another.
sub kill_worker ($self, $pid = ($self->worker_pids)[0]) {
    kill 'KILL', $pid;
    wait_until(
        'another worker',
        sub {
            my @workers = $self->worker_pids;
            return @workers >= $self->{workers} && !grep { $_ == $pid } @workers;
        });
    return;
}

# Tells it to leave at once; true when it has.
sub terminate ($self) {
    my @workers = $self->worker_pids;
    $self->{process}->signal('TERM');
    return eventually(
        sub {
            return !$self->{process}->running && !grep { process_alive($_) } @workers;
        },
        10);
}

# Has another master take over from this one, calls $both while both run, then tells the old one to
# finish its work.
sub upgrade ($self, $both = sub { }) {
    my $old    = $self->{process};                         # a daemon
    my %before = map { $_ => 1 } children_of($old->pid);
    $old->signal('USR2');
    my $pid = wait_until(
        'a new master',
        sub {
            (grep { !$before{$_} } children_of($old->pid))[0];
        });
    $self->{process} = DnsTools::Process->adopt($pid, name => 'new nginx', stop => 'QUIT');
    wait_until('its workers', sub { $self->worker_pids == $self->{workers} });
    $both->();
    $old->signal('QUIT');
    wait_until('the old nginx leaves', sub { !$old->running }, 30);
    return;
}

# Tells it to finish its work; true when everything of it has ended by itself in time.
sub quit ($self, $seconds = 15) {
    my @workers = $self->worker_pids;
    $self->{process}->signal('QUIT');
    return eventually(
        sub {
            return !$self->{process}->running && !grep { process_alive($_) } @workers;
        },
        $seconds);
}

sub log_has ($self, $pattern, $seconds = 10) {
    return eventually(sub { $self->errors =~ $pattern }, $seconds);
}

# The common end of every test file: nginx leaves by itself and its log is clean. With `killed` the
# test has killed workers.
sub finish ($self, %o) {
    subtest 'nginx ends cleanly' => sub {
        if ($self->{process}->running) {
            ok $self->quit, 'all processes leave by themselves after QUIT';
        }
        $self->{process}->stop;
        is $self->{process}->ended, 0, 'the exit status is 0';
        my $bad =
            $o{above_warn} ? qr/\[(?:error|crit|alert|emerg)\]/ : qr/\[(?:crit|alert|emerg)\]/;
        my @bad = grep { /$bad|open socket|exited on signal/ } split /\n/, $self->errors;
        @bad = grep { !/exited on signal 9$/ } @bad if $o{killed};
        is "@bad[0 .. ($#bad < 9 ? $#bad : 9)]", '', 'the error log is clean';
        DnsTools::Valgrind::check($self->{valgrind}) if $self->{valgrind};
    };
    return;
}

1;
