# master_process off.

use v5.36;

use DnsTools::Test;

my $dns   = DnsTools::Knot->start;
my $pg    = DnsTools::Postgres->start;
my $nginx = DnsTools::Nginx->start(
    single => 1,
    http   => use_dns($dns) . use_pg($pg));
my $http = $nginx->http;

is $http->get(lookup "n$_.wild.test")->status, 200, "lookup $_" for 1 .. 5;
ok $pg->reaches(5), 'saved' or diag $pg->count;
is scalar @{$http->get('/history')->json}, 5,    '/history';
is $http->get('/ready')->json->{status},   'up', '/ready';

$http->close;
$http->send(DnsTools::Http->text('GET', lookup 'other.wild.test'));
is $http->response->status, 200, 'on another connection';
ok $pg->reaches(6), 'is saved';
$nginx->finish(above_warn => 1);
done_testing;
