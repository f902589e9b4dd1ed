# What is not saved is counted, by reason: a worker that is killed or leaves, a journal that is full
# or cannot be written, a row that the database refuses. And how full the queue is, and who says
# whether the database is up.

use v5.36;

use DnsTools::Metrics qw(scrape);
use DnsTools::Test;

my $dns = DnsTools::FakeDns->start;
my $pg  = DnsTools::Postgres->start;

sub start ($options, %o) {
    return DnsTools::Nginx->start(
        http => use_dns($dns, 'timeout=30s attempts=1')
            . use_pg($pg)
            . "dns_tools_zone metrics:1m; $options",
        server => DnsTools::Nginx::routes() . 'location = /metrics { dns_tools_metrics; }',
        %o);
}

# Looks up so many names that need no nameserver.
sub answer ($nginx, $count) {
    my $http = $nginx->http;
    is scalar(grep { $http->get(lookup "n$_.localhost")->status != 200 } 1 .. $count), 0,
        "$count answers";
    return;
}

# Waits until as many as these are dropped, and no others.
sub dropped_are ($nginx, %expected) {
    my %seen;
    eventually(
        sub {
            my $series = scrape($nginx);
            %seen = map {
                /^history_dropped_total\{reason="(\w+)"\}/ && $series->{$_} > 0
                    ? ($1 => $series->{$_})
                    : ()
            } keys %$series;
            return keys %seen == keys %expected
                && !grep { ($seen{$_} // 0) != $expected{$_} } keys %expected;
        });
    return is_deeply \%seen, \%expected, join ', ', map { "$_: $expected{$_}" } sort keys %expected;
}

# Another worker in place of the one that was there.
sub successor ($nginx, $worker) {
    return wait_until('another worker', sub { my ($new) = $nginx->worker_pids; $new && $new != $worker });
}

subtest 'a queue in memory' => sub {
    my $nginx = start('', main => 'worker_shutdown_timeout 1s;');
    wait_until('the schema', sub { $pg->table_exists });
    dropped_are $nginx;
    $pg->stop;
    answer $nginx, 20;
    my $series = scrape($nginx);
    is $series->{history_pending}, 20, 'twenty wait';
    my $full = $series->{history_fill_ratio};
    cmp_ok $full, '>', 0, 'which takes room';
    answer $nginx, 20;
    cmp_ok scrape($nginx)->{history_fill_ratio}, '>', $full, 'and more take more';

    my ($worker) = $nginx->worker_pids;
    kill 'KILL', $worker;
    successor $nginx, $worker;
    dropped_are $nginx, worker_died => 40;
    is scrape($nginx)->{history_pending}, 0, 'nothing waits';

    answer $nginx, 7;
    $nginx->reload;
    dropped_are $nginx, worker_died => 40, exit => 7;
    $pg->run;
    $nginx->finish(killed => 1);
};

my $journal = temp_folder('journal') . '/queue';
subtest 'a journal that is full' => sub {
    my $nginx = start("dns_tools_journal $journal size=1m full=drop;");
    my ($worker) = $nginx->worker_pids;
    $pg->stop;
    answer $nginx, 30;
    kill 'KILL', $worker;
    successor $nginx, $worker;
    ok eventually(sub { scrape($nginx)->{history_pending} == 30 }), 'its lookups wait again';
    dropped_are $nginx;
    my $http = $nginx->http;
    my $reason = 'history_dropped_total{reason="full"}';
    for my $n (1 .. 40_000) {
        $http->get(lookup "d$n.localhost");
        last if $n % 500 == 0 && scrape($nginx)->{$reason} > 0;
    }
    my $series = scrape($nginx);
    cmp_ok $series->{$reason}, '>', 0, 'some were dropped';
    is $series->{history_appended_total} + $series->{$reason}, $series->{lookup_duration_seconds_count},
        'and every other one was queued';
    cmp_ok $series->{history_fill_ratio}, '>', 0.8, 'it is full';
    $pg->run;
    ok eventually(sub { scrape($nginx)->{history_pending} == 0 }, 30), 'it empties';
    cmp_ok scrape($nginx)->{history_fill_ratio}, '<', 0.5, 'and has room again';
    $nginx->finish(killed => 1);
};

subtest 'a journal that a worker leaves and that is too large to be taken over' => sub {
    my $left  = temp_folder('left') . '/queue';
    my $nginx = start("dns_tools_journal $left size=1m;");
    my $saved = $pg->count;
    $pg->stop;
    my $http  = $nginx->http;
    my $count = 0;
    ++$count while $http->get(lookup "l$count.localhost")->status == 200;
    my $age = scrape($nginx)->{history_oldest_pending_seconds};
    my $held = $nginx->http;
    $held->send("GET /health HTTP/1.1\r\n");
    is $nginx->http->get('/health')->status, 200, 'its connection is accepted';
    $nginx->reload(leave_old => 1);
    # The younger worker has more than a segment of its own before the older one's folder is free.
    my $more = 0;
    wait_until(
        'its answers',
        sub {
            $more += grep { $nginx->http->get(lookup "m$_.localhost")->status == 200 } 1 .. 200;
            return $more >= 2000;
        });
    $held->close;
    ok eventually(sub { scalar $nginx->worker_pids == 1 }, 30), 'the older worker leaves';
    ok eventually(sub { scrape($nginx)->{history_pending} == $count + $more }), 'all wait'
        or diag scrape($nginx)->{history_pending}, " of $count and $more";
    cmp_ok scrape($nginx)->{history_oldest_pending_seconds}, '>', $age, 'ever longer';
    $pg->run;
    ok eventually(sub { scrape($nginx)->{history_pending} == 0 }, 30), 'until they are saved';
    is $pg->count, $saved + $count + $more, 'as rows';
    $nginx->finish;
};

subtest 'a journal whose folder is closed' => sub {
    my $closed = temp_folder('closed') . '/queue';
    my $nginx  = start("dns_tools_journal $closed size=1m full=drop;");
    my ($worker) = $nginx->worker_pids;
    chown 0, 0, $closed if $> == 0;
    chmod 0, $closed or die $!;
    kill 'KILL', $worker;
    successor $nginx, $worker;
    answer $nginx, 3;
    dropped_are $nginx, journal_failed => 3;
    $nginx->finish(killed => 1);
};

subtest 'a worker that leaves says nothing of the database any more' => sub {
    my $nginx = start('');
    ok eventually(sub { (scrape($nginx)->{database_up} // 0) == 1 }), 'the database is up';
    $pg->stop;
    ok eventually(sub { scrape($nginx)->{database_up} == 0 }), 'and down';
    $dns->rule_for('held.test', 'drop');
    my $held = $nginx->http;
    $held->send(DnsTools::Http->text('GET', lookup 'held.test'));
    wait_until('the query', sub { $dns->queries('held.test') });
    $nginx->reload(leave_old => 1);
    $pg->run;
    ok eventually(sub { (scrape($nginx)->{database_up} // 0) == 1 }), 'and up again';
    is scalar $nginx->worker_pids, 2, 'while the old worker is still there';
    $held->close;
    $nginx->finish;
};

subtest 'a worker that leaves says nothing of its nameservers any more' => sub {
    my $silent = DnsTools::FakeDns->start(rule => ['drop']);
    my $nginx   = start('');
    my $zone    = 'dns_tools_zone metrics:1m;';
    $nginx->write_conf(
        http   => use_dns($silent, 'timeout=100ms attempts=1') . $zone,
        server => DnsTools::Nginx::routes() . 'location = /metrics { dns_tools_metrics; }');
    $nginx->reload;
    my $http = $nginx->http;
    ok eventually(sub { $http->get(lookup 'one.test'); scrape($nginx)->{resolver_up} == 0 }),
        'no nameserver answers';
    my $held = $nginx->http;
    $held->send("GET /health HTTP/1.1\r\n");
    is $nginx->http->get('/health')->status, 200, 'its connection is accepted';
    $nginx->write_conf(
        http   => use_dns($dns) . $zone,
        server => DnsTools::Nginx::routes() . 'location = /metrics { dns_tools_metrics; }');
    $nginx->reload(leave_old => 1);
    ok eventually(sub { (scrape($nginx)->{resolver_up} // 0) == 1 }), 'another one does';
    is scalar $nginx->worker_pids, 2, 'while the old worker is still there';
    is scrape($nginx)->{qq(upstream_up{upstream="@{[$silent->address]}"})}, undef,
        'of what it asked nothing is shown';
    $held->close;
    $nginx->finish;
};

subtest 'a row that the database refuses' => sub {
    my $nginx = start('');
    $pg->sql(q{ALTER TABLE dns_lookups ADD CONSTRAINT refuse CHECK (domain <> 'no.localhost')});
    my $http = $nginx->http;
    $http->get(lookup $_) for qw(yes.localhost no.localhost);
    ok eventually(sub { scrape($nginx)->{history_rejected_total} == 1 }), 'is counted';
    is scrape($nginx)->{history_written_total}, 1, 'the other one is written';
    dropped_are $nginx;
    $nginx->finish;
};

done_testing;
