# The image as it should be run: unprivileged, on a read-only root, against a real PostgreSQL and a
# real DNS server.

use v5.36;

use JSON::PP;
use Time::HiRes qw(time);

use DnsTools::Container qw(command docker image needs_engine);
use DnsTools::Load;
use DnsTools::Process qw(children_of free_port);
use DnsTools::Test;

needs_engine();
my $dns  = DnsTools::Knot->start;
my $pg   = DnsTools::Postgres->start;
my $port = free_port();
my %env  = (
    DNS_TOOLS_LISTEN_PORT => $port,
    DNS_TOOLS_WORKERS     => 2,
    DNS_TOOLS_RESOLVER    => $dns->address,
    PGHOST                => '127.0.0.1',
    PGPORT                => $pg->port,
    PGUSER                => 'dns_tools',
    PGDATABASE            => 'dns_tools',
    PGPASSWORD            => DnsTools::Postgres::password());
my $http = DnsTools::Http->new(port => $port);

my $volume  = "dns-tools-test-$$";
my @mounted = ('--volume', "$volume:/var/lib/dns-tools");

# Of a network of its own the engine may have a warning to give.
my @run = qw(run --rm --network none);

sub answers ($path = '/health') {
    my $answer = eval { DnsTools::Http->new(port => $port)->get($path) };
    return $answer && $answer->status == 200;
}

subtest 'what it is' => sub {
    my $image = decode_json(docker('image', 'inspect', image()))->[0];
    cmp_ok $image->{Size}, '<', 150_000_000, 'its size';
    note sprintf 'measured: %.1f MB', $image->{Size} / 1e6;
    is $image->{Config}{User},       '65532:65532', 'its user';
    is $image->{Config}{StopSignal}, 'SIGQUIT',     'its stop signal';
    ok $image->{Config}{ExposedPorts}{'3000/tcp'}, 'its port';
    my %label = %{$image->{Config}{Labels}};
    like $label{"org.opencontainers.image.$_"}, qr/./, "label $_"
        for qw(title description licenses vendor version revision created);
    my $packages = docker(@run, image(), 'dpkg-query', '-W', '-f', '${Package}\n');
    like $packages,   qr/^libnginx-mod-http-dns-tools$/m,           'the module is a package';
    unlike $packages, qr/^(?:gcc|g\+\+|cmake|make|curl|\S+-dev)$/m, 'nothing of the build is left';
};

# What was answered must be saved in each of three rounds. The machine may be busy in one, so the
# times are medians.
subtest "start, load, stop $_->[0]" => sub {
    my ($how, @options) = @$_;
    my (@starts, @stops, @ids);
    $pg->sql('DELETE FROM dns_lookups') if $pg->table_exists;
    for my $round (1 .. 3) {
        my $container = DnsTools::Container->new(env => \%env, options => \@options);
        my $begin     = time;
        $container->start;
        ok eventually(\&answers), "round $round: it answers" or return diag $container->logs;
        push @starts, time - $begin;

        wait_until('the table', sub { $pg->table_exists });
        my $load = DnsTools::Load->start(port => $port, clients => 8, gone_is_fine => 1);
        wait_until('some answers', sub { $load->progress > 2000 }, 60);
        $begin = time;
        docker('stop', '--time', 60, $container->id);
        push @stops, time - $begin;
        is $load->wait_end,               '', "round $round: no client has a complaint";
        is $container->state->{ExitCode}, 0,  "round $round: it ends by itself";
        push @ids, $load->ids;
        is scalar $load->failures, 0, "round $round: every answer is a 200";
        ids_are $pg, \@ids, "round $round: as many rows as 200s, none twice";
        unlike $container->logs, qr/\[(?:warn|error|crit|alert|emerg)\]/, 'a clean error log';
        $container->remove;
    }
    @$_ = sort { $a <=> $b } @$_ for \@starts, \@stops;
    note sprintf "measured: $how: %d lookups; start %s s, stop %s s", scalar @ids, map {
        join ', ', map { sprintf '%.2f', $_ } @$_
    } \@starts, \@stops;
    cmp_ok $starts[1], '<', 1, 'it starts in less than a second';
    cmp_ok $stops[1],  '<', 2, 'it stops in less than two';
    }
    for ['without a journal'], ['with the journal on a volume', @mounted];
docker('volume', 'rm', $volume);

# A container that dies takes nothing along: the next one on the volume saves what it has answered.
subtest 'the journal on a volume' => sub {
    $pg->sql('DELETE FROM dns_lookups');
    $pg->stop;
    my $first = DnsTools::Container->new(env => \%env, options => \@mounted)->start;
    ok eventually(\&answers), 'it starts without the database' or return diag $first->logs;
    my $load = DnsTools::Load->start(port => $port, resets => 1, gone_is_fine => 1);
    $load->more(2000);
    my $ready = $http->get('/ready');
    is $ready->status, 200, 'it wants requests';
    is $ready->json->{checks}{$_->[0]}{status}, $_->[1], "$_->[0]: $_->[1]"
        for [database => 'down'], [journal => 'up'];
    $first->signal('KILL');
    is $load->wait_end,        '', 'no client has a complaint';
    is scalar $load->failures, 0,  'every answer is a 200';
    is $first->wait_end,       137, 'it was killed';
    $first->remove;
    $http->close;

    $pg->run;
    is $pg->count, 0, 'nothing is saved yet';
    my $next = DnsTools::Container->new(env => \%env, options => \@mounted)->start;
    my @ids  = $load->ids;
    my %rows;
    my $lost = sub {
        %rows = map { $_ => 1 } $pg->ids;
        return grep { !$rows{$_} } @ids;
    };
    ok eventually(sub { !$lost->() }, 30), 'every answer is a row' or diag scalar $lost->(), ' lost';
    # Each client may have had one request under way whose answer it did not get.
    my $more = keys(%rows) - @ids;
    cmp_ok $more, '<=', $load->unanswered, 'and what was not answered is a row at most once';
    note 'measured: ', scalar @ids, ' answered, ', scalar $lost->(), " lost, $more saved without an answer";
    docker('stop', '--time', 60, $next->id);
    is $next->state->{ExitCode}, 0, 'the next one ends by itself';
    $next->remove;
    docker('volume', 'rm', $volume);
};

subtest 'the routes and the logs' => sub {
    my $container = DnsTools::Container->new(env => \%env)->start;
    wait_until('ready', sub { answers('/ready') });
    my $answer = $http->get(lookup('one.test'));
    is $answer->status, 200, 'lookup' or diag $answer->body;
    ok eventually(sub { $pg->row($answer->json->{id}) }), 'a row';
    is $http->get('/history?limit=1')->json->[0]{id},              $answer->json->{id}, 'history';
    is $http->post('/tools/validate', '{"ip":"192.0.2.7"}')->body, '{"status":true}',   'validate';
    ok eventually(sub { $http->get('/ready')->json->{status} eq 'up' }), 'ready';
    is $http->get('/nothing')->json->{code}, 'not_found', "nginx's own errors are JSON";
    is $http->get('/openapi.yaml')->body, slurp('openapi.yaml'), 'the description of the API';
    like $http->get('/metrics')->body, qr/^dns_tools_lookups_total\{.*result="ok".*\} 1$/m, 'metrics';
    is $http->get('/stats')->json->{lookups}{total}, 1, 'and figures for people';
    my ($line) = grep { /"dns_domain":"one\.test"/ } split /\n/, $container->logs;
    is eval { decode_json($line)->{dns_id} }, $answer->json->{id}, 'the access log is JSON';

    my @processes = ($container->pid, children_of($container->pid));
    is @processes, 3, 'a master and two workers';
    for my $pid (@processes) {
        my $status = slurp("/proc/$pid/status");
        like $status, qr/^Uid:\t65532\t65532/m, "process $pid is not root";
        like $status, qr/^CapEff:\t0+$/m,       'it has no capabilities';
        like $status, qr/^NoNewPrivs:\t1$/m,    'and gets none';
    }
    my ($status, $output) = $container->try('touch', '/var/lib/dns-tools/x');
    like $output, qr/Read-only file system/, 'the root is read-only';
    $container->remove;
};

subtest 'HEALTHCHECK' => sub {
    my $container = DnsTools::Container->new(
        env     => {%env, DNS_TOOLS_WORKERS => 1},
        options => [qw(--health-interval 1s --health-retries 1)])->start;
    ok $container->health_becomes('healthy'), 'healthy';
    my ($worker) = children_of($container->pid);
    kill 'STOP', $worker;
    ok $container->health_becomes('unhealthy'), 'unhealthy when the worker hangs';
    kill 'CONT', $worker;
    ok $container->health_becomes('healthy'), 'healthy again';
    $container->remove;
};

subtest 'a mounted configuration' => sub {
    my $folder = temp_folder('conf');
    open my $file, '>', "$folder/nginx.conf" or die $!;
    # As it is in the example, but for the port.
    print $file slurp('nginx.conf.example') =~ s/listen 3000;/listen 127.0.0.1:$port;/r;
    close $file;
    my $container = DnsTools::Container->new(
        # The port is for the health check, the rest for nobody.
        env => {
            PGHOST                => '/nowhere',
            DNS_TOOLS_WORKERS     => 'wrong',
            DNS_TOOLS_LISTEN_PORT => $port
        },
        options => [qw(--health-interval 1s --tmpfs /run --volume), "$folder:/etc/dns-tools:ro"]
    )->start;
    ok eventually(\&answers), 'it is used' or diag $container->logs;
    ok $container->health_becomes('healthy'), 'its port is asked for its health';
    is $http->get(lookup('localhost'))->status, 200, 'its routes answer';
    like $container->logs, qr/"dns_domain":"localhost"/, 'its log is the one of the container';
    docker('stop', '--time', 60, $container->id);
    is $container->state->{ExitCode}, 0, 'it stops';
    $container->remove;
};

subtest 'the password in a file' => sub {
    my $folder = temp_folder('secret');
    open my $file, '>', "$folder/password" or die $!;
    say $file DnsTools::Postgres::password();
    close $file;
    my %from_file = (%env, PGPASSWORD_FILE => '/run/secrets/password');
    delete $from_file{PGPASSWORD};
    my $container =
        DnsTools::Container->new(env => \%from_file, options => ['-v', "$folder:/run/secrets:ro"])
        ->start;
    ok eventually(sub { answers('/ready') && $http->get('/ready')->json->{status} eq 'up' }),
        'it is used';
    unlike $container->logs, qr/\Q@{[DnsTools::Postgres::password()]}\E/, 'and not logged';
    $container->remove;
};

subtest 'what stops the start' => sub {
    my @wrong = (
        [{DNS_TOOLS_WORKERS => 'many'},     qr/DNS_TOOLS_WORKERS='many'.* 1 to 512, or auto/],
        [{PGPASSWORD_FILE   => '/nowhere'}, qr/PGPASSWORD and PGPASSWORD_FILE/],
        [{PGPASSWORD        => '', PGPASSWORD_FILE => '/nowhere'}, qr{PGPASSWORD_FILE='/nowhere'}],
    );
    for my $case (@wrong) {
        my ($change, $message) = @$case;
        my $container = DnsTools::Container->new(env => {%env, %$change})->start;
        is $container->wait_end, 78, 'its status';
        like $container->logs, $message, join ' ', sort keys %$change;
        $container->remove;
    }
    my $container = DnsTools::Container->new(
        privileged => 1,
        env        => \%env,
        options    => ['--read-only'])->start;
    is $container->wait_end, 78, 'no place to write';
    like $container->logs, qr{/tmp must be writable}, 'is said';
    $container->remove;
};

subtest 'arguments' => sub {
    my ($status, $output) = command($ENV{DOCKER} // 'docker', @run, image(), '-t');
    is $status, 0, '-t is for nginx';
    like $output, qr/test is successful/, 'which checks its configuration';
    is docker(@run, image(), 'id', '-u'), 65532, 'anything else is a command';
    like docker(@run, '--cpus', 1, image(), '-T'), qr/^worker_processes 1;$/m,
        'as many workers as the container has processors';
};

done_testing;
