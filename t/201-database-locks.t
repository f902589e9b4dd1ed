# Other sessions of the database stand in the writer's way, under load: it waits, or tries again,
# and no 200 is lost or saved twice.

use v5.36;

use DnsTools::Ordeal;
use DnsTools::Proxy;
use DnsTools::Test;

my $dns   = DnsTools::Knot->start;
my $pg    = DnsTools::Postgres->start;
my $proxy = DnsTools::Proxy->start($pg);
my $nginx = DnsTools::Nginx->start(http => use_dns($dns) . use_pg($pg, $proxy->target));
wait_until('the schema', sub { $pg->table_exists });
my $ordeal = DnsTools::Ordeal->new(nginx => $nginx, pg => $pg);

sub through ($what, $harm) { return $ordeal->through($what, $harm) }

# Looks up these names while nothing reaches the database: rows that are yet to be written. They
# come behind as many batches as may be in flight, so that they share one.
sub unwritten ($load, @names) {
    $proxy->hold('up');
    $load->more(200);
    return map { [$ordeal->ask($_), $_] } @names;
}

sub insert ($session, @rows) {
    my $values = join ', ', map { "('$_->[0]', now(), '$_->[1]', '{}', '{}')" } @rows;
    return $session->send(
        "INSERT INTO dns_lookups (id, created_at, domain, addresses, ttls) VALUES $values");
}

sub writer_waits ($load) {
    wait_until('the writer waits', sub { $pg->waiting });
    $load->more(300);
    return;
}

for my $end ('ROLLBACK', 'COMMIT') {
    through "a lock on the same ids, then $end" => sub ($load) {
        my @rows    = unwritten($load, map { lc "$end$_.wild.test" } 1 .. 40);
        my $session = $pg->session;
        $session->sql('BEGIN');
        insert($session, @rows[10 .. 29]);
        $session->wait;
        $proxy->pass;
        writer_waits($load);
        $session->sql($end);
    };
}

through 'the table is locked' => sub ($load) {
    my $session = $pg->session;
    $session->sql('BEGIN');
    $session->sql('LOCK TABLE dns_lookups');
    writer_waits($load);
    $session->sql('ROLLBACK');
};

through 'the table is locked, and the server waits no longer than lock_timeout' => sub ($load) {
    $pg->set(lock_timeout => '100ms');
    my $session = $pg->session;
    $session->sql('BEGIN');
    $session->sql('LOCK TABLE dns_lookups');
    $load->more(300);
    ok $ordeal->log_has(qr/55P03/), 'the log says so';
    $session->sql('ROLLBACK');
    $pg->set(lock_timeout => undef);
};

# Who waits in a snapshot of its own for a row that then is there cannot go on.
through 'a serialization failure' => sub ($load) {
    $pg->set(default_transaction_isolation => 'repeatable read');
    my @rows    = unwritten($load, map { "serial$_.wild.test" } 1 .. 40);
    my $session = $pg->session;
    $session->sql('BEGIN');
    insert($session, @rows[10 .. 29]);
    $session->wait;
    $proxy->pass;
    writer_waits($load);
    $session->sql('COMMIT');
    ok $ordeal->log_has(qr/40001/), 'the log says so';
    $pg->set(default_transaction_isolation => undef);
};

# A batch may end between the two; then there is no deadlock, and another pair is tried.
through 'a deadlock' => sub ($load) {
    $pg->set(deadlock_timeout => '2s');
    for my $pair (1 .. 3) {
        my ($first, $second) = unwritten($load, map { "dead$_-$pair.wild.test" } 1, 2);
        my $session = $pg->session;
        $session->sql(q{SET deadlock_timeout = '1min'});
        $session->sql('BEGIN');
        insert($session, $second);
        $session->wait;
        $proxy->pass;
        wait_until('the writer waits', sub { $pg->waiting });
        insert($session, $first);    # which the writer has written
        last if eval { $session->wait; 1 };
    }
    ok $ordeal->log_has(qr/40P01/), 'the writer gives way';
    $pg->set(deadlock_timeout => undef);
};

# A synchronous standby that is away holds up every commit.
through 'commits that take seconds' => sub ($load) {
    $pg->set(synchronous_standby_names => 'nobody');
    wait_until(
        'commits wait',
        sub {
            return $pg->sql(
                q{SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'
                AND now() - state_change > interval '2 s'});
        });
    $load->more(300);
    $pg->set(synchronous_standby_names => undef);
};

$nginx->finish;
$ordeal->reckon('after nginx has left');
done_testing;
