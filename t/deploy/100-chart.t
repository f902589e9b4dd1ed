# The configurations that the chart renders: the module takes each, and `helm test` passes on one.
# scripts/test-chart has installed helm.

use v5.36;

use DnsTools::Process qw(free_port);
use DnsTools::Test;

# What the module does not know yet: lines with these are left out.
my @missing = qw(
    dns_tools_cache
    dns_tools_client_ip
    dns_tools_database_reads
    dns_tools_journal
    dns_tools_metrics
    dns_tools_record
    dns_tools_retention
    dns_tools_stats
    dns_tools_zone
);

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

sub without_missing ($conf) {
    my $words = join '|', @missing;
    return $conf =~ s/^ *(?:$words)\b[^;]*;\n//gmr;
}

# On paths and ports of the test's own.
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
    $conf =~ s{alias /etc/dns-tools/}{alias $folder/}g;
    return "daemon off;\n" . ($> == 0 ? "user www-data;\n" : '') . $conf;
}

my @sets = sort glob "$chart/ci/*.yaml";
cmp_ok scalar @sets, '>=', 12, 'a dozen value sets';

for my $set (@sets) {
    my $conf  = block rendered($set, 'configmap.yaml'), 'nginx.conf:';
    my $nginx = DnsTools::Nginx->new(conf => '');
    my ($status, $said) = DnsTools::Nginx->check_conf(
        %$nginx,
        conf => adapted(without_missing($conf), $nginx),
        env  => {PGHOST => '192.0.2.32', PGSSLMODE => 'disable'});
    is $status, 0, "$set: nginx takes the configuration" or diag $said;
    unlike $said, qr/\[(?:warn|error|crit|alert|emerg)\]/, 'and has nothing to say';
}

# A line in @missing that the module has learnt is to go from there.
for my $word (@missing) {
    my (undef, $said) =
        DnsTools::Nginx->check_conf(server => "location / { $word; }", http => '');
    like $said, qr/unknown directive "$word"/, "$word is still missing";
}

my $dns   = DnsTools::Knot->start;
my $pg    = DnsTools::Postgres->start;
my $set   = "$chart/ci/01-smallest-values.yaml";
my $map   = rendered($set, 'configmap.yaml');
my $nginx = DnsTools::Nginx->new(conf => '', workers => 2);
my $conf  = adapted(without_missing(block $map, 'nginx.conf:'), $nginx);
# libpq's environment is where the chart's pods have it.
my %env = map { s/^host$/PGHOST/r =~ s/^port$/PGPORT/r =~ s/^user$/PGUSER/r =~ s/^dbname$/PGDATABASE/r }
    map { split /=/, $_, 2 } split / /, $pg->conninfo;
my $resolver = $dns->address;
$conf =~ s/^( *)dns_tools_database;/$1dns_tools_resolver $resolver;\n$1dns_tools_database;/m
    or die 'no database';
open my $file, '>', "$nginx->{folder}/openapi.yaml" or die $!;
print $file block $map, 'openapi.yaml:';
close $file or die $!;
$nginx->{env} = \%env;
$nginx->write_conf(conf => $conf);
$nginx->run;
wait_until('the schema', sub { $pg->table_exists });

my $test   = rendered($set, 'tests/api.yaml');
my $script = "$nginx->{folder}/test.bash";
open $file, '>', $script or die $!;
print $file block $test, '-';
close $file or die $!;

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
error_is $http->get('/nothing'), 404, 'not_found', 'what is not there';

$nginx->finish(above_warn => 1);
done_testing;
