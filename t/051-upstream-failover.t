# Several nameservers: where one fails, another answers.

use v5.36;

use Time::HiRes qw(time);

use DnsTools::Test;

my $bad  = DnsTools::FakeDns->start;
my $good = DnsTools::FakeDns->start(rule => ['answer:192.0.2.2']);
my $nginx =
    DnsTools::Nginx->start(http => 'dns_tools_resolver '
        . $bad->address . ' '
        . $good->address
        . ' timeout=300ms attempts=3;');
my $http   = $nginx->http;
my $number = 0;

sub ask() {
    my $name     = 'f' . ++$number . '.test';
    my $start    = time;
    my $response = $http->get(lookup $name);
    return ($response, time - $start, $name);
}

for my $fault (qw(servfail refused formerr drop other_port wrong_id reflect)) {
    subtest $fault => sub {
        $bad->rule($fault);
        for my $n (1 .. 5) {
            my ($response, $took) = ask;
            is $response->status, 200, "lookup $n is answered" or diag $response->body;
            is $response->json->{addresses}[0]{ip}, '192.0.2.2', 'by the other nameserver'
                if $response->status == 200;
            cmp_ok $took, '<', 1 * patience, 'in time';
        }
        $bad->rule('answer:192.0.2.1');
        # Until the nameserver that failed is trusted again.
        eventually(sub { (ask)[0]->json->{addresses}[0]{ip} eq '192.0.2.1' }, 1);
    };
}

subtest 'a nameserver that is silent is not waited for each time' => sub {
    $bad->rule('drop');
    ask for 1 .. 3;
    my $start = time;
    ask for 1 .. 20;
    cmp_ok time - $start, '<', 3 * patience, '20 lookups do not take 20 timeouts';
};

subtest 'an answer is an answer' => sub {
    $bad->rule('nxdomain');
    $good->rule('nxdomain');
    my ($response, undef, $name) = ask;
    error_is $response, 404, 'nxdomain', 'NXDOMAIN';
    is scalar(my @all = map { $_->queries($name) } $bad, $good), 1, 'is asked for once';
};

subtest 'all fail' => sub {
    $_->rule('servfail') for $bad, $good;
    my ($response, undef, $name) = ask;
    error_is $response, 502, 'upstream_failure', 'SERVFAIL from both';
    cmp_ok scalar(my @one   = $bad->queries($name)),  '>=', 1, 'the first was asked';
    cmp_ok scalar(my @other = $good->queries($name)), '>=', 1, 'the second was asked';

    $_->rule('drop') for $bad, $good;
    my $took;
    ($response, $took) = ask;
    error_is $response, 504, 'upstream_timeout', 'silence from both';
    cmp_ok $took, '<', 1.8 * patience, 'within three timeouts';
};

subtest 'both come back' => sub {
    $_->rule('answer') for $bad, $good;
    is((ask)[0]->status, 200, 'at once');
};

subtest 'a nameserver that is restarted' => sub {
    $good->stop;
    $bad->stop;
    like + (ask)[0]->status, qr/^50[24]$/, 'nobody is there';
    my $again = DnsTools::FakeDns->start(port => $good->port, rule => ['answer:192.0.2.3']);
    ok eventually(sub { (ask)[0]->status == 200 }, 5), 'back in service';
};

$nginx->finish(above_warn => 1);
done_testing;
