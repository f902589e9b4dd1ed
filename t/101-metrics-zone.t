# The shared memory that requests are counted in: wrong values, reload, killed workers.

use v5.36;

use POSIX ();

use DnsTools::Load;
use DnsTools::Metrics qw(counters_of scrape);
use DnsTools::Test;

sub refused ($what, $patterns, %conf) {
    my ($exit, $output) = DnsTools::Nginx->check_conf(%conf);
    subtest $what => sub {
        isnt $exit, 0, 'refused';
        like $output, $_, "that says $_" for qr/\[emerg\]/, @$patterns;
    };
    return $output;
}

for my $value (qw(metrics metrics: :1m metrics:many metrics:-1m metrics:8k metrics:0)) {
    refused "dns_tools_zone $value", [qr/"\Q$value\E" in "dns_tools_zone" directive/],
        http => "dns_tools_zone $value;";
}
my $said = refused 'a zone too small', [qr/SIZE must be at least \d+k/],
    http => 'dns_tools_zone metrics:16k;';
my ($least) = $said =~ /at least (\d+)k/;
SKIP: {
    skip 'the documents have the figure of x86-64', 2 if (POSIX::uname())[4] ne 'x86_64';
    my $docs = $INC{'DnsTools/Test.pm'} =~ s{t/lib/DnsTools/Test\.pm$}{docs}r;
    my ($configuration) =
        slurp("$docs/configuration.md") =~ /says what is needed \((\d+)k on x86-64\)/;
    is $configuration, $least, 'docs/configuration.md has the same figure';
    my ($operations) = slurp("$docs/operations.md") =~ /The metrics are (\d+) KiB in all/;
    is $operations, $least, 'and docs/operations.md';
}
refused 'a KiB less than the least', [qr/at least ${least}k/],
    http => 'dns_tools_zone metrics:' . ($least - 1) . 'k;';
refused 'dns_tools_zone twice', [qr/"dns_tools_zone" directive is duplicate/],
    http => 'dns_tools_zone metrics:1m; dns_tools_zone other:1m;';
refused 'dns_tools_zone in a server', [qr/"dns_tools_zone" directive is not allowed here/],
    server => 'dns_tools_zone metrics:1m;';
refused 'a name that is taken', [qr/"metrics"/],
    http => 'limit_req_zone $uri zone=metrics:1m rate=1r/s; dns_tools_zone metrics:1m;';
for my $handler (qw(dns_tools_metrics dns_tools_stats)) {
    refused "$handler without a zone", [qr/"$handler" directive needs "dns_tools_zone/],
        server => "location /x { $handler; }";
    refused "$handler with a value", [qr/invalid number of arguments in "$handler"/],
        http   => 'dns_tools_zone metrics:1m;',
        server => "location /x { $handler on; }";
}

my $dns    = DnsTools::Knot->start;
my $server = DnsTools::Nginx::routes() . 'location = /metrics { dns_tools_metrics; }';
my $nginx  = DnsTools::Nginx->start(
    workers => 2,
    http    => use_dns($dns) . "dns_tools_zone metrics:${least}k; keepalive_requests 1000000;",
    server  => $server);
my $http = $nginx->http;

# Every counter of $after is at least what it was.
sub never_backwards ($before, $after, $what) {
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my @wrong = grep { ($after->{$_} // 0) < $before->{$_} } keys counters_of($before)->%*;
    return is join(' ', @wrong), '', $what;
}

sub lookups_in ($series) {
    return $series->{'lookups_total{type="A",result="ok",source="upstream"}'};
}

subtest 'a zone of the least size' => sub {
    is $http->get(lookup 'one.test')->status, 200, 'a lookup';
    is lookups_in(scrape($nginx)),            1,   'is counted';
};

subtest 'reload keeps what was counted' => sub {
    $http->get(lookup 'one.test') for 1 .. 9;
    my $before = scrape($nginx);
    $nginx->reload;
    my $after = scrape($nginx);
    is lookups_in($after), 10, 'the lookups';
    is $after->{start_time_seconds}, $before->{start_time_seconds}, 'and since when';
    never_backwards $before, $after, 'nothing goes backwards';
};

subtest 'a zone of another size starts anew' => sub {
    $nginx->write_conf(
        http => use_dns($dns) . 'dns_tools_zone metrics:1m; keepalive_requests 1000000;');
    $nginx->reload;
    is lookups_in(scrape($nginx)), 0, 'nothing was counted yet';
};

subtest 'workers killed under load' => sub {
    my $load = DnsTools::Load->start(port => $nginx->port, clients => 4, gone_is_fine => 0);
    my $seen = scrape($nginx);
    for (1 .. 6) {
        my $start = lookups_in($seen);
        wait_until('load', sub { lookups_in(scrape($nginx)) > $start + 50 });
        my @workers = $nginx->worker_pids;
        kill 'KILL', $workers[rand @workers];
        wait_until(
            'the worker is gone',
            sub {
                my %now = map { $_ => 1 } $nginx->worker_pids;
                return keys %now == 2 && grep { !$now{$_} } @workers;
            });
        my $now = scrape($nginx);
        never_backwards $seen, $now, 'nothing goes backwards';
        $seen = $now;
    }
    my $complaints = $load->stop;
    is $complaints =~ s/^no answer on a new connection\n|^an answer that is cut off.*\n//gmr, '',
        'the clients have nothing else to complain of';
    my @ids   = $load->ids;
    my $short = scalar @ids - lookups_in(scrape($nginx));
    cmp_ok $short,   '<=', 0,     'every lookup that was answered is counted';
    cmp_ok - $short, '<=', 6 * 4, 'and at most those under way beyond';
    like scrape($nginx)->{'http_requests_total{endpoint="lookup",method="GET",code="200"}'},
        qr/^\d+$/, 'there are requests';
    my $requests =
        scrape($nginx)->{'http_requests_total{endpoint="lookup",method="GET",code="200"}'};
    cmp_ok abs(@ids - $requests), '<=', 6 * 4, 'requests are short by those under way at most';
};

subtest 'a nameserver that only a worker asks which leaves is not shown' => sub {
    my ($first, $second) = map { DnsTools::FakeDns->start } 1 .. 2;
    my $conf = sub ($upstream) {
        return (
            http   => use_dns($upstream, 'timeout=30s attempts=1') . 'dns_tools_zone metrics:1m;',
            server => "$server location = /stats { dns_tools_stats; }");
    };
    my $other = DnsTools::Nginx->start($conf->($first));
    my $asked = sub ($upstream) {
        return scrape($other)->{qq(upstream_requests_total{upstream="${\$upstream->address}"})};
    };
    $other->http->get(lookup 'one.test');
    is $asked->($first), 1, 'the first is asked';

    $first->rule_for('held.test', 'drop');
    my $held = $other->http;
    $held->send(DnsTools::Http->text('GET', lookup 'held.test'));
    wait_until('the query', sub { $first->queries('held.test') });
    $other->write_conf($conf->($second));
    $other->reload(leave_old => 1);
    ok eventually(sub { !defined $asked->($first) }), 'then it is no longer shown';
    $other->http->get(lookup 'one.test');
    is $asked->($second), 1, 'but the second, which is asked now';
    is_deeply [map { $_->{address} } $other->http->get('/stats')->json->{upstreams}->@*],
        [$second->address], 'also in /stats';
    is scrape($other)->{resolver_up}, 1, 'which answers';
    is scalar $other->worker_pids,    2, 'while the old worker is still there';
    $held->close;

    $other->write_conf($conf->($first));
    $other->reload;
    is $asked->($first),  2,     'when the first comes back, nothing of it is lost';
    is $asked->($second), undef, 'and nobody asks the second';
    $other->finish;
};

ok $nginx->quit, 'it leaves by itself';
unlike $nginx->errors, qr/\[(?:crit|emerg)\]|open socket/, 'with nothing bad in its log';

done_testing;
