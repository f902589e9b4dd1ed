package DnsTools::Test;

# What every test file needs, in one line.

use v5.36;

use Test::More ();

use DnsTools::FakeDns;
use DnsTools::Http;
use DnsTools::Knot;
use DnsTools::Nginx;
use DnsTools::Postgres;
use DnsTools::Process ();

my @exported =
    qw(error_is eventually ids_are json_is lookup patience slurp temp_folder use_dns use_pg wait_until);

sub import ($class) {
    my $caller = caller;
    no strict 'refs';
    for my $name (@exported) {
        *{"${caller}::$name"} = $class->can($name) // DnsTools::Process->can($name);
    }
    Test::More->export_to_level(1, $class);
    return;
}

sub lookup ($name) {
    return '/tools/lookup?domain=' . $name =~ s/([^A-Za-z0-9._-])/sprintf '%%%02X', ord $1/ger;
}

# The directives that point the module at these servers.
sub use_dns ($server, $options = '') {
    return 'dns_tools_resolver ' . $server->address . " $options;\n";
}

sub use_pg ($server, %words) {
    return 'dns_tools_database "' . $server->conninfo(%words) . "\";\n";
}

# An error of the contract: status, code, a message for a person, nothing else.
sub error_is ($response, $status, $code, $what) {
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    return Test::More::subtest(
        $what => sub {
            Test::More::is($response->status,                 $status,            'status');
            Test::More::is($response->header('content-type'), 'application/json', 'type');
            my $json = eval { $response->json } // {};
            Test::More::is($json->{code}, $code, 'code') or Test::More::diag($response->body);
            Test::More::ok(length($json->{message} // '') > 5, 'a message');
            Test::More::is(join(' ', sort keys %$json), 'code message', 'nothing else');
        });
}

# The ids of all rows are these, each once.
sub ids_are ($pg, $ids, $what) {
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my (%surplus, %missing);
    ++$missing{$_} for @$ids;
    for my $id ($pg->ids) {
        ++$surplus{$id} if !delete $missing{$id};
    }
    my $right = !%surplus && !%missing;
    Test::More::ok($right, $what)
        or Test::More::diag(
        scalar keys %missing,
        ' missing, ',  scalar keys %surplus,
        ' too many: ', join ' ', (sort keys %missing, sort keys %surplus)[0 .. 2]);
    return $right;
}

# A whole answer in JSON, byte by byte.
sub json_is ($response, $status, $body, $what) {
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    return Test::More::subtest(
        $what => sub {
            Test::More::is($response->status,                 $status,            'status');
            Test::More::is($response->header('content-type'), 'application/json', 'type');
            Test::More::is($response->body,                   $body,              'body');
        });
}

1;
