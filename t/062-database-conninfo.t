# How the database is named: passwords, host names, libpq's environment.

use v5.36;

use DnsTools::Test;

my $dns = DnsTools::FakeDns->start;
my $pg  = DnsTools::Postgres->start;
my $rows;
my $password = DnsTools::Postgres::password;

# Whether a lookup through an nginx with this configuration becomes a row.
sub saves ($what, $database, %o) {
    subtest $what => sub {
        my $nginx = DnsTools::Nginx->start(
            http => use_dns($dns) . $database,
            %o);
        my $id = $nginx->http->get(lookup 'localhost')->json->{id};
        ok eventually(sub { $pg->table_exists && $pg->row($id) }), 'a lookup becomes a row'
            or diag $nginx->errors;
        is eval { $nginx->http->get('/history')->json->[0]{id} }, $id, '/history shows it';
        unlike $nginx->errors, qr/\Q$password/, 'no password in the log';
        $nginx->finish(above_warn => 1);
    };
    return;
}

sub database (%words) { return use_pg($pg, %words) }

saves 'a UNIX socket',             database();
saves 'an address and a password', database(host => '127.0.0.1', password => $password);
saves 'the name localhost',        database(host => 'localhost', password => $password);
saves 'a URI',
      'dns_tools_database postgresql://dns_tools:'
    . $password
    . '@127.0.0.1:'
    . $pg->port
    . '/dns_tools;';
$dns->rule_for('db.internal.test', 'answer:127.0.0.1');
saves 'a name that only the nameserver knows',
    database(host => 'db.internal.test', password => $password);
saves 'a list whose first host is nobody',
    database(
    host     => '127.0.0.1,127.0.0.1',
    port     => DnsTools::Process::free_port() . ',' . $pg->port,
    password => $password);

my %environment = (
    PGHOST     => '127.0.0.1',
    PGPORT     => $pg->port,
    PGUSER     => 'dns_tools',
    PGDATABASE => 'dns_tools',
    PGPASSWORD => $password);
saves 'the environment alone', 'dns_tools_database;', env => \%environment;
saves 'the environment, when nginx keeps none by itself', 'dns_tools_database;',
    env  => \%environment,
    main => 'env NOTHING;';
saves 'the environment below a connection string', 'dns_tools_database "user=dns_tools";',
    env => {%environment, PGUSER => 'nobody'};

my $folder = temp_folder('pass');
open my $file, '>', "$folder/pgpass" or die $!;
print $file "127.0.0.1:*:*:dns_tools:$password\n";
close $file;
chown +(getpwnam 'www-data')[2, 3], "$folder/pgpass" if $> == 0;
chmod 0600, "$folder/pgpass";
saves 'a password file', database(host => '127.0.0.1', passfile => "$folder/pgpass");
saves 'a password file of the environment', database(host => '127.0.0.1'),
    env => {PGPASSFILE => "$folder/pgpass"};

$rows = $pg->count;

sub fails ($what, $reason, $database) {
    subtest $what => sub {
        my $nginx    = DnsTools::Nginx->start(http => use_dns($dns) . $database);
        my $response = $nginx->http->get(lookup 'localhost');
        is $response->status, 200, 'a lookup is answered';
        ok $nginx->log_has($reason), 'the log says why it is not saved' or diag $nginx->errors;
        ok eventually(sub { $nginx->http->get('/ready')->json->{status} eq 'degraded' }),
            'degraded';
        my $ready = $nginx->http->get('/ready');
        is $ready->status, 200, 'and ready';
        ok length $ready->json->{checks}{database}{reason}, 'which says why, too';
        error_is my $history = $nginx->http->get('/history'), 503, 'database_unavailable',
            '/history';

        for my $said ($nginx->errors, $ready->body, $history->body, $response->body) {
            unlike $said, qr/wrong-Sesame/, 'nobody tells the password';
        }
        $nginx->process->signal('TERM');    # QUIT would wait for the database to come
        ok $nginx->process->wait_end, 'nginx leaves at once when told so';
        $nginx->finish;
    };
    return;
}

fails 'a wrong password', qr/password authentication failed/,
    database(host => '127.0.0.1', password => 'wrong-Sesame');
fails 'a wrong password in a URI', qr/password authentication failed/,
    'dns_tools_database postgresql://dns_tools:wrong-Sesame@127.0.0.1:' . $pg->port . '/dns_tools;';
fails 'a database that is not there', qr/does not exist/,
    database(dbname => 'elsewhere', password => 'wrong-Sesame');
$dns->rule_for('nobody.test', 'nxdomain');
fails 'a host that is not there', qr/lookups: cannot resolve "nobody\.test": /,
    database(host => 'nobody.test', password => 'wrong-Sesame');
$dns->rule_for('silent.test', 'drop');
fails 'a host that DNS is silent about', qr/silent\.test/,
    database(host => 'silent.test', password => 'wrong-Sesame');

is $pg->count, $rows, 'no other row came in';
done_testing;
