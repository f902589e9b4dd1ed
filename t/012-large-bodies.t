# A body that is too large is refused at once, in JSON, however it comes; the worker lives.

use v5.36;

use Time::HiRes qw(time);

use DnsTools::Test;

my $nginx = DnsTools::Nginx->start;
my ($worker) = $nginx->worker_pids;

for my $route ('/tools/validate', '/tools/lookup') {
    # Only the head is sent: the answer must not wait for the 10 MB.
    my $http = $nginx->http(timeout => 5);
    $http->send("POST $route HTTP/1.1\r\nHost: dns.test\r\nContent-Length: 10485760\r\n\r\n");
    error_is $http->response, 413, 'body_too_large', "10 MB announced to $route";

    $http = $nginx->http(timeout => 5);
    $http->send("POST $route HTTP/1.1\r\nHost: dns.test\r\nContent-Length: 10485760\r\n"
            . "Expect: 100-continue\r\n\r\n");
    error_is $http->response, 413, 'body_too_large', '10 MB behind Expect: 100-continue';

    $http = $nginx->http;
    $http->send("POST $route HTTP/1.1\r\nHost: dns.test\r\nTransfer-Encoding: chunked\r\n\r\n");
    my $chunk = sprintf "%x\r\n%s\r\n", 65_536, 'x' x 65_536;
    my $sent  = 1;
    for (1 .. 160) {
        last if !($sent = $http->send($chunk));
    }
    $http->send("0\r\n\r\n") if $sent;
    error_is $http->response, 413, 'body_too_large', '10 MB in chunks';

    $http = $nginx->http;
    $http->send("POST $route HTTP/1.1\r\nHost: dns.test\r\nTransfer-Encoding: chunked\r\n\r\n"
            . sprintf "%x\r\n%s\r\n", 20_000, 'x' x 20_000);
    my $early = $http->response;
    error_is $early, 413, 'body_too_large', 'more than is taken, before the end of it';
    is $early->header('connection'), 'close', 'and the connection closes, as it says';

    $http = $nginx->http;
    error_is $http->post($route, '[' x 10_000), 413, 'body_too_large', '10,000 nested brackets';
    error_is $http->post($route, 'x' x 8193),   413, 'body_too_large', 'one byte too many';
    error_is $http->post($route, 'x' x 8192),   400, 'invalid_body',   'the most that is read';
    error_is $http->post($route, '[' x 8192), 400, 'invalid_body',
        'as deeply nested as that allows';
    my $chunked = $nginx->http;
    $chunked->send("POST $route HTTP/1.1\r\nHost: dns.test\r\nTransfer-Encoding: chunked\r\n\r\n"
            . "2\r\n[[\r\n2\r\n[[\r\n0\r\n\r\n");
    error_is $chunked->response, 400, "invalid_body", "a small body in chunks";
}

is join(' ', $nginx->worker_pids), $worker, 'the worker lives';
$nginx->finish;
done_testing;
