# A search that takes long holds up nobody, and ends on the server too.

use v5.36;

use DnsTools::Test;

my $dns   = DnsTools::Knot->start;
my $pg    = DnsTools::Postgres->start;
my $nginx = DnsTools::Nginx->start(http => use_dns($dns) . use_pg($pg));
my $http  = $nginx->http;
wait_until('the schema', sub { $pg->table_exists });

$pg->slow_row('slow');

sub sleepers() {
    return $pg->sql(q{SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'});
}

my @slow = map { $nginx->http } 1 .. 3;
$_->send(DnsTools::Http->text('GET', '/history?domain=slow')) for @slow;
wait_until('it runs', \&sleepers);
is sleepers, 1, 'one at a time';
is $http->get('/history?limit=5&until=1700000000')->status, 200, 'plain reads go on meanwhile';
my $answer = $http->get(lookup 'meanwhile.wild.test');
is $answer->status, 200, 'lookups do';
ok eventually(
    sub { $pg->sql("SELECT count(*) FROM kept_lookups WHERE id = '@{[$answer->json->{id}]}'") }),
    'and the writer';
is $http->get('/history?format=csv&until=1700000000')->status, 200, 'and exports';

$_->abort for @slow[1, 2];
error_is $slow[0]->response, 504, 'search_timeout', 'it ends by itself';
ok eventually(sub { !sleepers }), 'on the server too';
ok $nginx->log_has(qr/does not answer a read: .*57014/), 'the log says why';

$pg->no_slow_row;
is $http->get('/history?domain=meanwhile.wild.test')->json->[0]{id}, $answer->json->{id},
    'the next search is answered';

$nginx->finish;
done_testing;
