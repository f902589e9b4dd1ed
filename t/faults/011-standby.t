# A standby that is all there is; a primary that is not to write for a while; reads from a replica.

use v5.36;

use DnsTools::Test;

my $dns     = DnsTools::Knot->start;
my $primary = DnsTools::Postgres->start;
my @ids;

sub ask ($nginx, $count) {
    my $http = $nginx->http;
    my @got  = map { $http->get(lookup "d$_.wild.test") } 1 .. $count;
    push @ids, map { $_->json->{id} } grep { $_->status == 200 } @got;
    return scalar grep { $_->status == 200 } @got;
}

sub ready_reason ($nginx) { return $nginx->http->get('/ready')->json->{checks}{database}{reason} }

subtest 'a primary that does not write' => sub {
    my $nginx = DnsTools::Nginx->start(http => use_dns($dns) . use_pg($primary));
    is ask($nginx, 20), 20, 'lookups';
    ok $primary->reaches(20), 'are rows';
    $primary->set(default_transaction_read_only => 'on');
    is ask($nginx, 20), 20, 'lookups go on';
    ok eventually(sub { (ready_reason($nginx) // '') =~ /read-only transaction .*25006/ }),
        'the state says why they are not saved'
        or diag ready_reason($nginx);
    is scalar @{$nginx->http->get('/history')->json}, 20, '/history can be read';
    $primary->set(default_transaction_read_only => 'off');
    ok $primary->reaches(40), 'all are saved once it writes' or diag $primary->count;
    ids_are $primary, \@ids, 'each once';
    ok eventually(sub { $nginx->http->get('/ready')->json->{status} eq 'up' }), 'up again';
    $nginx->finish;
};

my $standby = $primary->standby;
subtest 'reads from a replica' => sub {
    my $reads = use_pg($standby) =~ s/dns_tools_database/dns_tools_database_reads/r;
    my $nginx = DnsTools::Nginx->start(http => use_dns($dns) . use_pg($primary) . $reads);
    ask($nginx, 20);
    my $newest = sub {
        eval { $nginx->http->get('/history?limit=1')->json->[0]{id} } // '';
    };
    ok eventually(sub { $newest->() eq $ids[-1] }), '/history shows what has reached the replica';
    is $standby->sql(q{SELECT count(*) FROM pg_stat_activity WHERE application_name = 'dns-tools'}),
        1,
        'it is asked';
    $primary->stop;
    is ask($nginx, 20), 20, 'the primary is away: lookups go on';
    ok eventually(sub { $nginx->http->get('/ready')->json->{status} eq 'degraded' }), 'degraded';
    is $newest->(), $ids[-21], '/history is read as before';
    $primary->run;
    ok $primary->reaches(scalar @ids),                  'it is back: all are saved';
    ok eventually(sub { $newest->() eq $ids[-1] }, 30), 'and on the replica' or diag $newest->();

    $standby->stop;
    error_is $nginx->http->get('/history'), 503, 'database_unavailable',
        'the replica is away: /history';
    is ask($nginx, 1), 1, 'lookups go on';
    ok $primary->reaches(scalar @ids), 'and are saved';
    $standby->run;
    ok eventually(sub { $newest->() eq $ids[-1] }, 30), 'it is back: so is /history';
    $nginx->finish;
};

subtest 'a standby alone' => sub {
    $primary->crash;
    my $nginx = DnsTools::Nginx->start(http => use_dns($dns) . use_pg($standby));
    is ask($nginx, 20), 20, 'lookups go on';
    ok eventually(sub { (ready_reason($nginx) // '') =~ /read-only transaction/ }),
        'the state says why they are not saved'
        or diag ready_reason($nginx);
    ok $nginx->log_has(qr/does not take lookups: .*read-only/), 'and the log';
    is $nginx->http->get('/ready')->json->{status},   'degraded', 'degraded';
    is scalar @{$nginx->http->get('/history')->json}, 20,         '/history can be read';
    $standby->promote;
    ok $standby->reaches(scalar @ids), 'all are saved once it is promoted';
    ids_are $standby, \@ids, 'each once';
    $nginx->finish;
};

done_testing;
