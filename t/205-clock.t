# The clock of the machine is set an hour forth and back, under load: ids never go backwards within
# a worker, and no 200 is lost.

use v5.36;

use DnsTools::Ordeal;
use DnsTools::Test;

my ($library) = glob '/usr/lib/*/faketime/libfaketime.so.1';
plan skip_all => 'valgrind and faketime do not go together' if $ENV{TEST_NGINX_VALGRIND};
BAIL_OUT('faketime is not installed') if !$library;

my $clock = temp_folder('clock') . '/clock';

# faketime(1): an offset from the real time. Only the time of day is faked: no system lets anybody
# set the monotonic clock.
sub set_clock ($offset) {
    open my $file, '>', "$clock.new" or die $!;
    print $file "$offset\n";
    close $file or die $!;
    rename "$clock.new", $clock or die $!;
    return;
}
set_clock('+0');

my $dns   = DnsTools::Knot->start;
my $pg    = DnsTools::Postgres->start;
my $nginx = DnsTools::Nginx->start(
    http => use_dns($dns) . use_pg($pg),
    main => join('', map { "env $_;\n" } qw(FAKETIME_TIMESTAMP_FILE FAKETIME_NO_CACHE)),
    env  => {
        LD_PRELOAD              => $library,
        FAKETIME_TIMESTAMP_FILE => $clock,
        FAKETIME_NO_CACHE       => 1,
        DONT_FAKE_MONOTONIC     => 1
    });
wait_until('the schema', sub { $pg->table_exists });
my $ordeal = DnsTools::Ordeal->new(nginx => $nginx, pg => $pg);

# How many hours ahead the time in the newest lookup is, to the nearest.
sub hours_ahead() {
    my $id = $ordeal->ask(sprintf 'now%08x.wild.test', rand 2**32);
    return sprintf '%.0f', (hex(substr $id, 0, 8) * 65.536 - time) / 3600;
}

my @order;
for my $hour ('+1h', '+0', '-1h', '+0') {
    my $ahead = $hour =~ s/h//r;
    $ordeal->through(
        "the clock at $hour" => sub ($load) {
            set_clock($hour);
            $load->more(200);
            push @order, hours_ahead for 1 .. 20;
            $load->more(200);
        });
    is $nginx->http->get('/')->json->{date} > time + 1800    ? 1
        : $nginx->http->get('/')->json->{date} < time - 1800 ? -1
        :   0, $ahead + 0, 'the worker sees that clock';
}
is "@order[0 .. 19]",  join(' ', (1) x 20), 'ids follow the clock forth';
is "@order[20 .. 79]", join(' ', (1) x 60), 'and never back';

# One worker, so the order of its answers is the order of its ids.
my @logged = map  { /"status":200,.*"id":"([^"]+)"/ } $nginx->access_lines;
my $back   = grep { $logged[$_] lt $logged[$_ - 1] } 1 .. $#logged;
cmp_ok scalar @logged, '>', 1600, scalar(@logged) . ' lookups';
is $back, 0, 'their ids never go backwards';

$nginx->finish;
$ordeal->reckon('after nginx has left');
done_testing;
