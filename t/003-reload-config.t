# A reload takes over what changed: nameservers, routes, the database; a broken file changes nothing.

use v5.36;

use DnsTools::Test;

my $first  = DnsTools::FakeDns->start(rule => ['answer:192.0.2.1']);
my $second = DnsTools::FakeDns->start(rule => ['answer:192.0.2.2']);
my $pg     = DnsTools::Postgres->start;
my $nginx  = DnsTools::Nginx->start(http => use_dns($first));

sub address() { return $nginx->http->get(lookup 'a.test')->json->{addresses}[0]{ip} }

is address, '192.0.2.1', 'the first nameserver';
error_is $nginx->http->get('/history'), 503, 'history_disabled', 'no database yet';

$nginx->write_conf(http => use_dns($second) . use_pg($pg));
$nginx->reload;
is address, '192.0.2.2', 'the second nameserver after a reload';
ok $pg->reaches(1), 'lookups are saved from now on';
is $nginx->http->get('/history')->json->[0]{addresses}[0]{ip}, '192.0.2.2', '/history shows them';

my @workers = $nginx->worker_pids;
$nginx->write_conf(http => 'dns_tools_resolver nonsense:nonsense;');
$nginx->process->signal('HUP');
ok $nginx->log_has(qr/\[emerg\].*"dns_tools_resolver"/), 'a broken configuration is refused';
is address,                        '192.0.2.2',         'the old one goes on';
is join(' ', $nginx->worker_pids), join(' ', @workers), 'with the same workers';
open my $log, '>', $nginx->{error_log};    # the [emerg] was asked for
close $log;

$nginx->write_conf(
    http   => '',
    server => 'location / { return 200 "plain"; }');
$nginx->reload;
is $nginx->http->get('/')->body, 'plain', 'without any of its directives after a reload';

$nginx->finish(above_warn => 1);
done_testing;
