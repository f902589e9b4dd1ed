# Two workers; and a worker that has no connection left.

use v5.36;

use DnsTools::Load;
use DnsTools::Test;

my $dns   = DnsTools::Knot->start;
my $pg    = DnsTools::Postgres->start;
my $nginx = DnsTools::Nginx->start(
    workers => 2,
    http    => use_dns($dns) . use_pg($pg));
wait_until('the schema', sub { $pg->table_exists });

my $load = DnsTools::Load->start(port => $nginx->port, clients => 6, requests => 200);
is $load->wait_end, '', 'no client has a complaint';
my @ids = $load->ids;
is scalar @ids, 1200, 'all lookups are 200s';
ok $pg->reaches(1200), 'and rows' or diag $pg->count;
ids_are $pg, \@ids, 'the very same';

my @times = map { $nginx->http->get('/history?limit=1')->json->[0]{id} } 1 .. 20;
my %seen  = map { $_ => 1 } @times;
is join(' ', keys %seen), $ids[-1], 'every worker reads the same history';

$nginx->finish(above_warn => 1);

subtest 'more connections than nginx has' => sub {
    my $few = DnsTools::Nginx->start(
        connections => 32,
        http        => use_dns($dns) . use_pg($pg));
    my $before  = $pg->count;
    my $good    = 0;
    my @clients = map { $few->http(timeout => 3) } 1 .. 60;
    $_->open && $_->send(DnsTools::Http->text('GET', lookup 'one.test')) for @clients;
    for my $client (@clients) {
        my $response = eval { $client->response };
        ++$good if $response && $response->status == 200;
        $client->close;
    }
    cmp_ok $good, '>', 0, "some are answered: $good";
    ok eventually(
        sub {
            my $r = eval { $few->http(timeout => 2)->get(lookup 'one.test') };
            $r && $r->status == 200 && ++$good;
        }
        ),
        'and again once there is room';
    ok $pg->reaches($before + $good), 'every 200 is a row'
        or diag $pg->count - $before, " of $good";
    ok $few->quit, 'it leaves by itself';
    unlike $few->errors, qr/\[(?:crit|emerg)\]|open socket|exited on signal/,
        'nothing worse than being full';
};

done_testing;
