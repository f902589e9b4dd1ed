# Lookups reached by internal redirects, and left by error_page.

use v5.36;

use DnsTools::Process qw(free_port);
use DnsTools::Test;

my $dns = DnsTools::FakeDns->start(
    rule  => ['delay:0.05', 'answer:192.0.2.1'],
    rules => {'gone.test' => ['delay:0.05', 'nxdomain'], 'bad.test' => ['servfail']});
my $nobody = free_port;
my $nginx  = DnsTools::Nginx->start(
    http   => use_dns($dns),
    server => DnsTools::Nginx::routes() . <<~"PROXY" . <<~'CONF'
        location = /proxied {
            proxy_request_buffering off;
            proxy_http_version      1.1;
            proxy_pass              http://127.0.0.1:$nobody;
            error_page              502 = \@lookup;
        }
        PROXY
        location = /try { try_files /none @lookup; }
        location = /try-uri { try_files /none /tools/lookup?$args; }
        location @lookup { dns_tools_lookup; }
        location = /rewritten { rewrite ^ /tools/lookup last; }
        location /v1/ { rewrite ^/v1/(.*) /$1 last; }
        location = /from-error {
            error_page 418 = /tools/lookup?domain=$arg_domain;
            return 418;
        }
        location = /to-named {
            error_page 404 = @missing;
            dns_tools_lookup;
        }
        location = /to-named-status {
            error_page 404 @missing;
            error_page 502 =200 /health;
            dns_tools_lookup;
        }
        location = /to-lookup {
            error_page 404 = /tools/lookup?domain=second.test;
            dns_tools_lookup;
        }
        location @missing { return 200 'missing'; }
        CONF
);
my $http = $nginx->http;

for my $route (qw(/try /try-uri /rewritten /v1/tools/lookup /from-error)) {
    is $http->get("$route?domain=one.test")->json->{domain}, 'one.test', "GET $route";
    error_is $http->get("$route?domain=gone.test"), 404, 'nxdomain', "an error at $route";
}
for my $route (qw(/try /rewritten /v1/tools/lookup)) {
    is $http->post($route, '{"domain":"one.test"}')->json->{domain}, 'one.test', "POST $route";
}
is $http->get('/to-named?domain=one.test')->json->{domain}, 'one.test',
    'error_page leaves a 200 alone';

# As for nginx's own content handlers, the answer of the module is an answer: error_page, which acts
# on special responses only, does not replace it, and the client sees the JSON error.
error_is $http->get('/to-named?domain=gone.test'),       404, 'nxdomain', 'an error stays JSON';
error_is $http->get('/to-named-status?domain=bad.test'), 502, 'upstream_failure', 'also a 502';
error_is $http->get('/to-lookup?domain=gone.test'), 404, 'nxdomain', 'also before another lookup';
is $http->get('/health')->status, 200, 'the connection is still in step';

# A request whose body another module has begun to read, unbuffered.
my ($worker) = $nginx->worker_pids;
my $body = '{"domain":"one.test"}';
for (
    ['of known length', 'Content-Length: ' . length $body, $body],
    [   'in chunks', 'Transfer-Encoding: chunked',
        sprintf "%x\r\n%s\r\n0\r\n\r\n",
        length $body, $body
    ])
{
    my ($what, $header, $sent) = @$_;
    my $proxied  = $nginx->http;
    my $attempts = () = $nginx->errors =~ /Connection refused/g;
    $proxied->send("POST /proxied HTTP/1.1\r\nHost: dns.test\r\n$header\r\n\r\n");
    wait_until('the proxy gives up',
        sub { (() = $nginx->errors =~ /Connection refused/g) > $attempts });
    $proxied->send($sent);
    is $proxied->response->json->{domain}, 'one.test', "a body $what after a proxy that failed";
}
is join(' ', $nginx->worker_pids), $worker, 'the worker lives';

$nginx->finish;
done_testing;
