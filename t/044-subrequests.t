# Lookups as subrequests: auth_request and mirror.

use v5.36;

use DnsTools::Test;

my $dns = DnsTools::FakeDns->start(
    rule  => ['delay:0.05', 'answer:192.0.2.1'],
    rules => {'gone.test' => ['nxdomain']});
my $pg    = DnsTools::Postgres->start;
my $nginx = DnsTools::Nginx->start(
    http   => use_dns($dns) . use_pg($pg),
    server => DnsTools::Nginx::routes() . <<~'CONF'
        location = /guarded {
            auth_request /guard;
            try_files /none @inside;
        }
        location @inside { return 200 'inside'; }
        location = /guarded-lookup {
            auth_request /guard;
            dns_tools_lookup;
        }
        location = /guard {
            internal;
            set $args domain=$http_x_domain;    # nginx gives this subrequest no query
            dns_tools_lookup;
        }
        location = /mirrored {
            mirror /tools/lookup;
            dns_tools_lookup;
        }
        location = /mirrored-health {
            mirror /tools/lookup;
            dns_tools_health;
        }
        CONF
);
my $http = $nginx->http;

sub guarded ($name, $route = '/guarded') {
    return $http->get("$route?domain=$name", {'X-Domain' => $name});
}

is guarded('one.test')->body,    'inside', 'auth_request to a lookup lets in';
is guarded('gone.test')->status, 500,      'a 404 is an error to auth_request';
is guarded('localhost')->body,   'inside', 'also when the answer is there at once';
is guarded('two.test', '/guarded-lookup')->json->{domain}, 'two.test', 'a lookup behind a lookup';
is $http->get('/guard?domain=one.test')->status,           404,        'internal stays internal';
is $http->get('/mirrored?domain=three.test')->json->{domain}, 'three.test', 'a mirrored lookup';
is $http->get('/mirrored-health?domain=four.test')->body, '{"status":"up"}',
    'a mirror of another route';
is $http->post('/mirrored', '{"domain":"five.test"}')->json->{domain}, 'five.test',
    'a mirrored POST';
is $http->get('/health')->status, 200, 'the connection is still in step';

ok eventually(sub { $pg->count == 9 }), 'each lookup is a row'
    or diag $pg->sql('SELECT domain FROM dns_lookups');

subtest 'clients that leave during subrequests' => sub {
    $dns->rule('delay:0.2', 'answer');
    for my $n (1 .. 10) {
        for my $route (qw(guarded guarded-lookup mirrored mirrored-health)) {
            my $client = $nginx->http;
            my $name   = "$route$n.test";
            $client->send(
                DnsTools::Http->text('GET', "/$route?domain=$name", {'X-Domain' => $name}));
            $client->abort;
        }
    }
    is $http->get('/mirrored?domain=end.test')->json->{domain}, 'end.test', 'others are answered';
};

$nginx->finish;
done_testing;
