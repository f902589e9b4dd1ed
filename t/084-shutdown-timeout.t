# worker_shutdown_timeout: requests that wait for a database that does not answer hold up nobody.

use v5.36;

use DnsTools::Test;

my $dns = DnsTools::Knot->start;
my $pg  = DnsTools::Postgres->start;

sub leaves_in_spite_of ($target) {
    my $nginx = DnsTools::Nginx->start(
        main   => 'worker_shutdown_timeout 300ms;',
        http   => use_dns($dns) . use_pg($pg),
        server => DnsTools::Nginx::routes()
            . 'location = /commit { dns_tools_record commit; dns_tools_lookup; }');
    my $client = $nginx->http;
    for my $ready ('/commit?domain=n1.wild.test', '/history', '/history?format=csv&limit=1') {
        ok eventually(sub { $client->get($ready)->status == 200 }), "$ready works";
    }
    my $session = $pg->session;
    $session->sql('BEGIN; LOCK TABLE dns_lookups IN ACCESS EXCLUSIVE MODE');
    $client->send(DnsTools::Http->text('GET', $target));
    ok eventually(sub { $pg->waiting > 0 }), 'the database lets it wait';
    $nginx->process->signal('QUIT');
    ok $nginx->log_has(qr/gracefully shutting down/), 'nginx is told to quit';
    ok $nginx->process->wait_end(3), 'and leaves, though nothing has changed';
    $session->sql('ROLLBACK');
    $nginx->finish;
    return;
}

subtest 'a commit'  => sub { leaves_in_spite_of('/commit?domain=n2.wild.test') };
subtest 'a page'    => sub { leaves_in_spite_of('/history') };
subtest 'an export' => sub { leaves_in_spite_of('/history?format=csv') };

done_testing;
