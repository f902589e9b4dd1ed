# The configurations that the chart renders: the module takes each, and `helm test` passes on one.
# scripts/test-chart has installed helm.

use v5.36;

use Cwd qw(getcwd);
use JSON::PP;

use DnsTools::Process qw(free_port);
use DnsTools::Test;

my $root  = getcwd;
my $chart = 'helm/dns-tools';

# Objects that Helm renders, from a template with several of them or with one.
sub rendered ($set, $template) {
    state $errors = temp_folder('helm') . '/errors';
    my $command = "scripts/npm-tools helm template rel $chart -f $set -s templates/$template";
    my $text    = qx($command 2>$errors);
    $? == 0 or die "$command:\n" . slurp($errors);
    return $text;
}

# A literal block of YAML (`key: |`), and of what `- |` begins.
sub block ($yaml, $key) {
    my ($indent, $text) = $yaml =~ /^( *)\Q$key\E \|\n((?:\1 +[^\n]*\n|[ ]*\n)*)/m
        or die "there is no $key in\n$yaml";
    my ($inner) = $text =~ /^( +)\S/m;
    return $text =~ s/^(?:$inner|[ ]+$)//gmr;
}

sub write_file ($path, $text) {
    open my $file, '>', $path or die "$path: $!";
    print $file $text;
    close $file or die "$path: $!";
    return;
}

# On paths and ports of the test's own: the configuration, and where the ports are.
sub adapted ($conf, $nginx) {
    my $folder = $nginx->{folder};
    my $module = DnsTools::Nginx::module_path();
    $conf =~ s/^load_module [^;]+;/load_module $module;/m or die 'no load_module';
    $conf =~ s{^pid [^;]+;}{pid $folder/logs/nginx.pid;}m or die 'no pid';
    $conf =~ s{^error_log stderr}{error_log $folder/logs/error.log}m or die 'no error_log';
    $conf =~ s{_temp_path /tmp/}{_temp_path $folder/temp/}g == 5     or die 'no temporary files';
    $conf =~ s{access_log /dev/stdout}{access_log $folder/logs/access.log}g;
    my ($first) = $conf =~ /listen (\d+);/ or die 'no port';
    my %ports = ($first => $nginx->port);
    $conf =~ s{listen (\[::\]:)?(\d+);}{
        $ports{$2} //= free_port;
        sprintf 'listen %s:%d;', $1 ? '[::1]' : '127.0.0.1', $ports{$2};
    }ge;
    $conf =~ s{alias /usr/share/dns-tools/}{alias $root/} or die 'no description of the API';
    $conf =~ s{dns_tools_journal /var/lib/dns-tools/}{dns_tools_journal $folder/};
    $conf =~ s{key=/etc/dns-tools-secrets/}{key=$folder/};
    write_file("$folder/client-ip-key", 'k' x 16);
    return "daemon off;\n" . ($> == 0 ? "user www-data;\n" : '') . $conf, %ports;
}

my @sets = sort glob "$chart/ci/*.yaml";
cmp_ok scalar @sets, '>=', 12, 'a dozen value sets';

for my $set (@sets) {
    my $conf  = block rendered($set, 'configmap.yaml'), 'nginx.conf:';
    my $nginx = DnsTools::Nginx->new(conf => '');
    ($conf) = adapted($conf, $nginx);
    my ($status, $said) = DnsTools::Nginx->check_conf(
        %$nginx,
        conf => $conf,
        env  => {PGHOST => '192.0.2.32', PGSSLMODE => 'disable'});
    is $status, 0, "$set: nginx takes the configuration" or diag $said;
    unlike $said, qr/\[(?:warn|error|crit|alert|emerg)\]/, 'and has nothing to say';
}

my $dns   = DnsTools::Knot->start;
my $pg    = DnsTools::Postgres->start;
my $set   = "$chart/ci/01-smallest-values.yaml";
my $nginx = DnsTools::Nginx->new(conf => '', workers => 2);
my ($conf, %ports) = adapted(block(rendered($set, 'configmap.yaml'), 'nginx.conf:'), $nginx);
# libpq's environment is where the chart's pods have it.
my %env = map { s/^host$/PGHOST/r =~ s/^port$/PGPORT/r =~ s/^user$/PGUSER/r =~ s/^dbname$/PGDATABASE/r }
    map { split /=/, $_, 2 } split / /, $pg->conninfo;
my $resolver = $dns->address;
$conf =~ s/^( *)dns_tools_database;/$1dns_tools_resolver $resolver;\n$1dns_tools_database;/m
    or die 'no database';
$nginx->{env} = \%env;
$nginx->write_conf(conf => $conf);
$nginx->run;
wait_until('the schema', sub { $pg->table_exists });

my $test   = rendered($set, 'tests/api.yaml');
my $script = "$nginx->{folder}/test.bash";
write_file($script, block $test, '-');

sub helm_test ($port) {
    local %ENV = (%ENV, SERVER => '127.0.0.1', PORT => $port);
    my $output = qx(bash $script 2>&1);
    return ($? >> 8, $output);
}
my ($status, $output) = helm_test($nginx->port);
is $status, 0, 'the script of helm test passes' or diag $output;
is scalar(() = $output =~ /^ok: /mg), 8, 'on eight routes';
($status, $output) = helm_test(free_port);
is $status, 1, 'and fails where nothing listens';

my $http   = $nginx->http;
my $answer = $http->get(lookup 'one.test');
is $answer->status, 200, 'a lookup';
ok $pg->reaches(2), 'it is saved, like the one of the script: over libpq\'s environment';
is $http->get('/v1/health')->status, 200, '/v1/';
my $openapi = $http->get('/openapi.yaml');
is $openapi->status,                 200,                'the description of the API';
is $openapi->header('content-type'), 'application/yaml', 'its type';
is $openapi->body, slurp('openapi.yaml'), 'is the one of the project';
ok -d "$nginx->{folder}/journal", 'the journal';

# On a port of its own, and there only.
my $metrics = DnsTools::Http->new(port => $ports{9113})->get('/metrics');
is $metrics->status, 200, 'the metrics';
like $metrics->body, qr/^dns_tools_lookups_total\{.*\} [1-9]/m, 'count';
is(DnsTools::Http->new(port => $ports{9113})->get('/stats')->json->{lookups}{total} > 0,
    1, 'and so do the figures for people');
error_is $http->get($_), 404, 'not_found', "$_ is not for everyone" for qw(/metrics /stats);

$http->get('/tools/validate?ip=%FF', {'User-Agent' => "browser\xff"});
# nginx writes a line after it has sent the answer.
my $odd = wait_until('the line of the odd request',
    sub { (grep { $_->{uri} =~ /%FF/ } map { decode_json($_) } $nginx->access_lines)[0] });
is $odd->{user_agent}, '(not ASCII)', 'the access log is JSON whatever clients send';
is $odd->{client_ip},  '127.0.0.1',   'and tells who they are';
error_is $http->get('/nothing'), 404, 'not_found', 'what is not there';

$nginx->finish(above_warn => 1);
done_testing;
