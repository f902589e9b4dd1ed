# GET / and GET /health.

use v5.36;

use DnsTools::Test;

my $nginx = DnsTools::Nginx->start(env => {KUBERNETES_SERVICE_HOST => undef});
my $http  = $nginx->http;

my $before = time;
my $info   = $http->get('/');
my $after  = time;
is $info->status,                 200,                'info';
is $info->header('content-type'), 'application/json', 'in JSON';
like $info->body, qr/\A\{"version":"0\.1\.0","date":(\d+),"kubernetes":false\}\z/, 'the whole body';
my ($date) = $info->body =~ /"date":(\d+)/;
ok $date >= $before - 1 && $date <= $after, 'the date is now';

json_is $http->get('/health'), 200, '{"status":"up"}', 'health';

for my $route ('/', '/health') {
    my $head = $http->head($route);
    is $head->status, 200, "HEAD $route";
    is $head->header('content-length'), length $http->get($route)->body,
        'has the length of the body';
    is $head->header('content-type'), 'application/json', 'and its type';
    for my $method (qw(POST PUT DELETE OPTIONS PATCH FOO)) {
        my $response = $http->request($method, $route, {}, $method eq 'POST' ? '{}' : undef);
        error_is $response, 405, 'method_not_allowed', "$method $route";
        is $response->header('allow'), 'GET, HEAD', 'Allow';
    }
}
for (['If-Match', '"x"'], ['If-Unmodified-Since', 'Thu, 01 Jan 1970 00:00:00 GMT'],
    ['If-None-Match', '*'])
{
    my ($name, $value) = @$_;
    is $http->get('/health', {$name => $value})->status, 200, "what has no version ignores $name";
}
json_is $http->get('/health?x=1'), 200, '{"status":"up"}', 'a query changes nothing';
is $http->request('GET', '/health', {}, 'a body')->status, 200, 'nor does a body';
is $http->get('/health')->status,                          200, 'the connection is still in step';
$nginx->finish(above_warn => 1);

my $pod = DnsTools::Nginx->start(env => {KUBERNETES_SERVICE_HOST => '10.0.0.1'});
like $pod->http->get('/')->body, qr/"kubernetes":true\}\z/, 'in a Kubernetes pod';
$pod->reload;
like $pod->http->get('/')->body, qr/"kubernetes":true\}\z/, 'also after a reload';
$pod->finish(above_warn => 1);

SKIP: {
    skip 'valgrind does not start another nginx', 1 if $ENV{TEST_NGINX_VALGRIND};
    my $daemon = DnsTools::Nginx->start(daemon => 1, env => {KUBERNETES_SERVICE_HOST => '10.0.0.1'});
    $daemon->upgrade;
    like $daemon->http->get('/')->body, qr/"kubernetes":true\}\z/, 'and after a binary upgrade';
    $daemon->finish(above_warn => 1);
}

done_testing;
