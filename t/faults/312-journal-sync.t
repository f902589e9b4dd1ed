# The journal's other modes, under load: synced before each answer, or now and then. And the file of
# records that the database refuses.

use v5.36;

use JSON::PP;

use DnsTools::Ordeal;
use DnsTools::Test;

my $dns = DnsTools::Knot->start;
my $pg  = DnsTools::Postgres->start;

for my $sync ('always', '20ms', 'off') {
    my $journal = temp_folder('journal') . '/queue';
    my $nginx   = DnsTools::Nginx->start(
        workers => 2,
        http => use_dns($dns) . use_pg($pg) . "dns_tools_journal $journal size=8m sync=$sync;");
    wait_until('the schema', sub { $pg->table_exists });
    my $ordeal = DnsTools::Ordeal->new(nginx => $nginx, pg => $pg);

    $ordeal->through(
        "sync=$sync: the database crashes, workers are killed" => sub ($load) {
            $pg->crash;
            $load->more(100);
            for (1 .. 2) {
                $nginx->kill_worker;
                $load->more(100);
            }
            $pg->run;
        },
        resets => 1);
    $ordeal->through(
        "sync=$sync: reloads" => sub ($load) {
            for (1 .. 10) {
                $nginx->process->signal('HUP');
                $load->more(40);
            }
        });

    my $id;
    $pg->sql(
        q{ALTER TABLE dns_lookups ADD CONSTRAINT sound CHECK (domain <> 'poison.wild.test')});
    $ordeal->through(
        "sync=$sync: a poison row" => sub ($load) {
            $pg->stop;
            $load->more(100);
            $id = $ordeal->ask('poison.wild.test');
            $load->more(100);
            $pg->run;
            ok $ordeal->log_has(qr/refuses the lookup \Q$id\E .* set aside/), 'the log names it';
        },
        lost => sub { $id });
    $pg->sql('ALTER TABLE dns_lookups DROP CONSTRAINT sound');
    my @rejected = split /\n/, slurp("$journal/rejected");
    is scalar @rejected, 1, 'one line is in the file "rejected"';
    my $line = eval { decode_json($rejected[0]) } // {};
    is "$line->{id} $line->{domain}", "$id poison.wild.test", 'which holds that record';

    $nginx->finish(killed => 1);
    $ordeal->reckon('after nginx has left');
    is join(' ', glob "$journal/*"), "$journal/rejected", 'nothing else is left in the journal';
}
done_testing;
