# dns_tools_journal: what was answered outlives the worker.

use v5.36;

use DnsTools::Test;

my $dns     = DnsTools::FakeDns->start;
my $pg      = DnsTools::Postgres->start;
my $journal = temp_folder('journal') . '/queue';

sub start (%o) {
    return DnsTools::Nginx->start(
        http => use_dns($dns) . use_pg($pg) . "dns_tools_journal $journal $o{options};",
        workers => $o{workers} // 1);
}

sub answer ($nginx, $name) {
    my $response = $nginx->http->get(lookup $name);
    is $response->status, 200, "$name is answered";
    return $response->json->{id};
}

my @ids;
my $nginx = start(options => 'size=2m');
wait_until('the schema', sub { $pg->table_exists });
push @ids, answer($nginx, 'one.test');
ok $pg->reaches(1), 'it is saved';
is $nginx->http->get('/ready')->json->{checks}{journal}{status}, 'up', 'the journal is up';
is(((stat $journal)[2] & 07777), 0700, 'nobody else looks into its folder') if $> == 0;

subtest 'TERM while the database is down' => sub {
    $pg->stop;
    push @ids, answer($nginx, "down$_.test") for 1 .. 20;
    $nginx->process->signal('TERM');
    ok $nginx->process->wait_end(10), 'nginx leaves at once';
    like $nginx->errors, qr/\[notice\].*20 lookups stay in the journal/, 'and says what stays';
    $nginx = start(options => 'size=2m');
    $pg->run;
    ok $pg->reaches(21), 'they are saved by the next';
    ids_are $pg, \@ids, 'the very same';
};

subtest 'SIGKILL of the worker while the database is down' => sub {
    $pg->stop;
    push @ids, answer($nginx, "killed$_.test") for 1 .. 20;
    my ($worker) = $nginx->worker_pids;
    kill 'KILL', $worker;
    wait_until('a new worker', sub { my ($new) = $nginx->worker_pids; $new && $new != $worker });
    push @ids, answer($nginx, 'after.test');
    $pg->run;
    ok $pg->reaches(scalar @ids), 'all are saved';
    ids_are $pg, \@ids, 'the very same';
};

subtest 'a reload while the database is down' => sub {
    $pg->stop;
    push @ids, answer($nginx, "reload$_.test") for 1 .. 20;
    $nginx->process->signal('HUP');
    wait_until('two generations', sub { $nginx->worker_pids > 1 });
    push @ids, answer($nginx, 'younger.test');
    $pg->run;
    ok $pg->reaches(scalar @ids), 'all are saved';
    ids_are $pg, \@ids, 'the very same';
    ok eventually(sub { $nginx->worker_pids == 1 }, 30), 'the old worker leaves';
};

subtest 'a backlog that is full' => sub {
    my $small = start(options => 'size=1m');
    $pg->stop;
    my $http = $small->http;
    my $status;
    for my $n (1 .. 40_000) {
        my $response = $http->get(lookup "n$n.localhost");
        $status = $response->status;
        if ($status != 200) {
            error_is $response, 503, 'overloaded', "the lookup $n is refused";
            ok $response->header('retry-after'), 'with Retry-After';
            last;
        }
        push @ids, $response->json->{id};
    }
    is $status, 503, 'the journal is full at last';
    my $ready = $http->get('/ready')->json;
    is $ready->{status},                  'degraded',   'which /ready tells';
    is $ready->{checks}{journal}{status}, 'down',       'of the journal';
    is $ready->{checks}{journal}{reason}, 'it is full', 'and why';
    $pg->run;
    ok $pg->reaches(scalar @ids, 30), 'all that were answered are saved' or diag $pg->count;
    ids_are $pg, \@ids, 'the very same';
    is $http->get(lookup 'room.localhost')->status,           200,  'there is room again';
    is $http->get('/ready')->json->{checks}{journal}{status}, 'up', 'as /ready tells';
    push @ids, 'one more';
    ok $small->quit, 'nginx leaves';
    $small->finish;
};

subtest 'full=drop' => sub {
    my $before = $pg->count;
    my $drops = start(options => 'size=1m full=drop');
    $pg->stop;
    my $http = $drops->http;
    for my $n (1 .. 40_000) {
        my $status = $http->get(lookup "d$n.localhost")->status;
        $status == 200 or is($status, 200, "lookup $n"), last;
        last if $drops->errors =~ /answered but not saved/;
    }
    like $drops->errors, qr/\[error\].*answered but not saved/, 'the log says that it drops';
    $pg->run;
    ok $drops->quit(30), 'nginx leaves';
    cmp_ok $pg->count, '>', $before + 1000, 'the others are saved';
    $drops->finish;
};

subtest 'sync=always answers' => sub {
    my $before = $pg->count;
    my $synced = start(options => 'sync=always');
    my $http = $synced->http;
    is $http->get(lookup "s$_.localhost")->status, 200, "lookup $_" for 1 .. 10;
    ok $pg->reaches($before + 10), 'and saves';
    $synced->finish(above_warn => 1);
};

sub refused ($words, @patterns) {
    my ($exit, $output) = DnsTools::Nginx->check_conf(http => use_pg($pg) . "$words;");
    subtest $words => sub {
        isnt $exit, 0, 'is refused';
        like $output, $_, "says $_" for qr/\[emerg\].*"dns_tools_journal"/, @patterns;
    };
    return;
}
refused("dns_tools_journal $journal size=512k",  qr/"size=512k"/,  qr/1m/);
refused("dns_tools_journal $journal size=33g",   qr/"size=33g"/,   qr/32g or less/);
refused("dns_tools_journal $journal size=lots",  qr/"size=lots"/,  qr/2g/);
refused("dns_tools_journal $journal sync=never", qr/"sync=never"/, qr/always/);
refused("dns_tools_journal $journal sync=0",     qr/"sync=0"/,     qr/time/);
refused("dns_tools_journal $journal full=block", qr/"full=block"/, qr/reject/);
refused("dns_tools_journal $journal depth=1",    qr/"depth=1"/,    qr/size=/);
refused("dns_tools_journal $journal; dns_tools_journal $journal", qr/duplicate/);
my ($exit, $output) = DnsTools::Nginx->check_conf(http => "dns_tools_journal $journal;");
isnt $exit, 0, 'a journal without a database is refused';
like $output, qr/"dns_tools_journal" directive needs "dns_tools_database"/, 'and says so';

$nginx->finish(killed => 1);
is join(' ', glob "$journal/*"), '', 'nothing is left in the folder';
done_testing;
