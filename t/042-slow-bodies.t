# Bodies that arrive as they like.

use v5.36;

use DnsTools::Test;

my $dns   = DnsTools::Knot->start;
my $nginx = DnsTools::Nginx->start(
    http   => use_dns($dns),
    server => DnsTools::Nginx::routes() . <<~'CONF'
        location = /file {
            client_body_in_file_only clean;
            dns_tools_lookup;
        }
        location = /buffered {
            client_body_buffer_size 16;
            dns_tools_lookup;
        }
        CONF
);
my $body = '{"domain":"one.test"}';

sub byte_by_byte ($http, $bytes) { $http->send($_) for split //, $bytes; return }

for my $route ('/tools/lookup', '/file', '/buffered') {
    subtest $route => sub {
        my $http = $nginx->http;
        byte_by_byte($http, DnsTools::Http->text('POST', $route, {}, $body));
        is $http->response->json->{domain}, 'one.test', 'byte by byte';

        byte_by_byte($http,
                  "POST $route HTTP/1.1\r\nHost: dns.test\r\nTransfer-Encoding: chunked\r\n\r\n"
                . join('', map { "1\r\n$_\r\n" } split //, $body)
                . "0\r\n\r\n");
        is $http->response->json->{domain}, 'one.test', 'in chunks of one byte';

        $http->send("POST $route HTTP/1.1\r\nHost: dns.test\r\nContent-Length: ${\length $body}\r\n"
                . "Expect: 100-continue\r\n\r\n");
        wait_until('100 Continue', sub { sysread $http->socket, my $line, 25 });
        $http->send($body);
        is $http->response->json->{domain}, 'one.test', 'behind 100 Continue';

        my $padded = '{"domain":"three.test","padding":"' . 'x' x 8000 . '"}';
        is $http->post($route, $padded)->json->{domain}, 'three.test', 'almost as large as can be';
        byte_by_byte($http, DnsTools::Http->text('POST', $route, {}, '{'));
        error_is $http->response, 400, 'invalid_body', 'a broken one';
        is $http->get("$route?domain=one.test")->status, 200, 'the connection is still in step';
    };
}

subtest 'a request cut into two at every byte' => sub {
    my $text = DnsTools::Http->text('POST', '/tools/validate', {}, '{"ip":"1.2.3.4"}');
    my $http = $nginx->http;
    my $good = 0;
    for my $cut (1 .. length($text) - 1) {
        $http->send(substr $text, 0, $cut);
        $http->send(substr $text, $cut);
        ++$good if $http->response->body eq '{"status":true}';
    }
    is $good, length($text) - 1, 'all are answered';
};

$nginx->finish(above_warn => 1);
done_testing;
