# /tools/lookup: every way to fail, and none of them sends a packet that it should not.

use v5.36;
use utf8;

use Encode qw(encode_utf8);

use DnsTools::Test;

binmode Test::More->builder->$_, ':encoding(UTF-8)' for qw(output failure_output);

my $knot    = DnsTools::Knot->start;
my $fake    = DnsTools::FakeDns->start;
my $real    = DnsTools::Nginx->start(http => use_dns($knot, 'attempts=1'));
my $counted = DnsTools::Nginx->start(http => use_dns($fake));

subtest 'no such name, no address' => sub {
    my $http = $real->http;
    error_is $http->get(lookup 'nowhere.test'),   404, 'nxdomain',     'NXDOMAIN';
    error_is $http->get(lookup 'tonothing.test'), 404, 'nxdomain',     'a CNAME to nothing';
    error_is $http->get(lookup 'text.test'),      404, 'no_addresses', 'NODATA';
    error_is $http->get(lookup 'v6only.test'),    404, 'no_addresses', 'only an IPv6 address';
    error_is $http->get(lookup 'totext.test'), 404, 'no_addresses', 'a CNAME to a name without one';
    like $http->get(lookup 'nowhere.test')->json->{message}, qr/nowhere\.test/, 'the name is named';
};

subtest 'upstream failures' => sub {
    my $http = $real->http;
    error_is $http->get(lookup 'loop.test'),   502, 'upstream_failure', 'a loop of CNAMEs';
    error_is $http->get(lookup 'self.test'),   502, 'upstream_failure', 'a CNAME to itself';
    error_is $http->get(lookup 'x.broken'),    502, 'upstream_failure', 'SERVFAIL';
    error_is $http->get(lookup 'x.elsewhere'), 502, 'upstream_failure', 'REFUSED';
};

my $http = $counted->http;
for my $name (qw(x.invalid invalid a.b.onion onion printer.local local LOCAL. x.Onion)) {
    error_is $http->get(lookup $name), 404, 'nxdomain', $name;
}

my %invalid = (
    'nothing'                             => '',
    'a dot'                               => '.',
    'two dots'                            => '..',
    'a dot in front'                      => '.one.test',
    'two dots inside'                     => 'one..test',
    'two dots at the end'                 => 'one.test..',
    'a label of 64 bytes'                 => 'a' x 64 . '.test',
    'a label of 64 bytes in A-label form' => 'ü' . 'a' x 60 . '.test',
    '254 bytes'               => join('.', 'a' x 63, 'b' x 63, 'c' x 63, 'd' x 57, 'test'),
    '5,000 bytes'             => 'a.' x 2500 . 'test',
    'a space'                 => 'one two.test',
    'a space in front'        => ' one.test',
    'a newline'               => "one.test\n",
    'a tab'                   => "one\ttest",
    'a NUL'                   => "one.test\0",
    'a NUL inside'            => "one\0.test",
    'a backslash'             => 'one\\.test',
    'an escape of zone files' => 'one\\046test',
    'an asterisk'             => '*.test',
    'an at sign'              => 'user@one.test',
    'a slash'                 => 'one.test/24',
    'a URL'                   => 'http://one.test/',
    'a port'                  => 'one.test:80',
    'a delete byte'           => "one\x7f.test",
    'quotes'                  => '"one".test',
    'a symbol IDNA refuses'   => "a\x{2028}b.test",
    'a wrong A-label'         => 'xn--\x{80}.test',);
for my $what (sort keys %invalid) {
    my $name = encode_utf8 $invalid{$what};
    error_is $http->get(lookup $name), 400, 'invalid_domain', "a name with $what";
}
error_is $http->get(lookup "b\xfccher.test"), 400, 'invalid_domain', 'a name that is not UTF-8';
error_is $http->get('/tools/lookup'),         400, 'invalid_domain', 'no query';
error_is $http->get('/tools/lookup?'),        400, 'invalid_domain', 'an empty query';
error_is $http->get('/tools/lookup?domian=one.test'), 400, 'invalid_domain', 'another parameter';
error_is $http->get('/tools/lookup?domain'), 400, 'invalid_domain', 'a parameter without a value';

for my $ip (
    '192.0.2.1', '192.0.2.1.',  '127.0.0.1', '255.255.255.255',
    '::1',       '2001:db8::1', '[::1]',     '::ffff:192.0.2.1')
{
    error_is $http->get(lookup $ip), 400, 'ip_literal', $ip;
}

my %body = (
    'no domain'                 => ['{}',                            'invalid_domain'],
    'a null domain'             => ['{"domain":null}',               'invalid_domain'],
    'a domain that is a number' => ['{"domain":1}',                  'invalid_domain'],
    'a domain that is a list'   => ['{"domain":["one.test"]}',       'invalid_domain'],
    'an empty domain'           => ['{"domain":""}',                 'invalid_domain'],
    'an escaped NUL'            => ['{"domain":"one.test\u0000"}',   'invalid_domain'],
    'an IP address'             => ['{"domain":"192.0.2.1"}',        'ip_literal'],
    'nothing'                   => ['',                              'invalid_body'],
    'half an object'            => ['{"domain":"one.te',             'invalid_body'],
    'a list'                    => ['["one.test"]',                  'invalid_body'],
    'a form'                    => ['domain=one.test',               'invalid_body'],
    'bad UTF-8'                 => [qq({"domain":"b\xfccher.test"}), 'invalid_body'],
    'a raw NUL'                 => [qq({"domain":"one.test\0"}),     'invalid_body'],
    '4,000 brackets'            => ['[' x 4000 . ']' x 4000,         'invalid_body'],);
for my $what (sort keys %body) {
    my ($body, $code) = @{$body{$what}};
    error_is $http->post('/tools/lookup', $body), 400, $code, "a body with $what";
}

for my $method (qw(PUT DELETE PATCH OPTIONS)) {
    my $response = $http->request($method, lookup 'one.test');
    error_is $response, 405, 'method_not_allowed', $method;
    is $response->header('allow'), 'GET, HEAD, POST', 'Allow';
}

my $head = $http->head(lookup 'x.invalid');
is $head->status, 404, 'HEAD of an error';
ok $head->header('content-length') > 20, 'has the length of its body';

is join(' ', map { $_->{name} } $counted && $fake->queries), '',  'none of these sent a query';
is $http->get(lookup 'one.test')->status,                    200, 'the connection is still in step';

$_->finish for $real, $counted;
done_testing;
