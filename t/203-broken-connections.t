# A bad network between the module and PostgreSQL, under load. What had been committed when its
# acknowledgement was lost is sent again, and is there once.

use v5.36;

use DnsTools::Ordeal;
use DnsTools::Proxy;
use DnsTools::Test;

my $dns   = DnsTools::Knot->start;
my $pg    = DnsTools::Postgres->start;
my $proxy = DnsTools::Proxy->start($pg);
my $nginx = DnsTools::Nginx->start(http => use_dns($dns) . use_pg($pg, $proxy->target));
wait_until('the schema', sub { $pg->table_exists });
my $ordeal = DnsTools::Ordeal->new(nginx => $nginx, pg => $pg);

sub through ($what, $harm) { return $ordeal->through($what, $harm) }

# Few bytes end within a message, or in the midst of the next connection's handshake; many within
# a pipeline of several batches.
for my $way ('up', 'down') {
    my @sizes = $way eq 'up' ? (1, 50, 300, 2_000, 10_000, 40_000) : (1, 20, 100, 300, 700);
    through "reset in mid-pipeline on the way $way" => sub ($load) {
        for my $size (@sizes) {
            my $connections = $proxy->counters->{connections};
            $proxy->reset_after($way, $size);
            wait_until('a new connection', sub { $proxy->counters->{connections} > $connections });
            $load->more(50);
        }
    };
}

# Counts the rows that the module sends, also those that are there already.
$pg->sql(<<~'SQL');
    CREATE SEQUENCE sent;
    CREATE FUNCTION count_sent() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
    BEGIN
        PERFORM nextval('sent');
        RETURN NEW;
    END $$;
    CREATE TRIGGER count_sent BEFORE INSERT ON dns_lookups FOR EACH ROW
        EXECUTE FUNCTION count_sent()
    SQL
my $rows = $pg->count;

through 'the server commits, but its acknowledgement is lost' => sub ($load) {
    for (1 .. 3) {
        $proxy->hold('down');
        $load->more(200);
        $proxy->reset_after('down', 1);
        $load->more(100);
    }
};
my $again = $pg->sql('SELECT last_value FROM sent') - ($pg->count - $rows);
cmp_ok $again, '>', 0, "$again rows were sent again";
$pg->sql('DROP TRIGGER count_sent ON dns_lookups');

through 'the server closes its side' => sub ($load) {
    for (1 .. 3) {
        my $connections = $proxy->counters->{connections};
        $proxy->half_close('down');
        wait_until('a new connection', sub { $proxy->counters->{connections} > $connections });
        $load->more(100);
    }
};

through 'the network closes our side' => sub ($load) {
    for (1 .. 3) {
        my $connections = $proxy->counters->{connections};
        $proxy->half_close('up');
        wait_until('a new connection', sub { $proxy->counters->{connections} > $connections });
        $load->more(100);
    }
};

$nginx->finish;
$ordeal->reckon('after nginx has left');
done_testing;
