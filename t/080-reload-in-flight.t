# Reload and QUIT while lookups are in flight: all are answered, every 200 is a row.

use v5.36;

use DnsTools::Test;

my $dns = DnsTools::FakeDns->start(rule => ['delay:0.7', 'answer']);
my $pg  = DnsTools::Postgres->start;
my $nginx =
    DnsTools::Nginx->start(http => use_dns($dns, 'timeout=5s') . use_pg($pg));
my @ids;

# Sends lookups, waits until each is being asked for, then gives nginx the signal.
sub during ($signal, $prefix, %o) {
    my $count   = 30;
    my @clients = map { $nginx->http } 1 .. $count;
    $clients[$_]->send(DnsTools::Http->text('GET', lookup "$prefix$_.test") x ($o{each} // 1))
        for 0 .. $#clients;
    wait_until(
        'the queries',
        sub {
            $count == grep { $_->{name} =~ /^$prefix/ } $dns->queries;
        });
    $signal->();
    for my $n (0 .. $#clients) {
        my $response = $clients[$n]->response;
        next if !$response || $response->status != 200;
        push @ids, $response->json->{id};
    }
    return;
}

wait_until('the schema', sub { $pg->table_exists });
for my $round (1 .. 3) {
    during(sub { $nginx->process->signal('HUP') }, "reload$round-");
    is scalar @ids, 30 * $round, "reload $round: all are answered";
}
ok $pg->reaches(90),                             'every 200 is a row' or diag $pg->count;
ok eventually(sub { $nginx->worker_pids == 1 }), 'old workers leave';

my @workers = $nginx->worker_pids;
during(sub { $nginx->process->signal('QUIT') }, 'quit-');
is scalar @ids, 120, 'QUIT: all are answered';
ok $nginx->process->wait_end(15), 'nginx leaves by itself';
is $pg->count, 120, 'every 200 is a row when it has left';
ids_are $pg, \@ids, 'the very same';

$nginx->finish(above_warn => 1);

subtest 'QUIT while the only thing under way is a lookup nobody answers' => sub {
    $dns->rule('drop');
    my $other = DnsTools::Nginx->start(http => use_dns($dns, 'timeout=400ms attempts=2'));
    my $http  = $other->http;
    $http->send(DnsTools::Http->text('GET', lookup 'silent.test'));
    wait_until('the query', sub { $dns->queries('silent.test') });
    $other->process->signal('QUIT');
    error_is $http->response, 504, 'upstream_timeout', 'it is told';
    ok $other->process->wait_end(10), 'nginx leaves by itself';
    $other->finish(above_warn => 1);
};

subtest 'TERM leaves at once' => sub {
    my $other =
        DnsTools::Nginx->start(http => use_dns($dns, 'timeout=30s') . use_pg($pg));
    my $http = $other->http;
    $http->send(DnsTools::Http->text('GET', lookup 'never.test'));
    wait_until('the query', sub { $dns->queries('never.test') });
    $other->process->signal('TERM');
    ok $other->process->wait_end(5), 'without waiting for the answer';
    $other->finish(above_warn => 1);
};

done_testing;
