# What was answered is in PostgreSQL, and /history shows it.

use v5.36;

use DnsTools::Test;

my $dns = DnsTools::Knot->start;
my $pg  = DnsTools::Postgres->start;
my $nginx =
    DnsTools::Nginx->start(http => use_dns($dns) . use_pg($pg));
my $http = $nginx->http;

wait_until('the schema', sub { $pg->table_exists });
json_is $http->get('/history'), 200, '[]', 'nothing yet';

sub without_extras ($answer) {
    return {map { $_ => $answer->{$_} } qw(id domain client_ip created_at addresses)};
}

my @saved;
for my $name (qw(one.test three.test BUECHER.wild.test chain.test localhost many.test zero.test)) {
    my $answer = $http->get(lookup $name)->json;
    my $row    = wait_until('the row', sub { $pg->row($answer->{id}) });
    my %expected =
        (%{without_extras $answer}, addresses => [map { $_->{ip} } @{$answer->{addresses}}]);
    is_deeply $row, \%expected, "$name: the row equals the answer";
    is_deeply $http->get('/history')->json->[0], without_extras($answer),
        'and /history shows it first';
    unshift @saved, without_extras($answer);
}
is_deeply $http->get('/history')->json, \@saved, 'all of them, newest first, TTLs and all';

$http->get(lookup $_) for qw(nowhere.test text.test x.broken 192.0.2.1 loop.test);
is $pg->count, scalar @saved, 'failures are not saved';

unshift @saved, without_extras($http->get(lookup "n$_.wild.test")->json) for 1 .. 20;
ok $pg->reaches(scalar @saved), 'twenty more';
is_deeply $http->get('/history')->json,            [@saved[0 .. 19]], '20 unless asked otherwise';
is_deeply $http->get('/history?limit=3')->json,    [@saved[0 .. 2]],  'as many as asked for';
is_deeply $http->get('/history?limit=1000')->json, \@saved,           'no more than there are';

for my $limit (qw(0 -1 1001 x 1x 1.5 99999999999999999999), '', '+1', '%001') {
    error_is $http->get("/history?limit=$limit"), 400, 'invalid_limit', "limit=$limit";
}
my $head = $http->head('/history?limit=1');
is $head->status, 200, 'HEAD';
is $head->header('content-length'), length $http->get('/history?limit=1')->body,
    'has the length of the body';
for my $method (qw(POST DELETE)) {
    my $response = $http->request($method, '/history', {}, $method eq 'POST' ? '{}' : undef);
    error_is $response, 405, 'method_not_allowed', $method;
    is $response->header('allow'), 'GET, HEAD', 'Allow';
}

subtest 'many readers at once' => sub {
    my @clients = map { $nginx->http } 1 .. 50;
    $_->send(DnsTools::Http->text('GET', '/history?limit=5')) for @clients;
    my @answers = map { $_->response } @clients;
    is_deeply $_->json, [@saved[0 .. 4]], 'the same rows' for @answers[0, 24, 49];
    is scalar(grep { $_->status == 200 } @answers), 50, 'all are answered';
    is scalar(
        grep { $_->status == 200 }
        map  { $_->send(DnsTools::Http->text('GET', '/history')); $_->response } @clients[0 .. 9]
        ),
        10, 'and again';
    my $connections =
        $pg->sql(q{SELECT count(*) FROM pg_stat_activity WHERE usename = 'dns_tools'});
    cmp_ok $connections, '<=', 2, 'over two connections at most';
};

$nginx->finish(above_warn => 1);
done_testing;
