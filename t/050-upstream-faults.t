# A nameserver that misbehaves: what the client is told, and when.

use v5.36;

use Time::HiRes qw(time);

use DnsTools::Test;

my $dns    = DnsTools::FakeDns->start;
my $nginx  = DnsTools::Nginx->start(http => use_dns($dns, 'timeout=300ms attempts=2'));
my $http   = $nginx->http;
my $number = 0;

# Asks for a new name under a rule; returns the answer, the time it took and the queries seen.
sub ask (@steps) {
    my $name = 'n' . ++$number . '.test';
    $dns->rule_for($name, @steps);
    my $start    = time;
    my $response = $http->get(lookup $name);
    my $took     = time - $start;
    return ($response, $took, $dns->queries($name));
}

subtest 'silence' => sub {
    my ($response, $took, @queries) = ask('drop');
    error_is $response, 504, 'upstream_timeout', 'a timeout';
    is scalar @queries, 2, 'after as many attempts as configured';
    cmp_ok $took, '>=', 0.55,           'each waits for its timeout';
    cmp_ok $took, '<',  1.5 * patience, 'and not much longer';
    isnt $queries[0]{id}, $queries[1]{id}, 'the second attempt has another id' if @queries == 2;
};

subtest 'a late answer' => sub {
    my ($response, $took) = ask('delay:0.15', 'answer');
    is $response->status, 200, 'is an answer';
    cmp_ok $took, '>=', 0.15, 'when it comes';
};

subtest 'an answer to the first attempt that comes during the second' => sub {
    my ($response) = ask('delay:0.4', 'answer');
    ok $response->status == 200 || $response->status == 504, 'is an answer or none, and harmless';
};

for my $rcode (qw(servfail refused formerr notimp)) {
    subtest $rcode => sub {
        my ($response, $took, @queries) = ask($rcode);
        error_is $response, 502, 'upstream_failure', 'a failure';
        like $response->json->{message}, qr/$rcode/i, 'named in the message' if $rcode ne 'notimp';
        cmp_ok $took, '<', 0.5 * patience, 'told at once';
    };
}

for my $forgery (qw(other_port other_address wrong_id wrong_question reflect garbage empty cut)) {
    subtest "nothing but $forgery" => sub {
        my ($response, $took) = ask($forgery);
        like $response->status, qr/^50[24]$/,         'is no answer' or diag $response->body;
        unlike $response->body, qr/198\.51\.100\.66/, 'and its address is not believed';
        cmp_ok $took, '<', 1.5 * patience, 'in time';
    };
    subtest "$forgery before the answer" => sub {
        my ($response) = ask($forgery, $forgery, 'delay:0.02', 'answer:192.0.2.9');
        return pass 'may fail: the message itself was wrong'
            if $forgery =~ /^(?:garbage|empty|cut)$/ && $response->status == 502;
        is $response->status,                   200,         'is passed over';
        is $response->json->{addresses}[0]{ip}, '192.0.2.9', 'for the real one';
    };
}

subtest 'truncation' => sub {
    my ($response, undef, @queries) = ask('truncate');
    is $response->status,                       200,       'TCP has the whole answer';
    is join(' ', map { $_->{proto} } @queries), 'udp tcp', 'asked for once more';
};
for my $what (qw(drop close garbage servfail)) {
    subtest "truncation, then $what over TCP" => sub {
        my $name = 'n' . ++$number . '.test';
        $dns->rule_for($name, 'tc', $what);
        my $response = $http->get(lookup $name);
        like $response->status, qr/^50[24]$/, 'is a failure';
        is $http->get(lookup "after$number.test")->status, 200, 'and the next lookup works';
    };
}

subtest 'a nameserver that nobody runs' => sub {
    my $port = DnsTools::Process::free_port();
    $nginx->write_conf(http => "dns_tools_resolver 127.0.0.1:$port timeout=300ms attempts=2;");
    $nginx->reload;
    my $response = $nginx->http->get(lookup 'one.test');
    like $response->status, qr/^50[24]$/,                       'is a failure';
    like $response->code,   qr/^upstream_(?:failure|timeout)$/, 'told as one';
};

$nginx->finish(above_warn => 1);
done_testing;
