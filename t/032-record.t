# dns_tools_record: lookups are saved, not saved, or answered only once they are saved.

use v5.36;

use IO::Select;

use DnsTools::Test;

my $pg    = DnsTools::Postgres->start;
my $nginx = DnsTools::Nginx->start(
    http   => use_pg($pg),
    server => DnsTools::Nginx::routes() . <<~'CONF'
        location = /unsaved { dns_tools_record off; dns_tools_lookup; }
        location /saved {
            dns_tools_record commit;
            location = /saved/lookup { dns_tools_lookup; }
            location = /saved/off    { dns_tools_record off; dns_tools_lookup; }
        }
        CONF
);
my $http = $nginx->http;

# Sends a lookup whose answer waits for the commit.
sub ask ($client, $label) {
    return $client->send(DnsTools::Http->text('GET', "/saved/lookup?domain=$label.localhost"));
}

sub answers_within ($client, $seconds) {
    return IO::Select->new($client->socket)->can_read($seconds);
}

wait_until('the schema', sub { $pg->table_exists });

subtest 'off' => sub {
    for my $route (qw(/unsaved /saved/off)) {
        my $response = $http->get("$route?domain=localhost");
        is $response->status, 200, "$route answers";
        like $response->json->{id}, qr/\A[0-9a-f-]{36}\z/, 'with an id';
    }
    my $saved = $http->get('/saved/lookup?domain=after.localhost');
    is $saved->status, 200, 'a lookup that is saved';
    is $pg->count,     1,   'is the only one';
};

subtest 'commit: the row is there before the answer' => sub {
    for my $n (1 .. 20) {
        my $id = $http->get("/saved/lookup?domain=n$n.localhost")->json->{id};
        my $row = $pg->row($id);
        is $row && $row->{domain}, "n$n.localhost", "row $n" or last;
    }
    is $http->head('/saved/lookup?domain=localhost')->status, 200, 'HEAD waits too';
};

subtest 'commit: nothing is answered while the database does not commit' => sub {
    my $other = $nginx->http;
    $pg->freeze;
    ask($http, 'frozen');
    is $other->get('/tools/lookup?domain=queued.localhost')->status, 200, 'the others are answered';
    ok !answers_within($http, 0.3), 'no answer';
    $pg->thaw;
    my $response = $http->response;
    is $response->status, 200, 'but once it goes on';
    is $pg->row($response->json->{id})->{domain}, 'frozen.localhost', 'with its row';
};

subtest 'commit: a client that leaves' => sub {
    my $before = $pg->count;
    $pg->freeze;
    my $leaver = $nginx->http;
    ask($leaver, 'left');
    $http->get('/tools/lookup?domain=localhost') for 1 .. 2;
    $leaver->close;
    is $http->get('/health')->status, 200, 'the worker lives';
    $pg->thaw;
    ok $pg->reaches($before + 3), 'its row is saved nevertheless';
};

subtest 'commit: a row that the database refuses' => sub {
    $pg->sql('ALTER TABLE dns_lookups ADD CONSTRAINT refuse CHECK (domain <> $$no.localhost$$)');
    my %clients = map { $_ => $nginx->http } my @labels = qw(yes no maybe);
    ask($clients{$_}, $_) for @labels;
    is $clients{yes}->response->status, 200, 'the one before it';
    error_is $clients{no}->response, 500, 'lookup_refused', 'the refused one';
    is $clients{maybe}->response->status, 200, 'the one behind it';
    is $pg->sql(q{SELECT count(*) FROM dns_lookups WHERE domain LIKE 'no.%'}), 0, 'has no row';
};

subtest 'commit: a database that stays away' => sub {
    $pg->stop;
    my $response = $http->get('/saved/lookup?domain=late.localhost');
    error_is $response, 503, 'database_unavailable', 'is told in the end';
    ok $response->header('retry-after'), 'with Retry-After';
    $pg->run;
    ok eventually(sub { $pg->sql(q{SELECT count(*) FROM dns_lookups WHERE domain LIKE 'late.%'}) }),
        'the row is saved later nevertheless';
};

subtest 'QUIT while an answer waits' => sub {
    $pg->freeze;
    ask($http, 'last');
    ok !answers_within($http, 0.2), 'it waits';
    $nginx->process->signal('QUIT');
    $pg->thaw;
    is $http->response->status, 200, 'it is answered';
};

my ($exit, $output) = DnsTools::Nginx->check_conf(http => 'dns_tools_record commit;');
isnt $exit, 0, 'commit without a database is refused';
like $output, qr/\[emerg\].*"dns_tools_record commit" needs a "dns_tools_database"/, 'and says so';
($exit, $output) = DnsTools::Nginx->check_conf(http => 'dns_tools_record never;');
isnt $exit, 0, 'another word is refused';
like $output, qr/"never" in "dns_tools_record".* must be "off", "on" or "commit"/, 'and says so';

$nginx->finish;
done_testing;
