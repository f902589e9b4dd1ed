# A real Prometheus scrapes two workers under load: its figures agree with what the clients counted.
# And a scrape stays small with 100,000 names behind it.

use v5.36;

use JSON::PP;

use DnsTools::Load;
use DnsTools::Process qw(free_port);
use DnsTools::Test;

my $dns   = DnsTools::Knot->start;
my $pg    = DnsTools::Postgres->start;
my $nginx = DnsTools::Nginx->start(
    workers => 2,
    http => use_dns($dns) . use_pg($pg) . 'dns_tools_zone metrics:1m; keepalive_requests 1000000;',
    server => DnsTools::Nginx::routes() . <<~'CONF'
        location = /metrics { dns_tools_metrics; }
        location = /stats   { dns_tools_stats; }
        CONF
);
wait_until('the schema', sub { $pg->table_exists });

my $folder = temp_folder('prometheus');
my $port   = free_port;
open my $conf, '>', "$folder/prometheus.yml" or die $!;
print $conf <<~"CONF";
    global: {scrape_interval: 500ms, evaluation_interval: 1s}
    scrape_configs:
      - job_name: dns-tools
        static_configs: [{targets: ["127.0.0.1:${\$nginx->port}"]}]
    CONF
close $conf or die $!;
my $prometheus = DnsTools::Process->start(
    name => 'prometheus',
    argv => [
        'prometheus',                       "--config.file=$folder/prometheus.yml",
        "--storage.tsdb.path=$folder/data", "--web.listen-address=127.0.0.1:$port",
        '--log.level=warn'
    ],
    output => "$folder/log");

# The value of an expression that has one; undef when it has none yet.
sub ask ($expression) {
    my $query    = $expression =~ s/([^A-Za-z0-9._-])/sprintf '%%%02X', ord $1/ger;
    my $response = eval { DnsTools::Http->new(port => $port)->get("/api/v1/query?query=$query") }
        or return;
    my $json = eval { decode_json($response->body) } or return;
    return $json->{data}{result}[0]{value}[1];
}
wait_until('Prometheus scrapes', sub { (ask('up') // 0) == 1 }, 60);

my $load = DnsTools::Load->start(port => $nginx->port, clients => 8, requests => 12_500);
is $load->wait_end(900), '', 'no client has a complaint';
my @ids = $load->ids;
is scalar @ids, 100_000, '100,000 lookups of as many names';
ok $pg->reaches(100_000, 60), 'all are rows';

sub agrees ($expression, $value, $what) {
    my $got;
    ok eventually(sub { $got = ask($expression); defined $got && $got == $value }, 20), $what
        or diag $got // 'none';
    return;
}
agrees 'sum(dns_tools_lookups_total{result="ok"})',                        100_000, 'lookups';
agrees 'sum(dns_tools_http_requests_total{endpoint="lookup",code="200"})', 100_000, 'requests';
agrees 'dns_tools_lookup_duration_seconds_count',                          100_000, 'durations';
agrees 'dns_tools_history_written_total',                                  100_000, 'rows';
agrees 'sum(dns_tools_upstream_request_duration_seconds_count)',           100_000, 'answers';
agrees 'dns_tools_history_pending',                                        0,       'nothing waits';
agrees 'min_over_time(up[10m])',                    1, 'every scrape was answered';
agrees 'sum(resets(dns_tools_lookups_total[10m]))', 0, 'nothing went backwards';

# What clients saw includes their own time: never less than the module's.
my @times = sort { $a <=> $b } $load->times;
my $sum   = 0;
$sum += $_ for @times;
cmp_ok ask('dns_tools_lookup_duration_seconds_sum'), '<=', $sum, 'and took no longer than they saw';
my $stats = $nginx->http->get('/stats')->json;
my $p99   = ask('histogram_quantile(0.99, dns_tools_lookup_duration_seconds_bucket)');
cmp_ok abs($p99 - $stats->{lookups}{latency}{p99}), '<', 1e-9, '/stats has the same p99';
diag sprintf 'p99: %.2f ms in the module, %.2f ms at the clients', 1000 * $p99,
    1000 * $times[0.99 * @times];

my $size = length $nginx->http->get('/metrics')->body;
cmp_ok $size, '<=', 64 * 1024, 'a scrape is at most 64 KiB';
diag "a scrape has $size bytes";

$prometheus->stop;
$nginx->finish(above_warn => 1);
done_testing;
