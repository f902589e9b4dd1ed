# A primary with a synchronous standby: it is killed under load and the standby promoted, and then
# once more the other way round. Writing goes on by itself; nothing is lost, nothing is twice.

use v5.36;

use DnsTools::Load;
use DnsTools::Test;

my $dns = DnsTools::Knot->start;

# A primary, and a standby without whose word nothing is committed.
sub pair () {
    my $primary = DnsTools::Postgres->start;
    my $standby = $primary->standby('other');
    $primary->set(synchronous_standby_names => 'other');
    return ($primary, $standby);
}

# The module's words for whichever of these servers is the primary.
sub either ($servers, %words) {
    return use_pg(
        $servers->[0],
        port                 => join(',', map { $_->port } @$servers),
        password             => DnsTools::Postgres::password,
        target_session_attrs => 'read-write',
        %words);
}

sub fail_over ($what, %words) {
    subtest $what => sub {
        my ($primary, $standby) = pair;
        my $nginx = DnsTools::Nginx->start(
            workers => 2,
            http    => use_dns($dns, 'timeout=500ms') . either([$primary, $standby], %words));
        wait_until('the schema', sub { $primary->table_exists });
        my $load = DnsTools::Load->start(port => $nginx->port, clients => 4);
        wait_until('rows', sub { $standby->count > 1000 }, 30);

        $primary->crash;
        my $before = $load->progress;
        wait_until('lookups go on without a primary', sub { $load->progress > $before + 1000 }, 30);
        ok eventually(
            sub {
                my $reason = $nginx->http->get('/ready')->json->{checks}{database}{reason} // '';
                $reason =~ /read-only/;
            }
            ),
            'the state says that a standby does not write';
        $standby->promote;
        my $now = $standby->count;
        ok eventually(sub { $standby->count > $now + 1000 }, 60), 'writing goes on by itself';
        is $load->stop, '', 'no client has a complaint';
        my @ids = $load->ids;
        is scalar(my @failures = $load->failures), 0, 'no lookup fails';
        ok $standby->reaches(scalar @ids, 60), 'as many rows as 200s: ' . @ids
            or diag $standby->count;
        ids_are $standby, \@ids, 'the very same: none is lost, none is twice';

        # The old primary comes back as the standby of the new one.
        my $third = $standby->standby('third');
        $nginx->write_conf(
            http => use_dns($dns, 'timeout=500ms') . either([$third, $standby], %words));
        $nginx->reload;
        $standby->set(synchronous_standby_names => 'third');
        my $more = DnsTools::Load->start(port => $nginx->port, clients => 4);
        wait_until('more rows', sub { $third->count > @ids + 1000 }, 30);
        $standby->crash;
        $third->promote;
        ok eventually(sub { $nginx->http->get('/ready')->json->{status} eq 'up' }, 60),
            'and once more';
        is $more->stop, '', 'no client has a complaint';
        push @ids, $more->ids;
        ok $third->reaches(scalar @ids, 60), 'as many rows as 200s: ' . @ids
            or diag $third->count;
        ids_are $third, \@ids, 'the very same';
        ok eventually(sub { $nginx->http->get('/history')->status == 200 }), '/history works';
        $nginx->finish;
    };
    return;
}

fail_over 'a list of addresses', host => '127.0.0.1,127.0.0.1';
fail_over 'a list of names',     host => 'pg-a.test,pg-b.test';

done_testing;
