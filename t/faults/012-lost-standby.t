# A commit that has not reached the synchronous standby is none: not after its session was killed
# while it waited, not after the batch was sent again and all of its rows were there already.

use v5.36;

use DnsTools::Test;

my $dns     = DnsTools::Knot->start;
my $primary = DnsTools::Postgres->start;
my $standby = $primary->standby('other');
$primary->set(synchronous_standby_names => 'other');

my $nginx = DnsTools::Nginx->start(
    http => use_dns($dns)
        . use_pg(
        $primary,
        host                 => '127.0.0.1,127.0.0.1',
        port                 => $primary->port . ',' . $standby->port,
        password             => DnsTools::Postgres::password,
        target_session_attrs => 'read-write'
        ));
wait_until('the schema', sub { $primary->table_exists });
my $http = $nginx->http;
my @ids  = $http->get(lookup 'one.test')->json->{id};
ok $primary->reaches(1), 'a lookup is saved';

sub waiting () {
    return $primary->sql(<<~'SQL');
        SELECT coalesce(min(pid), 0) FROM pg_stat_activity
        WHERE application_name = 'dns-tools' AND wait_event = 'SyncRep'
        SQL
}

$standby->stop;
push @ids, map { $http->get(lookup "d$_.wild.test")->json->{id} } 1 .. 20;
my $first = wait_until('a commit waits for the standby', sub { waiting });
is $http->get('/ready')->status, 200, 'lookups go on';
for my $round (1, 2) {
    $primary->sql("SELECT pg_terminate_backend($first)");
    my $next = eventually(sub { my $pid = waiting; $pid != $first && $pid }, 15);
    ok $next, "killed, $round: what is sent again waits, too" or last;
    $first = $next;
}
cmp_ok $primary->count, '>', 1, 'although the rows are there';

$primary->crash;
$standby->run;
is $standby->count, 1, 'the standby has not heard of them';
$standby->promote;
ok $standby->reaches(scalar @ids, 30), 'once it is the primary, it has all of them'
    or diag $standby->count;
ids_are $standby, \@ids, 'each once';

$nginx->finish;
done_testing;
