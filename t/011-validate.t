# /tools/validate: what is an IPv4 address, and what is no question.

use v5.36;

use JSON::PP;

use DnsTools::Test;

my $nginx = DnsTools::Nginx->start;
my $http  = $nginx->http;
my $json  = JSON::PP->new->utf8->allow_nonref;
my $route = '/tools/validate';

sub post ($body) { return $http->post($route, $body) }
sub ask  ($ip)   { return post('{"ip":' . $json->encode($ip) . '}') }

for my $ip (qw(0.0.0.0 1.2.3.4 10.0.0.1 127.0.0.1 192.0.2.255 255.255.255.255 249.99.9.0)) {
    json_is ask($ip),                    200, '{"status":true}', $ip;
    json_is $http->get("$route?ip=$ip"), 200, '{"status":true}', "GET $ip";
}

for my $ip (
    '',                 ' ',
    '.',                '...',
    '1',                '1.2.3',
    '1.2.3.4.5',        '1.2.3.',
    '.1.2.3',           '1..2.3',
    '1.2.3.4.',         '256.1.1.1',
    '1.2.3.256',        '1.2.3.999',
    '1.2.3.4294967297', '1.2.3.18446744073709551617',
    '01.2.3.4',         '1.2.3.00',
    '1.2.3.04',         '0x1.2.3.4',
    '1.2.3.0x4',        '1e1.2.3.4',
    '-1.2.3.4',         '+1.2.3.4',
    ' 1.2.3.4',         '1.2.3.4 ',
    "1.2.3.4\n",        "1.2.3.4\0",
    "1.2.3.4\0.5",      '1.2.3.4/24',
    '1.2.3.4:80',       '::1',
    '::ffff:1.2.3.4',   'one.test',
    "\x{661}.2.3.4",    "1.2.3.\x{ff14}",
    '1' x 5000)
{
    my $response = ask($ip);
    my $shown    = length $ip > 40 ? substr($ip, 0, 40) . '...' : $json->encode($ip);
    subtest "not an address: $shown" => sub {
        is $response->status, 200, 'status';
        my $answer = $response->json;
        ok !$answer->{status},           'false';
        ok length $answer->{reason} > 5, 'with a reason';
        is join(' ', sort keys %$answer), 'reason status', 'and nothing else';
    };
}

json_is $http->get("$route?ip=1.2.3.4&ip=nonsense"), 200, '{"status":true}', 'the first of two';
json_is $http->get("$route?x=1&ip=%31.2.3%2e4"),     200, '{"status":true}', 'an encoded value';
ok !$http->get("$route?ip=1.2.3.4%00")->json->{status}, 'an encoded NUL is no part of an address';
ok !$http->get("$route?ip=1.2.3.4%0")->json->{status},  'nor is half an escape';
json_is post(qq({ "x": [1, {"ip": "no"}],\n "ip" : "1.2.3.\\u0034" } )), 200, '{"status":true}',
    'other members, spaces and escapes';

my %bad = (
    'nothing'                     => '',
    'a space'                     => ' ',
    'half an object'              => '{"ip":"1.2.3.4"',
    'half a string'               => '{"ip":"1.2.3',
    'two objects'                 => '{"ip":"1.2.3.4"}{"ip":"1.2.3.4"}',
    'an object and more'          => '{"ip":"1.2.3.4"} x',
    'a string'                    => '"1.2.3.4"',
    'an array'                    => '["1.2.3.4"]',
    'null'                        => 'null',
    'a number'                    => '1',
    'bare text'                   => '1.2.3.4',
    'a form'                      => 'ip=1.2.3.4',
    'a single-quoted object'      => q({'ip':'1.2.3.4'}),
    'a comma too many'            => '{"ip":"1.2.3.4",}',
    'a comment'                   => '{"ip":"1.2.3.4" /* so */}',
    'a raw NUL in the string'     => qq({"ip":"1.2.3.4\0"}),
    'a NUL behind the object'     => qq({"ip":"1.2.3.4"}\0),
    'nothing but NULs'            => "\0\0\0\0",
    'a raw newline in the string' => qq({"ip":"1.2.3.4\n"}),
    'bad UTF-8'                   => qq({"ip":"1.2.3.4\xff"}),
    'cut UTF-8'                   => qq({"ip":"\xc3"}),
    'overlong UTF-8'              => qq({"ip":"\xc0\xae"}),
    'a byte order mark of UTF-16' => qq(\xff\xfe{\0),
    'half a surrogate pair'       => '{"ip":"\ud800"}',
    'a wrong escape'              => '{"ip":"\x41"}',
    '3,000 open brackets'         => '[' x 3000,
    '3,000 open objects'          => '{"ip":' x 1200,
    '3,000 brackets in a member'  => '{"ip":"1.2.3.4","x":' . '[' x 3000 . ']' x 3000 . '}',);
error_is post($bad{$_}), 400, 'invalid_body', "a body of $_" for sort keys %bad;

my %not_a_string = (
    'no ip'                 => '{}',
    'ip under another name' => '{"IP":"1.2.3.4"}',
    'a null ip'             => '{"ip":null}',
    'a number'              => '{"ip":16909060}',
    'true'                  => '{"ip":true}',
    'an array'              => '{"ip":["1.2.3.4"]}',
    'an object'             => '{"ip":{"ip":"1.2.3.4"}}',);
error_is post($not_a_string{$_}),         400, 'invalid_ip', $_ for sort keys %not_a_string;
error_is $http->get($route),              400, 'invalid_ip', 'GET without ip';
error_is $http->get("$route?pi=1.2.3.4"), 400, 'invalid_ip', 'GET with another parameter';

my $head = $http->head("$route?ip=1.2.3.4");
is $head->status,                   200,                      'HEAD';
is $head->header('content-length'), length '{"status":true}', 'has the length of the body';
for my $method (qw(PUT DELETE PATCH)) {
    my $response = $http->request($method, "$route?ip=1.2.3.4");
    error_is $response, 405, 'method_not_allowed', $method;
    is $response->header('allow'), 'GET, HEAD, POST', 'Allow';
}

$nginx->finish(above_warn => 1);
done_testing;
