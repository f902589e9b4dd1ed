# What Prometheus' own tool says of the exposition, its size with many names behind it, and gzip.

use v5.36;

use Compress::Zlib ();

use DnsTools::Load;
use DnsTools::Metrics;
use DnsTools::Test;

my $dns   = DnsTools::Knot->start;
my $nginx = DnsTools::Nginx->start(
    http => use_dns($dns)
        . 'dns_tools_zone metrics:1m; keepalive_requests 1000000; gzip on; gzip_types text/plain;',
    server => DnsTools::Nginx::routes() . <<~'CONF'
        location = /metrics { dns_tools_metrics; }
        location = /stats   { dns_tools_stats; }
        CONF
);
my $http = $nginx->http;

# What promtool says of the live exposition; nothing when it is right.
sub promtool_says () {
    my $folder = temp_folder('promtool');
    open my $file, '>', "$folder/metrics" or die $!;
    print $file $http->get('/metrics')->body;
    close $file or die $!;
    my $said = `promtool check metrics <$folder/metrics 2>&1`;
    return $? ? "status $?: $said" : $said;
}

is promtool_says, '', 'promtool has no complaint of a fresh exposition';

my $load = DnsTools::Load->start(port => $nginx->port, clients => 4, requests => 500);
is $load->wait_end, '', 'lookups of 2,000 names';
$http->get($_)
    for lookup('a b'), lookup('gone.test'), lookup('localhost'), '/health', '/ready',
    '/history', '/tools/validate?ip=1', '/stats';
$http->get(lookup 'one.test') for 1 .. 50;

is promtool_says, '', 'nor when everything was used';
my $plain  = $http->get('/metrics');
my $series = DnsTools::Metrics::parse($plain->body);
cmp_ok length $plain->body, '<=', 64 * 1024, 'at most 64 KiB';
is $plain->header('content-length'), length $plain->body, 'of known length';
my @domains = grep { /^domain_queries/ } keys %$series;
is scalar @domains,                                20, 'twenty of the names';
is $series->{'domain_queries{domain="one.test"}'}, 50, 'the busiest among them';

my $packed = $http->get('/metrics', {'Accept-Encoding' => 'gzip'});
is $packed->header('content-encoding'), 'gzip',                                 'gzip when asked';
is $packed->header('content-type'), 'text/plain; version=0.0.4; charset=utf-8', 'of the same type';
my $text = Compress::Zlib::memGunzip($packed->body);
is join(' ', sort keys DnsTools::Metrics::parse($text)->%*), join(' ', sort keys %$series),
    'with the same series';

$nginx->finish;
done_testing;
