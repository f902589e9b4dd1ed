# Lookups that meet: one query for one name, one row for each request.

use v5.36;

use DnsTools::Test;

my $dns = DnsTools::FakeDns->start(
    rule  => ['answer:192.0.2.1'],
    rules => {
        'slow.test' => ['delay:0.3', 'answer:192.0.2.5'],
        'gone.test' => ['delay:0.3', 'nxdomain']});
my $pg = DnsTools::Postgres->start;
my $nginx =
    DnsTools::Nginx->start(http => use_dns($dns) . use_pg($pg));

sub ask_at_once ($count, $name) {
    my @clients = map { $nginx->http } 1 .. $count;
    $_->send(DnsTools::Http->text('GET', lookup $name)) for @clients;
    return map { $_->response } @clients;
}

my @answers = ask_at_once(20, 'slow.test');
is scalar(grep { $_->status == 200 } @answers),      20, 'twenty lookups of one name at once';
is scalar(my @queries = $dns->queries('slow.test')), 1,  'share one query';
my %ids = map { $_->json->{id} => 1 } @answers;
is scalar keys %ids, 20, 'each has an id of its own';
my %sources;
++$sources{$_->json->{source}} for @answers;
is_deeply \%sources, {upstream => 1, coalesced => 19}, 'and says where its answer is from';
ok $pg->reaches(20), 'each is a row';
ids_are $pg, [keys %ids], 'of its own id';

is scalar(grep { $_->status == 404 } ask_at_once(5, 'gone.test')), 5, 'a shared NXDOMAIN';

subtest 'a client that leaves takes nobody along' => sub {
    my $first  = $nginx->http;
    my $second = $nginx->http;
    $dns->rule_for('shared.test', 'delay:0.5', 'answer:192.0.2.6');
    $first->send(DnsTools::Http->text('GET', lookup 'shared.test'));
    wait_until('the query', sub { $dns->queries('shared.test') });
    $second->send(DnsTools::Http->text('GET', lookup 'shared.test'));
    $first->abort;
    is $second->response->status,                        200, 'the second one is answered';
    is scalar(my @asked = $dns->queries('shared.test')), 1,   'by the query of the first';
};

subtest 'queries are hard to guess' => sub {
    my $http = $nginx->http;
    $http->get(lookup "n$_.test") for 1 .. 300;
    my @seen = grep { $_->{name} =~ /^n\d/ } $dns->queries;
    my (%ids, %ports);
    ++$ids{$_->{id}}, ++$ports{$_->{port}} for @seen;
    is scalar @seen, 300, 'one query for each name';
    cmp_ok scalar keys %ids,   '>',  290, 'random ids';
    cmp_ok scalar keys %ports, '>=', 8,   'from many ports';
    my @steps = map { $seen[$_]{id} - $seen[$_ - 1]{id} } 1 .. $#seen;
    my %steps = map { $_ => 1 } @steps;
    cmp_ok scalar keys %steps, '>', 250, 'that follow no rule';
};

$nginx->finish(above_warn => 1);
done_testing;
