# nginx's own errors with nginx.conf.example: as it is, and with what it leaves to its readers.

use v5.36;

use IO::Socket::INET;

use DnsTools::Process qw(free_port);
use DnsTools::Test;

my $file = temp_folder('description') . '/openapi.yaml';
system('cp', 'openapi.yaml', $file) == 0 or die 'cp';

# The example on paths of the test's own, with some of its text replaced: pairs of a pattern and a
# text, each of which must be there.
sub example ($port, $pg, @changes) {
    my $module = DnsTools::Nginx::module_path();
    my @kinds  = qw(client_body proxy fastcgi uwsgi scgi);
    my $temp   = join ' ', map {"${_}_temp_path temp/$_;"} @kinds;
    my $text   = slurp('nginx.conf.example');
    unshift @changes,
        qr/^load_module .*$/m          => "load_module $module;",
        qr/^user .*$/m                 => $> == 0 ? 'user www-data; daemon off;' : 'daemon off;',
        qr/^pid .*$/m                  => 'pid logs/nginx.pid;',
        qr/^error_log .*$/m            => 'error_log logs/error.log info;',
        qr/^worker_processes .*$/m     => 'worker_processes 1;',
        qr/^http \{$/m                 => "http { $temp",
        qr{^    access_log /.*$}m      => '    access_log logs/access.log dns_tools;',
        qr/^    dns_tools_database;$/m => '    ' . use_pg($pg),
        qr/^        listen 3000;$/m    => "        listen 127.0.0.1:$port;",
        qr{alias /.*/openapi\.yaml;}   => "alias $file;";
    while (my ($pattern, $replacement) = splice @changes, 0, 2) {
        $text =~ s/$pattern/$replacement/g or die "nginx.conf.example has no $pattern";
    }
    return $text;
}

# Lines at the beginning of the server.
sub in_server ($lines) { return (qr/^        server_name _;$/m => "        server_name _; $lines") }

# Every location answers with this in place of its own.
sub answered_by ($lines) {
    return (qr/^            (?:dns_tools_\w+|alias [^;]+);$/m => "            $lines");
}

# A right request of every operation that is described: method, target, headers, body.
sub requests ($api) {
    my %query = ('/tools/lookup' => 'domain=localhost',       '/tools/validate' => 'ip=192.0.2.7');
    my %body  = ('/tools/lookup' => '{"domain":"localhost"}', '/tools/validate' => '{"ip":"x"}');
    return map {
        my ($method, $path) = split / /;
        $method eq 'POST'
            ? [$method, "$path?", {'Content-Type' => 'application/json'}, $body{$path}]
            : [$method, "$path?" . ($query{$path} // ''), {}];
    } $api->tally->operations;
}

# The same error of every operation that is described to have it.
sub all_answer ($api, $how, $status, $code, $change = sub ($request) { }) {
    my $operations = 0;
    for my $request (requests($api)) {
        my $operation = "$request->[0] " . $request->[1] =~ s/\?.*//r;
        next if !$api->tally->describes($operation, $status, "code=$code");
        $change->($request);
        my $response = $api->$how($status, @$request);
        is $response->code, $code, "$operation: $code";
        ++$operations;
    }
    cmp_ok $operations, '>', 0, "$code is described";
    return;
}

sub the_description ($api, $nginx) {
    my $path  = '/openapi.yaml';
    my $whole = $api->ask(200, GET => $path);
    is $whole->body, slurp('openapi.yaml'), 'is the file';
    $api->ask(304, GET => $path, {'If-None-Match' => $whole->header('etag')});
    is $api->ask(206, GET => $path, {Range => 'bytes=0-6'})->body, 'openapi', 'a part';
    is $nginx->http->head($path)->status, 200, 'HEAD';
    error_is $api->ask(412, GET => $path, {'If-Match' => '"another"'}), 412,
        'precondition_failed', 'not the one that is wanted';
    error_is $api->ask(416, GET => $path, {Range => 'bytes=1000000-'}), 416,
        'range_not_satisfiable', 'a part behind the end';
    error_is $api->ask_wrongly(405, POST => $path, {}, ''), 405, 'method_not_allowed', 'POST';
    rename $file, "$file.away" or die $!;
    error_is $api->ask(404, GET => $path), 404, 'not_found', 'it is not there';
    rename "$file.away", $file or die $!;
    return;
}

# Requests that are wrong to nginx, whatever they ask for.
sub wrong_to_nginx ($api, $nginx) {
    my $long = 'x' x 9000;
    all_answer $api, 'ask', 414, 'uri_too_long', sub ($request) { $request->[1] .= "&x=$long" };
    all_answer $api, 'ask', 431, 'headers_too_large',
        sub ($request) { $request->[2]{'X-Long'} = $long };
    all_answer $api, 'ask_crookedly', 400, 'bad_request';
    # nginx refuses these methods itself.
    for my $request (requests($api)) {
        error_is $api->ask_wrongly(405, TRACE => $request->[1]), 405, 'method_not_allowed',
            "TRACE $request->[1]";
    }
    error_is $nginx->http->get('/nothing'), 404, 'not_found', 'a path that is not described';
    return;
}

# What the proxy cannot provoke, and the server is asked itself. The reasons:
#   413 of GET   it sends no body with GET
#   501          it answers with one of its own in place of every 501
#   505          it speaks HTTP/1.1
sub said_directly ($api, $nginx) {
    my $says = sub ($status, $code, $edit) {
        for my $request (requests($api)) {
            my ($method, $target, @rest) = @$request;
            next if $status == 413 && $method ne 'GET';
            my $operation = "$method " . $target =~ s/\?.*//r;
            next if !$api->tally->describes($operation, $status, "code=$code");
            my $client = $nginx->http;
            $client->send($edit->(DnsTools::Http->text($method, $target, @rest)));
            my $response = $client->response;
            $api->past_the_proxy($status, $response, $method, $target);
            error_is $response, $status, $code, $code;
        }
    };
    my $long = "Content-Length: 9000\r\n\r\n" . 'x' x 9000;
    my $gzip = "Transfer-Encoding: gzip\r\n";
    $says->(413, 'body_too_large',        sub ($text) { $text =~ s/\r\n$/$long/r });
    $says->(501, 'not_implemented',       sub ($text) { $text =~ s/Host:/$gzip$&/r });
    $says->(505, 'version_not_supported', sub ($text) { $text =~ s{HTTP/1\.1}{HTTP/2.0}r });
    return;
}

# The example's limit applies to this machine, and is used up.
my @limited = (
    qr{^        127\.0\.0\.0/8  0;$}m => '        127.0.0.0/8  1;',
    qr{rate=50r/s}                    => 'rate=1r/m');

sub too_many ($api, $nginx) {
    my $http = $nginx->http;
    my $status;
    for (1 .. 110) {
        $status = $http->get('/tools/validate?ip=x')->status;
    }
    is $status, 429, 'the limit is reached';
    for my $request (grep { $_->[1] =~ m{^/(?:tools|history)} } requests($api)) {
        error_is $api->ask(429, @$request), 429, 'too_many_requests', "$request->[0] $request->[1]";
    }
    return;
}

sub errors_of_nginx ($api, $pg) {
    my $nginx = $api->serve(conf => example($api->port, $pg));
    the_description($api, $nginx);
    wrong_to_nginx($api, $nginx);
    said_directly($api, $nginx);

    my $become = sub (@changes) {
        $nginx->write_conf(conf => example($api->port, $pg, @changes));
        $nginx->reload;
    };
    $become->(@limited);
    too_many($api, $nginx);
    # No burst: nothing is left for a minute.
    $become->(@limited, in_server('limit_req zone=dns_tools_requests;'));
    all_answer $api, 'ask', 429, 'too_many_requests';
    $become->(in_server('deny all;'));
    all_answer $api, 'ask', 403, 'forbidden';
    $become->(in_server("auth_basic history; auth_basic_user_file $file;"));
    all_answer $api, 'ask', 401, 'unauthorized';

    # Servers that are away, and one that is silent.
    my $away = 'proxy_pass http://127.0.0.1:' . free_port . ';';
    $become->(in_server("auth_request /auth; location = /auth { $away }"));
    all_answer $api, 'ask', 500, 'internal_error';
    $become->(answered_by($away));
    all_answer $api, 'ask', 502, 'bad_gateway';
    my $silent = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 64) or die $!;
    my $behind = 'proxy_pass http://127.0.0.1:' . $silent->sockport . ';';
    $become->(answered_by("proxy_read_timeout 100ms; $behind"));
    all_answer $api, 'ask', 504, 'gateway_timeout';
    $become->(answered_by('return 503;'));
    all_answer $api, 'ask', 503, 'unavailable';
    $nginx->finish;
    return;
}

1;
