# A database that is down at the start, dies and comes back: lookups go on and no row is lost.

use v5.36;

use DnsTools::Test;

my $dns = DnsTools::Knot->start;
my $pg  = DnsTools::Postgres->start;
$pg->stop;
my $nginx =
    DnsTools::Nginx->start(http => use_dns($dns) . use_pg($pg));
my $http = $nginx->http;
my %saved;

sub ask ($count) {
    my $good = 0;
    for (1 .. $count) {
        my $response = $http->get(lookup 'd' . keys(%saved) . '.wild.test');
        ++$good if $response->status == 200;
        $saved{$response->json->{id}} = 1;
    }
    return $good;
}

sub all_saved ($what) {
    ok $pg->reaches(scalar keys %saved), "$what: as many rows as 200s"
        or diag $pg->count, ' of ', scalar keys %saved;
    ids_are $pg, [keys %saved], "$what: each of them once";
    return;
}

subtest 'down at the start' => sub {
    is ask(50), 50, 'lookups are answered';
    my $history = $http->get('/history');
    error_is $history, 503, 'database_unavailable', '/history';
    ok $history->header('retry-after'), 'says when to come back';
    my $ready = $http->get('/ready');
    is $ready->status,         200,        'ready';
    is $ready->json->{status}, 'degraded', 'but degraded';
    $pg->run;
    all_saved('once it is up');
    ok eventually(sub { $http->get('/history')->status == 200 }),        '/history works';
    ok eventually(sub { $http->get('/ready')->json->{status} eq 'up' }), 'ready and up';
};

for my $round (1 .. 2) {
    subtest "it crashes, $round" => sub {
        is ask(20), 20, 'before';
        $pg->crash;
        is ask(50), 50, 'while it is away';
        ok eventually(sub { $http->get('/ready')->json->{status} eq 'degraded' }), 'degraded';
        $pg->run;
        all_saved('when it is back');
        ok eventually(sub { $http->get('/history')->status == 200 }), '/history works again';
    };
}

subtest 'its connections are ended by an administrator' => sub {
    $pg->sql(q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'dns_tools'});
    is ask(20), 20, 'lookups are answered';
    all_saved('afterwards');
    ok eventually(sub { $http->get('/history')->status == 200 }), '/history works again';
};

subtest 'it refuses to write for a while' => sub {
    $pg->sql('REVOKE INSERT ON dns_lookups FROM dns_tools');
    is ask(20), 20, 'lookups are answered';
    ok eventually(sub { $http->get('/ready')->json->{status} eq 'degraded' }), 'degraded';
    $pg->sql('GRANT INSERT ON dns_lookups TO dns_tools');
    ok $pg->reaches(scalar(keys %saved), 40), 'written once it may'
        or diag $pg->count, ' of ', scalar keys %saved;
};

subtest 'away when nginx leaves' => sub {
    ask(10);
    ok $pg->reaches(scalar keys %saved), 'in step';
    $pg->stop;
    ask(1);
    ok $nginx->quit(30), 'nginx leaves all the same';
};

$nginx->finish;
done_testing;
