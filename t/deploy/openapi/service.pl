# The service itself: whether it is up, and its figures.

use v5.36;

use DnsTools::Test;

# /ready, with what it says of some checks. The state may take a while to come.
sub ready_is ($api, $status, $word, %checks) {
    wait_until(
        "/ready is $word",
        sub {
            my $ready = DnsTools::Http->new(port => $api->port)->get('/ready')->json;
            return $ready->{status} eq $word
                && !grep { $ready->{checks}{$_}{status} ne $checks{$_} } keys %checks;
        },
        20);
    my $ready = $api->ask($status, GET => '/ready')->json;
    is $ready->{status}, $word, "it is $word";
    is $ready->{checks}{$_}{status}, $checks{$_}, "$_: $checks{$_}" for sort keys %checks;
    return;
}

sub figures ($api, %o) {
    $api->ask(200, GET => '/');
    $api->ask(200, GET => '/health');
    my $metrics = $api->ask(200, GET => '/metrics');
    is $metrics->header('content-type'), 'text/plain; version=0.0.4; charset=utf-8', 'metrics';
    my $stats = $api->ask(200, GET => '/stats')->json;
    is_deeply $stats->{history}{database_up}, $o{database_up}, 'whether the database is up';
    return;
}

# A request waits for the nameserver when nginx is told to quit.
sub about_to_exit ($api, $nginx, $dns) {
    $dns->rule('delay:2', 'answer');
    my $before = $dns->queries;
    my ($response) = $api->ask_at_once(
        503,
        [GET => '/ready'],
        sub {
            wait_until('a query', sub { $dns->queries > $before });
            $nginx->process->signal('QUIT');
        });
    is $response->json->{reason}, 'the worker is shutting down', 'why it is not ready';
    return;
}

# Methods that no route has. Neither they nor HEAD are described.
sub other_methods ($api, $nginx) {
    for my $operation ($api->tally->operations) {
        my ($method, $path) = split / /, $operation;
        next if $method ne 'GET' || $path eq '/openapi.yaml';
        my $query = {'/tools/lookup' => '?domain=localhost', '/tools/validate' => '?ip=x'}->{$path};
        my $target = $path . ($query // '');
        is $nginx->http->head($target)->status, $nginx->http->get($target)->status,
            "HEAD $path answers as GET does";
        my $response = $api->ask_wrongly(405, DELETE => $target);
        error_is $response, 405, 'method_not_allowed', "DELETE $path";
        like $response->header('allow'), qr/^GET, HEAD(?:, POST)?$/, 'Allow is as described';
        $api->refuses(DELETE => $target);
    }
    return;
}

1;
