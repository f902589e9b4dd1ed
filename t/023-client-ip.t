# client_ip is $remote_addr: the realip module decides about proxies.

use v5.36;

use DnsTools::Test;

my $pg    = DnsTools::Postgres->start;
my $nginx = DnsTools::Nginx->start(
    http   => use_pg($pg),
    server => DnsTools::Nginx::routes() . <<~'CONF'
        location = /proxied {
            set_real_ip_from 127.0.0.1;
            set_real_ip_from unix:;
            real_ip_header X-Forwarded-For;
            dns_tools_lookup;
        }
        CONF
);
my $http = $nginx->http;

sub client ($route, $headers = {}, $from = $http) {
    my $answer = $from->get("$route?domain=localhost", $headers)->json;
    my $row    = wait_until('the row', sub { $pg->table_exists && $pg->row($answer->{id}) });
    is $row->{client_ip}, $answer->{client_ip}, 'the row has the client of the answer';
    return $answer->{client_ip};
}

is client('/tools/lookup'), '127.0.0.1', 'the peer';
is client('/tools/lookup', {'X-Forwarded-For' => '192.0.2.7', 'X-Real-IP' => '192.0.2.8'}),
    '127.0.0.1', 'no header is believed';
is client('/proxied', {'X-Forwarded-For' => '192.0.2.7'}),            '192.0.2.7', 'but by realip';
is client('/proxied', {'X-Forwarded-For' => '192.0.2.6, 192.0.2.7'}), '192.0.2.7', 'the last proxy';
is client('/proxied', {'X-Forwarded-For' => '2001:DB8:0:0::7'}), '2001:db8::7',    'an IPv6 client';
is client('/proxied', {'X-Forwarded-For' => 'nonsense'}),        '127.0.0.1', 'nonsense is ignored';
is client('/tools/lookup', {}, $nginx->unix_http), undef, 'nobody over a UNIX socket';
is client('/proxied', {'X-Forwarded-For' => '192.0.2.9'}, $nginx->unix_http), '192.0.2.9',
    'unless realip knows';
like $nginx->unix_http->get('/tools/lookup?domain=localhost')->body, qr/"client_ip":null,/,
    'as JSON null';
is $nginx->http->get('/history')->json->[0]{client_ip}, undef, 'also in the history'
    if ok $pg->reaches(9), 'all are saved';

$nginx->finish(above_warn => 1);
done_testing;
