# A reload every second for 20 seconds under load, then QUIT under load: every accepted request is
# answered, every 200 is a row.

use v5.36;

use Time::HiRes qw(sleep time);

use DnsTools::Load;
use DnsTools::Test;

my $dns   = DnsTools::Knot->start;
my $pg    = DnsTools::Postgres->start;
my $nginx = DnsTools::Nginx->start(
    workers => 2,
    http    => use_dns($dns) . use_pg($pg) . 'keepalive_requests 1000000;');
wait_until('the schema', sub { $pg->table_exists });

my $load  = DnsTools::Load->start(port => $nginx->port, clients => 8);
my $start = time;
for my $second (1 .. 20) {
    sleep $start + $second - time if $start + $second > time;    # the pace that is tested
    $nginx->process->signal('HUP');
}
ok eventually(sub { $nginx->worker_pids == 2 }, 30), 'old workers leave';
is $load->stop, '', 'no client has a complaint';
my @ids = $load->ids;
is scalar(my @failures = $load->failures), 0, 'no lookup fails';
cmp_ok scalar @ids, '>', 5000, 'lookups: ' . @ids;
ok $pg->reaches(scalar @ids, 60), 'as many rows as 200s' or diag $pg->count, ' of ', scalar @ids;
ids_are $pg, \@ids, 'the very same';

my $last = DnsTools::Load->start(port => $nginx->port, clients => 8, gone_is_fine => 1);
wait_until('load', sub { $last->progress > 1000 }, 60);
ok $nginx->quit(30), 'QUIT under load: nginx leaves by itself';
is $last->wait_end,                     '', 'no answer was cut off';
is scalar(@failures = $last->failures), 0,  'no lookup fails';
my %rows = map { $_ => 1 } $pg->ids;
is scalar(grep { !$rows{$_} } $last->ids), 0, 'every 200 a client got is a row';
my @logged = map { /"result":"ok".*"id":"([^"]+)"/ } $nginx->access_lines;
is scalar(grep { !$rows{$_} } @logged), 0,              'every 200 of the access log is a row';
is scalar keys %rows,                   scalar @logged, 'and no row is more';

$nginx->finish(above_warn => 1);
done_testing;
