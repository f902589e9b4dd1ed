# HTTP/2: many streams on one connection.

use v5.36;

use JSON::PP;

use DnsTools::Test;

my $dns   = DnsTools::Knot->start;
my $pg    = DnsTools::Postgres->start;
my $nginx = DnsTools::Nginx->start(
    listen => 'http2',
    http   => use_dns($dns) . use_pg($pg));
my $base   = 'http://127.0.0.1:' . $nginx->port;
my $folder = temp_folder('http2');

sub nghttp (@arguments) {
    my $shell = join ' ', map { "'$_'" } @arguments;
    return scalar `timeout 60 nghttp $shell`;
}

like nghttp("$base/health"),             qr/\A\{"status":"up"\}\z/, 'GET';
like nghttp($base . lookup 'one.test'),  qr/"domain":"one\.test"/,  'a lookup';
like nghttp($base . lookup 'x.invalid'), qr/"code":"nxdomain"/,     'an error';

open my $file, '>', "$folder/body" or die $!;
print $file '{"domain":"three.test"}';
close $file;
like nghttp('-d', "$folder/body", "$base/tools/lookup"), qr/"domain":"three\.test"/, 'POST';

my @bodies =
    sort map { $_->{domain} }
    map      { decode_json($_) }
    nghttp(map { $base . lookup "s$_.wild.test" } 1 .. 100) =~ /\{"id".*?"source":"\w+"\}/g;
is "@bodies", join(' ', sort map { "s$_.wild.test" } 1 .. 100), 'a hundred streams at once';

open $file, '>', "$folder/urls" or die $!;
print $file map { $base . lookup("h$_.wild.test") . "\n" } 1 .. 500;
close $file;
my $report = `timeout 60 h2load -n 2000 -c 4 -m 100 -i '$folder/urls' 2>&1`;
like $report, qr/status codes: 2000 2xx, 0 3xx, 0 4xx, 0 5xx/, '2,000 lookups over 4 connections';
ok $pg->reaches(2 + 100 + 2000), 'each is a row';

subtest 'streams that are reset' => sub {
    # nghttp leaves at its own timeout while the name is being asked for.
    my $slow = DnsTools::FakeDns->start(rule => ['delay:1', 'answer']);
    $nginx->write_conf(http => use_dns($slow) . use_pg($pg));
    $nginx->reload;
    `timeout 0.4 nghttp @{[map { "'$base" . lookup("r$_.test") . "'" } 1 .. 20]} 2>/dev/null`;
    wait_until('the queries', sub { $slow->queries == 20 });
    like nghttp("$base/health"), qr/up/, 'the worker goes on';
};

$nginx->finish(above_warn => 1);
done_testing;
