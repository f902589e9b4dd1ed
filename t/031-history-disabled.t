# Without a database, lookups are answered and not saved.

use v5.36;

use DnsTools::Test;

my $dns   = DnsTools::Knot->start;
my $nginx = DnsTools::Nginx->start(http => use_dns($dns));
my $http  = $nginx->http;

error_is $http->get('/history'), 503, 'history_disabled', '/history';
is $http->get('/history')->header('retry-after'), undef, 'which no waiting changes';
is $http->get(lookup 'one.test')->status,         200,   'a lookup is answered';
error_is $http->get('/history'), 503, 'history_disabled', '/history after a lookup';
my $ready = $http->get('/ready');
is $ready->status, 200, 'ready';
is $ready->json->{status}, 'up', 'up';
is_deeply $ready->json->{checks}{$_}, {status => 'off'}, "no $_ to look at" for qw(database journal);

$nginx->finish(above_warn => 1);
done_testing;
