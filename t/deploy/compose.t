# compose.yaml, with the docker-compose that Debian has: from an .env file over the image that it
# builds to a saved lookup that outlives the containers.

use v5.36;

use File::Basename qw(dirname);
use Time::HiRes    qw(time);

use DnsTools::Container qw(command docker needs_engine);
use DnsTools::Process   qw(free_port);
use DnsTools::Test;

needs_engine();
my $port   = free_port();
my $folder = temp_folder('compose');
my $http   = DnsTools::Http->new(port => $port);
local $ENV{PORT}            = $port;
local $ENV{DNS_TOOLS_IMAGE} = "dns-tools-compose:$$";
local $ENV{POSTGRES_IMAGE}  = $ENV{TEST_POSTGRES_IMAGE} if $ENV{TEST_POSTGRES_IMAGE};
delete local $ENV{POSTGRES_PASSWORD};
my $project = "dnstools$$";
# It builds with the docker command it finds.
local $ENV{PATH} = dirname($ENV{DOCKER}) . ":$ENV{PATH}" if ($ENV{DOCKER} // '') =~ m{/};

sub write_file ($name, $text) {
    open my $file, '>', "$folder/$name" or die $!;
    print $file $text;
    close $file;
    return "$folder/$name";
}

# The host's network: the engine's own leads nowhere.
my $override = write_file('compose.yaml', <<~'END');
    services:
      dns-tools:
        build:
          network: host
    END

sub compose ($env_file, @argv) {
    return command(qw(docker-compose --file compose.yaml --file),
        $override, '--project-name', $project, '--env-file', $env_file, @argv);
}

# When what happened to a service's container first, such as "dns-tools start".
sub first_events ($since) {
    my $events = docker(
        'events',   '--since', $since, '--until', time,
        '--filter', "label=com.docker.compose.project=$project",
        '--format',
        '{{.TimeNano}} {{index .Actor.Attributes "com.docker.compose.service"}} {{.Action}}');
    my %at;
    $at{$2} //= $1 while $events =~ /^(\d+) (.*)$/mg;
    return \%at;
}

# Whatever happens, its containers, networks and volumes go.
my $owner = $$;
my $env;

END {
    if ($env && $$ == $owner) {
        local $?;
        compose($env, qw(down --volumes --timeout 5));
    }
}

my ($status, $output) = compose(write_file('example', slurp('.env.example')), 'config');
isnt $status, 0, 'the example alone is not enough';
like $output, qr/POSTGRES_PASSWORD|copy \.env\.example to \.env and choose a password/,
    'it says that the password is missing';

$env = write_file('env',
    slurp('.env.example') =~ s/^POSTGRES_PASSWORD=$/POSTGRES_PASSWORD=open-Sesame-42/mr);
($status, $output) = compose($env, 'config', '--quiet');
is $status, 0, 'with one it is right' or diag $output;
unlike slurp('compose.yaml'), qr/open-Sesame/, 'the file has none';

my $begin = time;
($status, $output) = compose($env, qw(up --detach --build));
is $status, 0, 'up' or BAIL_OUT($output);
my $at = first_events($begin);
cmp_ok $at->{'dns-tools start'} // 0, '>', $at->{'postgres health_status: healthy'} // 'inf',
    'the service starts once its database is healthy';
# The engine's networks end on this machine, so its nameserver may have nobody to ask.
my $is_up = sub {
    my $answer = eval { DnsTools::Http->new(port => $port)->get('/ready') };
    return $answer && $answer->json->{checks}{database}{status} eq 'up';
};
ok eventually($is_up, 60), 'it is up, and so is its database'
    or diag + (compose($env, 'logs', '--no-color'))[1];

my $answer = $http->get(lookup('localhost'));
is $answer->status, 200, 'a lookup';
my $id    = $answer->json->{id};
my $saved = sub { $http->get('/history')->body =~ /^\[\{"id":"\Q$id\E"[^{]*\{[^{]*\}\]\}\]$/ };
ok eventually($saved), 'is saved' or diag $http->get('/history')->body;

my ($container) = (compose($env, qw(ps -q dns-tools)))[1] =~ /^([0-9a-f]{12,})$/m;
is docker('inspect', '--format', '{{.HostConfig.ReadonlyRootfs}} {{.HostConfig.CapDrop}}',
    $container),
    'true [ALL]', 'it runs unprivileged';
ok eventually(
    sub { docker('inspect', '--format', '{{.State.Health.Status}}', $container) eq 'healthy' }, 60),
    'it is healthy';
like docker('exec', $container, 'sh', '-c', 'touch journal-test && stat -c %u journal-test'),
    qr/^65532$/,
    'the volume is writable';

($status, $output) = compose($env, qw(down --timeout 60));
is $status, 0, 'down' or diag $output;
($status, $output) = compose($env, qw(up --detach));
is $status, 0, 'up again' or diag $output;
ok eventually($is_up, 60), 'it is up again';
ok eventually($saved),     'what was saved is still there';
($status, $output) = compose($env, qw(down --volumes --timeout 60));
is $status, 0, 'down for good' or diag $output;

done_testing;
