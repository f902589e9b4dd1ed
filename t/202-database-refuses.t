# The database refuses to write, under load. What a person can put right is written afterwards; a
# row that it refuses for what it holds is given up, alone, and said so.

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

sub through ($what, $harm, @options) { return $ordeal->through($what, $harm, @options) }

through 'INSERT revoked, then granted' => sub ($load) {
    $pg->sql('REVOKE INSERT ON dns_lookups FROM dns_tools');
    $load->more(300);
    ok $ordeal->log_has(qr/42501/), 'the log says so';
    ok eventually(sub { $nginx->http->get('/ready')->json->{status} eq 'degraded' }), '/ready too';
    $pg->sql('GRANT INSERT ON dns_lookups TO dns_tools');
};

# The rows of the table that goes are kept aside for the reckoning, in the same instant.
through 'the table dropped, and made again by the module' => sub ($load) {
    $pg->sql(<<~'SQL');
        BEGIN;
        LOCK TABLE dns_lookups;
        CREATE TABLE kept AS TABLE dns_lookups;
        DROP TABLE dns_lookups CASCADE;
        COMMIT
        SQL
    $load->more(300);
    wait_until('the module makes it again', sub { $pg->table_exists });
    $load->more(300);
    $pg->sql('INSERT INTO dns_lookups SELECT * FROM kept ON CONFLICT DO NOTHING');
    $pg->sql('DROP TABLE kept');
};

# One row of many that wait to be written is poison.
sub poison ($what, $name, $sqlstate, $set, $unset) {
    my $id;
    through $what => sub ($load) {
        $pg->sql($set);
        $proxy->hold('up');
        $ordeal->ask("before$_-$name") for 1 .. 30;
        $id = $ordeal->ask($name);
        $ordeal->ask("after$_-$name") for 1 .. 30;
        $load->more(300);
        $proxy->pass;
        ok $ordeal->log_has(qr/refuses the lookup \Q$id\E of "\Q$name\E".*$sqlstate/),
            'the log names the one';
        $load->more(300);
        },
        lost => sub { $id };
    $pg->sql($unset);
    is scalar(() = $nginx->errors =~ /refuses the lookup .* of "[^"]*\Q$name\E"/g), 1,
        'and no other';
    return;
}

poison(
    'a row that breaks a constraint',
    'poison.wild.test',
    23514,
    q{ALTER TABLE dns_lookups ADD CONSTRAINT sound CHECK (domain <> 'poison.wild.test')},
    'ALTER TABLE dns_lookups DROP CONSTRAINT sound');

$pg->sql(<<~'SQL');
    CREATE FUNCTION taste() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF NEW.domain = 'bitter.wild.test' THEN
            RAISE 'too bitter' USING ERRCODE = '22023';
        END IF;
        RETURN NEW;
    END $$
    SQL
poison(
    'a row that a trigger refuses',
    'bitter.wild.test', 22023,
    'CREATE TRIGGER taste BEFORE INSERT ON dns_lookups FOR EACH ROW EXECUTE FUNCTION taste()',
    'DROP TRIGGER taste ON dns_lookups');

$nginx->finish;
$ordeal->reckon('after nginx has left');
done_testing;
