package DnsTools::Postgres;

# A private PostgreSQL cluster, reached over a UNIX socket (no password) and over 127.0.0.1 (with
# the password). The role and the database for the module are both called dns_tools.

use v5.36;

use Carp           qw(confess);
use Cwd            qw(abs_path);
use File::Basename qw(dirname);
use JSON::PP;

use DnsTools::Postgres::Session;
use DnsTools::Process qw(children_of eventually free_port slurp temp_folder wait_until);

my $documented = abs_path(dirname(__FILE__) . '/../../../docs/sql');

use constant password => 'open-Sesame-42';

my ($bin) =
    reverse sort { ($a =~ /(\d+)/)[0] <=> ($b =~ /(\d+)/)[0] } glob '/usr/lib/postgresql/*/bin';

sub start ($class) {
    my $self = $class->_new;
    $self->_init;
    $self->run;
    $self->sql(q{CREATE ROLE dns_tools LOGIN PASSWORD '} . password . q{'}, database => 'postgres');
    $self->sql('CREATE DATABASE dns_tools OWNER dns_tools',                 database => 'postgres');
    return $self;
}

sub _new ($class) {
    my $folder = temp_folder('pg');
    my $self   = bless {folder => $folder, port => free_port(), log => "$folder/log"}, $class;
    if ($> == 0) {
        my ($uid, $gid) = (getpwnam 'postgres')[2, 3];
        chown $uid, $gid, $folder or confess $!;
        $self->{as_user} = ['setpriv', '--reuid=postgres', '--regid=postgres', '--clear-groups'];
    }
    return $self;
}

# Runs a program, PostgreSQL's or another, to its end.
sub _program ($self, $program, @arguments) {
    my $process = DnsTools::Process->start(
        name   => $program,
        argv   => [@{$self->{as_user} // []}, $program, @arguments],
        output => $self->{log});
    $process->wait_end(60) && $process->ended == 0 or confess "$program:\n" . slurp($self->{log});
    return;
}

# A hot standby of this one that follows it, called `name` in synchronous_standby_names. It may read
# and, once promoted, write.
sub standby ($self, $name = 'standby') {
    my $standby = ref($self)->_new;
    $standby->_program(
        "$bin/pg_basebackup", '-D', "$standby->{folder}/data", '-d',
        "host=$self->{folder} port=$self->{port} user=postgres application_name=$name",
        qw(-R -X stream -c fast --no-sync));
    return $standby->run;
}

sub promote ($self) { return $self->sql('SELECT pg_promote()', database => 'postgres') }

# TEST_POSTGRES_TEMPLATE may name a cluster to copy, which takes a tenth of the time of initdb.
sub _init ($self) {
    my $data = "$self->{folder}/data";
    my $made = $ENV{TEST_POSTGRES_TEMPLATE};
    return $self->_program('cp', '-R', $made, $data) if defined $made;
    return $self->_program("$bin/initdb", '-D', $data, '-U', 'postgres', '--auth-local=trust',
        '--auth-host=scram-sha-256', '--no-sync', '--encoding=UTF8', '--locale=C');
}

sub run ($self) {
    $self->{process} = DnsTools::Process->start(
        name => 'postgres',
        argv => [
            @{$self->{as_user} // []},                 "$bin/postgres",
            '-D',                                      "$self->{folder}/data",
            map { ('-c', $_) } "port=$self->{port}",   'listen_addresses=127.0.0.1',
            "unix_socket_directories=$self->{folder}", 'fsync=off',
            'shared_buffers=32MB',                     'max_connections=40',
            'log_statement=none'
        ],
        output => $self->{log},
        stop   => 'INT');
    wait_until(
        'PostgreSQL answers',
        sub {
            confess "postgres has ended:\n" . slurp($self->{log}) if !$self->{process}->running;
            return eval { $self->sql('SELECT 1', database => 'postgres') };
        },
        30);
    return $self;
}

# A fast, orderly stop.
sub stop ($self) { return $self->{process}->stop(30) }

# As after a crash: nobody says goodbye.
sub crash ($self) {
    $self->{process}->signal('QUIT');
    $self->{process}->wait_end(30) or confess 'postgres survives SIGQUIT';
    return;
}

sub _family ($self) { return ($self->{process}->pid, children_of($self->{process}->pid)) }

# Its processes lead sessions of their own, so each is told. The first one goes first: then no
# others come.
sub freeze ($self) { kill 'STOP', $_ for $self->_family;         return }
sub thaw   ($self) { kill 'CONT', $_ for reverse $self->_family; return }

# A connection string for the module; undef removes one of its words.
sub conninfo ($self, %o) {
    my %words = (
        host   => $self->{folder},
        port   => $self->{port},
        user   => 'dns_tools',
        dbname => 'dns_tools',
        %o);
    return join ' ', map { "$_=$words{$_}" } grep { defined $words{$_} } sort keys %words;
}

# Settings for the whole server, which take effect at once; undef is the default again.
sub set ($self, %settings) {
    for my $name (sort keys %settings) {
        my $value = $settings{$name};
        $self->sql('ALTER SYSTEM ' . (defined $value ? "SET $name = '$value'" : "RESET $name"),
            database => 'postgres');
    }
    $self->sql('SELECT pg_reload_conf()', database => 'postgres');
    for my $name (grep { defined $settings{$_} } keys %settings) {
        wait_until("$name is set",
            sub { $self->sql("SHOW $name", database => 'postgres') eq $settings{$name} });
    }
    return;
}

# How many of the module's sessions wait for a lock.
sub waiting ($self) {
    return $self->sql(
        q{SELECT count(*) FROM pg_stat_activity WHERE usename = 'dns_tools' AND wait_event_type = 'Lock'}
    );
}

sub port     ($self) { return $self->{port} }
sub folder   ($self) { return $self->{folder} }
sub log_text ($self) { return slurp($self->{log}) }

sub _psql ($self, %o) {
    return (
        "$bin/psql", '-XAtq',                '-v', 'ON_ERROR_STOP=1',
        '-h',        $self->{folder},        '-p', $self->{port},
        '-U',        $o{user} // 'postgres', '-d', $o{database} // 'dns_tools');
}

# A session for a transaction of several steps.
sub session ($self, %o) { return DnsTools::Postgres::Session->new($self->_psql(%o)) }

# What psql prints for one statement; dies when it fails.
sub sql ($self, $statement, %o) { return $self->_run($statement, ['-c', $statement], %o) }

# The same for a file of docs/sql.
sub sql_file ($self, $name, %o) { return $self->_run($name, ['-f', "$documented/$name"], %o) }

sub _run ($self, $what, $input, %o) {
    my @argv = ($self->_psql(%o), @$input);
    my $pid  = open my $output, '-|' // confess $!;
    if ($pid == 0) {
        open STDERR, '>&', \*STDOUT;
        exec {$argv[0]} @argv or POSIX::_exit(127);
    }
    my $text = do { local $/; <$output> }
        // '';
    close $output;
    confess "$what: $text" if $?;
    chomp $text;
    return $text;
}

# Waits until the module asks for nothing more: what is under way waits for clients.
sub wait_until_idle ($self) {
    my $last = '';
    wait_until(
        'no query is sent any more',
        sub {
            my $now = $self->sql(
                q{SELECT max(query_start) FROM pg_stat_activity WHERE usename = 'dns_tools'});
            my $same = $now eq $last;
            $last = $now;
            select undef, undef, undef, 0.1;
            return $same;
        });
    return;
}

sub table_exists ($self) {
    return $self->sql(q{SELECT to_regclass('dns_lookups') IS NOT NULL}) eq 't';
}

sub count ($self) {
    return eval { $self->sql('SELECT count(*) FROM dns_lookups') } // 0;
}

# Adds rows n1.fill.test, n2.fill.test and so on, one a millisecond of the year 2023, as if the
# module had written them.
sub fill ($self, $rows) {
    $self->sql(<<~"SQL");
        INSERT INTO dns_lookups
        SELECT (lpad(to_hex(1700000000000 + n), 12, '0') || '70008000' ||
                lpad(to_hex(n), 12, '0'))::uuid,
            to_timestamp((1700000000000 + n) / 1000.0), '192.0.2.0'::inet + n % 256,
            'n' || n || '.fill.test', '{198.51.100.1,198.51.100.2}', '{60,300}'
        FROM generate_series(1, $rows) AS t(n)
        SQL
    return;
}

# Adds a row of that name that takes a minute to look at; the others are as they were. The table
# itself is kept_lookups until no_slow_row().
sub slow_row ($self, $domain) {
    $self->sql(<<~"SQL", user => 'dns_tools');
        ALTER TABLE dns_lookups RENAME TO kept_lookups;
        CREATE VIEW dns_lookups AS SELECT * FROM kept_lookups
        WHERE domain <> '$domain' OR pg_sleep(60) IS NULL;
        INSERT INTO kept_lookups
        VALUES ('01900000-0000-7000-8000-0000000000ff', now(), NULL, '$domain', '{}', '{}')
        SQL
    return;
}

sub no_slow_row ($self) {
    return $self->sql('DROP VIEW dns_lookups; ALTER TABLE kept_lookups RENAME TO dns_lookups');
}

# Whether there are exactly so many rows before long.
sub reaches ($self, $rows, $seconds = 15) {
    return eventually(sub { $self->count == $rows }, $seconds);
}

# Every id, oldest first.
sub ids ($self) { return split /\n/, $self->sql('SELECT id FROM dns_lookups ORDER BY id') }

# One row in the shape of a lookup's answer, addresses without their TTLs.
sub row ($self, $id) {
    my $text = $self->sql(<<~"SQL");
        SELECT json_build_object('id', id, 'domain', domain, 'client_ip', host(client_ip),
            'created_at', floor(extract(epoch FROM created_at))::bigint, 'addresses',
            ARRAY(SELECT host(a) FROM unnest(addresses) WITH ORDINALITY AS t(a, n) ORDER BY n))
        FROM dns_lookups WHERE id = '$id'
        SQL
    return $text eq '' ? undef : decode_json($text);
}

1;
