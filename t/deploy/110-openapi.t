# openapi.yaml and a live server agree, both ways: every request and every answer goes through a
# proxy that checks it; every route, parameter, status, error code, header and member that is
# described is seen, and every one that is seen is described. scripts/test-openapi has installed the
# proxy.

use v5.36;

use JSON::PP ();

use DnsTools::OpenApi;
use DnsTools::Test;

require "./t/deploy/openapi/$_.pl" for qw(lookups history service example bites);

my $quick = 'timeout=100ms attempts=2';
my $dns   = DnsTools::FakeDns->start(
    rule  => ['answer:192.0.2.1'],
    rules => {
        'one.test'     => ['answer:192.0.2.77'],
        'alias.test'   => ['cname:real.test'],
        'nowhere.test' => ['nxdomain'],
        'text.test'    => ['nodata'],
        'broken.test'  => ['servfail'],
        'silent.test'  => ['drop'],
        'slow.test'    => ['delay:2', 'answer']});
my $pg  = DnsTools::Postgres->start;
my $api = DnsTools::OpenApi->new;

# A server that works.
{
    my $nginx = $api->serve(
        http => use_dns($dns, 'timeout=3s attempts=1')
            . use_pg($pg)
            . 'dns_tools_journal ' . temp_folder('journal') . '/queue;');
    wait_until('the schema', sub { $pg->table_exists });
    right_requests($api, $nginx, $dns);
    wrong_requests($api);
    $api->ask(200, GET => lookup 'one.test');
    ok $pg->reaches(10), 'the lookups are saved' or diag $pg->count;
    pages_and_exports($api, 10);
    wrong_searches($api);
    ready_is($api, 200, 'up', database => 'up', journal => 'up');
    figures($api, database_up => JSON::PP::true);
    other_methods($api, $nginx);
    too_many_exports($api, $nginx, $pg);
    slow_search($api, $pg);
    $nginx->finish;
}

# A worker that is about to exit.
{
    my $own   = DnsTools::FakeDns->start;
    my $nginx = $api->serve(
        http => use_dns($own, 'timeout=5s')
            . use_pg($pg)
            . 'dns_tools_journal ' . temp_folder('journal') . '/queue;');
    about_to_exit($api, $nginx, $own);
    $nginx->finish;
}

# A database that goes away.
{
    my $nginx = $api->serve(
        main => 'env KUBERNETES_SERVICE_HOST;',
        env  => {KUBERNETES_SERVICE_HOST => '192.0.2.1'},
        http => use_dns($dns, $quick)
            . use_pg($pg)
            . 'dns_tools_record commit; dns_tools_client_ip off;');
    committed_lookups($api, $pg);
    no_history($api, 'database_unavailable');
    ready_is($api, 200, 'degraded', database => 'down', journal => 'off');
    figures($api, database_up => JSON::PP::false);
    $pg->run;
    ready_is($api, 200, 'up', database => 'up', journal => 'off');
    ok eventually(sub { $nginx->http->get('/history')->status == 200 }), 'there is a history again';
    is $api->ask(200, GET => '/history?limit=1')->json->[0]{client_ip}, undef, 'of nobody';
    $nginx->finish;
}

# A journal without a folder.
{
    my $own     = DnsTools::FakeDns->start;
    my $journal = temp_folder('journal') . '/queue';
    my $nginx   = $api->serve(
        http => use_dns($own, $quick) . use_pg($pg) . "dns_tools_journal $journal;");
    chmod 0500, $journal, glob "$journal/worker-*";
    $nginx->kill_worker;
    overloaded($api);
    ready_is($api, 200, 'degraded', database => 'up', journal => 'down');
    $own->stop;
    ready_is($api, 503, 'down', resolver => 'down', database => 'up', journal => 'down');
    $pg->stop;
    ready_is($api, 503, 'down', resolver => 'down', database => 'down', journal => 'down');
    $pg->run;
    $nginx->finish(killed => 1);
}

lookups_on_a_broken_disk($api, $pg);

# No database, and later no nameserver.
{
    my $own   = DnsTools::FakeDns->start;
    my $nginx = $api->serve(http => use_dns($own, $quick));
    ready_is($api, 200, 'up', resolver => 'up', database => 'off', journal => 'off');
    no_history($api, 'history_disabled');
    $own->stop;
    ready_is($api, 503, 'down', resolver => 'down', database => 'off', journal => 'off');
    figures($api, database_up => undef);
    $nginx->finish;
}

errors_of_nginx($api, $pg);

# What no proxy can provoke. 421 comes over TLS, when the handshake and the request name different
# servers: the proxy takes both names from one URL. See example.pl for what the server is asked
# directly.
my @unseen = (qr/ 421 /);
my $tally  = $api->tally;
my @differences = $tally->differences(unseen => \@unseen);
is join("\n", grep {/: \Q$_\E /} @differences), '',
    "$_: all that is described was seen, and all that was seen is described"
    for $tally->operations;
is scalar @differences, 0, 'and nothing else';
is join("\n", $tally->bare), '', 'there is an example of everything';
note scalar $tally->described, ' points are described, ', scalar $tally->seen, ' were seen';

proxy_bites($api);
comparison_bites($tally, \@unseen);

done_testing;
