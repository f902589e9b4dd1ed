# dns_tools_client_ip: how much of the client's address is kept, in the answer, the log and the row.

use v5.36;

use DnsTools::Test;

my $pg  = DnsTools::Postgres->start;
my $key = temp_folder('key') . '/key';

sub write_key ($bytes) {
    open my $file, '>', $key or die $!;
    print $file $bytes;
    close $file or die $!;
    return;
}
write_key("0123456789abcdef\n");

my $nginx = DnsTools::Nginx->start(
    http => use_pg($pg) . <<~'CONF',
        set_real_ip_from 127.0.0.1;
        set_real_ip_from unix:;
        dns_tools_client_ip truncate;
        log_format client escape=json '{"client":"$dns_tools_client_ip"}';
        access_log logs/client.log client;
        CONF
    server => DnsTools::Nginx::routes() . <<~"CONF"
        real_ip_header X-Forwarded-For;
        location = /full  { dns_tools_client_ip full; dns_tools_lookup; }
        location = /off   { dns_tools_client_ip off;  dns_tools_lookup; }
        location /hashed {
            dns_tools_client_ip hash key=$key;
            location = /hashed/lookup { dns_tools_lookup; }
        }
        location = /elsewhere { return 204; }
        CONF
);
my $http = $nginx->http;
wait_until('the schema', sub { $pg->table_exists });

# The client as answer, row and log have it, which must be the same.
sub client ($route, $address) {
    my $answer = $http->get("$route?domain=localhost", {'X-Forwarded-For' => $address})->json;
    my $row    = wait_until('the row', sub { $pg->row($answer->{id}) });
    is $row->{client_ip}, $answer->{client_ip}, 'the row has the client of the answer';
    my $logged = logged();
    is $logged, $answer->{client_ip} // '', 'so has the log';
    return $answer->{client_ip};
}

my $lines = 0;

sub logged() {
    my $line = wait_until(
        'the log line',
        sub {
            my @all = split /\n/, slurp("$nginx->{folder}/logs/client.log");
            return @all > $lines && $all[$lines++];
        });
    return $line =~ s/^\{"client":"(.*)"\}$/$1/r;
}

is client('/tools/lookup', '192.0.2.77'),          '192.0.2.0',     'an IPv4 client, truncated';
is client('/tools/lookup', '2001:db8:1:2::7'),     '2001:db8:1::',  'an IPv6 client, truncated';
is client('/tools/lookup', '::ffff:198.51.100.7'), '198.51.100.0',  'IPv4 in IPv6, truncated';
is client('/full', '192.0.2.77'),                  '192.0.2.77',    'full';
is client('/off',  '192.0.2.77'),                  undef,           'off';
is client('/hashed/lookup', '192.0.2.77'), 'fd58:686b:cea9:7ad3:487a:8704:9d89:2cf3',
    'a pseudonym: HMAC-SHA-256 of the address';
is client('/hashed/lookup', '::ffff:192.0.2.77'), 'fd58:686b:cea9:7ad3:487a:8704:9d89:2cf3',
    'the same for the same client';
isnt client('/hashed/lookup', '192.0.2.78'), 'fd58:686b:cea9:7ad3:487a:8704:9d89:2cf3',
    'another one for another client';

$http->get('/elsewhere', {'X-Forwarded-For' => '192.0.2.77'});
is logged(), '192.0.2.0', 'also where the module does not answer';
is $nginx->unix_http->get('/full?domain=localhost')->json->{client_ip}, undef, 'a UNIX socket';
is logged(), '', 'has no client';

sub refused ($words, @patterns) {
    my ($exit, $output) = DnsTools::Nginx->check_conf(http => "dns_tools_client_ip $words;");
    subtest "dns_tools_client_ip $words" => sub {
        isnt $exit, 0, 'is refused';
        like $output,   $_, "says $_" for qr/\[emerg\]/, @patterns;
        unlike $output, qr/0123456/, 'repeats no key';
    };
    return;
}
refused('half',                 qr/"half"/,     qr/"dns_tools_client_ip"/, qr/"truncate"/);
refused('hash',                 qr/"hash"/,     qr/key=FILE/);
refused("hash $key",            qr/"\Q$key\E"/, qr/key=FILE/);
refused('hash key=',            qr/"key="/,     qr/key=FILE/);
refused("truncate key=$key",    qr/"key=\Q$key\E"/);
refused('hash key=/no/such',    qr{"/no/such"}, qr/No such file/);
refused('full; dns_tools_client_ip off', qr/duplicate/);
write_key("0123456789abcde\n");
refused("hash key=$key", qr/"\Q$key\E"/, qr/15 bytes/, qr/needs 16/);

$nginx->finish(above_warn => 1);
done_testing;
