# /tools/lookup: names that have addresses.

use v5.36;
use utf8;

use Encode qw(encode_utf8);

use DnsTools::Test;

binmode Test::More->builder->$_, ':encoding(UTF-8)' for qw(output failure_output);

my $dns   = DnsTools::Knot->start;
my $nginx = DnsTools::Nginx->start(http => use_dns($dns));
my $http  = $nginx->http;

sub get ($name) { return $http->get(lookup encode_utf8 $name) }

sub ips ($answer) {
    return join ' ', map { $_->{ip} } @{$answer->{addresses}};
}

subtest 'the whole answer' => sub {
    my $before   = time;
    my $response = get('one.test');
    my $after    = time;
    is $response->status,                 200,                'status';
    is $response->header('content-type'), 'application/json', 'type';
    my $answer = $response->json;
    like $answer->{id}, qr/\A[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\z/,
        'a UUIDv7';
    my $milliseconds = unpack "Q>", pack "H16",
        "0000" . substr($answer->{id}, 0, 8) . substr $answer->{id}, 9, 4;
    is int($milliseconds / 1000), $answer->{created_at}, 'whose time is created_at';
    ok $answer->{created_at} >= $before - 1 && $answer->{created_at} <= $after, 'which is now';
    is $answer->{domain},    'one.test',  'domain';
    is $answer->{client_ip}, '127.0.0.1', 'client_ip';
    is_deeply $answer->{addresses}, [{ip => '192.0.2.1', ttl => 300}], 'addresses';
    is $answer->{source}, 'upstream', 'source';
    like $response->body, qr/"created_at":\d+,/, 'created_at is a number';
    like $response->body, qr/"ttl":300\}/,       'ttl is a number';
    isnt get('one.test')->json->{id}, $answer->{id}, 'each lookup has an id of its own';
};

my $longest = join '.', 'a' x 63, 'b' x 63, 'c' x 63, 'd' x 56, 'test';    # 253 bytes
my @table   = (
    # asked for, canonical, addresses, names on the way
    ['three.test',          'three.test',          '192.0.2.11 192.0.2.12 192.0.2.13'],
    ['ONE.Test',            'one.test',            '192.0.2.1'],
    ['one.test.',           'one.test',            '192.0.2.1'],
    ['both.test',           'both.test',           '192.0.2.9'],
    ['_sip._udp.test',      '_sip._udp.test',      '192.0.2.20'],
    ['dash-.test',          'dash-.test',          '192.0.2.21'],
    ['bücher.test',         'xn--bcher-kva.test',  '192.0.2.22'],
    ['BÜCHER.TEST.',        'xn--bcher-kva.test',  '192.0.2.22'],
    ["bu\x{308}cher.test",  'xn--bcher-kva.test',  '192.0.2.22'],
    ['xn--bcher-kva.test',  'xn--bcher-kva.test',  '192.0.2.22'],
    ['XN--BCHER-KVA.test',  'xn--bcher-kva.test',  '192.0.2.22'],
    ['faß.test',            'xn--fa-hia.test',     '192.0.2.23'],
    ['one。test',            'one.test',            '192.0.2.1'],
    ['ｏｎｅ.test',            'one.test',            '192.0.2.1'],
    ['alias.test',          'alias.test',          '192.0.2.1', 'one.test'],
    ['chain.test',          'chain.test',          '192.0.2.1', 'chain2.test chain3.test one.test'],
    ['a' x 63 . '.test',    'a' x 63 . '.test',    '192.0.2.63'],
    [$longest,              $longest,              '192.0.2.253'],
    ['any.thing.wild.test', 'any.thing.wild.test', '203.0.113.7'],
    ['localhost',           'localhost',           '127.0.0.1'],
    ['LocalHost.',          'localhost',           '127.0.0.1'],
    ['db.localhost',        'db.localhost',        '127.0.0.1'],);
for (@table) {
    my ($asked, $canonical, $addresses, $cnames) = @$_;
    my $shown = length $asked > 60 ? substr($asked, 0, 20) . '... of ' . length $asked : $asked;
    subtest $shown => sub {
        my $response = get($asked);
        is $response->status, 200, 'status' or return diag $response->body;
        my $answer = $response->json;
        is $answer->{domain},                      $canonical,                   'domain';
        is join(' ', sort split / /, ips $answer), $addresses,                   'addresses';
        is join(' ', @{$answer->{cnames} // []}),  $cnames // '',                'canonical names';
        is $answer->{source}, $canonical =~ /localhost$/ ? 'local' : 'upstream', 'source';
    };
}

is get('ttl.test')->json->{addresses}[0]{ttl},   7,  'the TTL of the record';
is get('zero.test')->json->{addresses}[0]{ttl},  0,  'a TTL of 0';
is get('chain.test')->json->{addresses}[0]{ttl}, 20, 'the least TTL of a chain of CNAMEs';

subtest '300 addresses, which do not fit into a datagram' => sub {
    my $answer   = get('many.test')->json;
    my %distinct = map { $_->{ip} => 1 } @{$answer->{addresses}};
    is scalar @{$answer->{addresses}}, 300, 'all of them';
    is scalar keys %distinct,          300, 'each once';
    ok $distinct{'198.18.1.43'}, 'the last one of the zone among them';
};

subtest 'POST and HEAD' => sub {
    my $answer = $http->post('/tools/lookup', '{"domain":"one.test"}');
    is $answer->status,    200,         'POST';
    is ips($answer->json), '192.0.2.1', 'answers the same';
    is $http->post('/tools/lookup', encode_utf8 '{"domain":"bücher.test"}')->json->{domain},
        'xn--bcher-kva.test', 'UTF-8 in JSON';
    is $http->post('/tools/lookup', '{"domain":"b\u00fccher.test"}')->json->{domain},
        'xn--bcher-kva.test', 'an escape in JSON';
    is $http->post('/tools/lookup?domain=one.test', '{"domain":"three.test"}')->json->{domain},
        'three.test', 'the body counts, not the query';
    my $head = $http->head(lookup 'one.test');
    is $head->status, 200, 'HEAD';
    ok $head->header('content-length') > 100, 'has the length of a body';
    is $http->get('/tools/lookup?x=y&domain=one.test&domain=three.test')->json->{domain},
        'one.test', 'the first of two parameters';
    is $http->get('/tools/lookup?domain=on%65%2etest')->json->{domain}, 'one.test',
        'an escape in the query';
};

$nginx->finish(above_warn => 1);
done_testing;
