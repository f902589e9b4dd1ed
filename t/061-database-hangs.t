# A database that hangs (SIGSTOP) holds up nobody.

use v5.36;

use Time::HiRes qw(time);

use DnsTools::Test;

my $dns = DnsTools::Knot->start;
my $pg  = DnsTools::Postgres->start;
my $nginx =
    DnsTools::Nginx->start(http => use_dns($dns) . use_pg($pg));
my $http  = $nginx->http;
my $saved = 0;

sub ask ($count) {
    for (1 .. $count) {
        ++$saved if $http->get(lookup 'h' . $saved . '.wild.test')->status == 200;
    }
    return $saved;
}

ask(20);
ok $pg->reaches($saved), 'before';
is $http->get('/history')->status, 200, '/history, so that its connection exists';

$pg->freeze;
my $start = time;
is ask(500), 520, '500 lookups while it hangs';
cmp_ok time - $start, '<', 5 * patience, 'do not wait for it';
my $reader = $nginx->http;
$reader->send(DnsTools::Http->text('GET', '/history'));
is $http->get('/health')->status, 200, 'the worker goes on while a reader waits';
error_is $reader->response, 503, 'database_unavailable', '/history gives up by itself';
$pg->thaw;

ok $pg->reaches($saved), 'every 200 is a row' or diag $pg->count, " of $saved";
is $pg->sql('SELECT count(DISTINCT id) FROM dns_lookups'), $saved, 'none twice';
ok eventually(sub { $http->get('/history')->status == 200 }), '/history works again';

$nginx->finish;
done_testing;
