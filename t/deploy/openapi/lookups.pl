# Lookups and checks of addresses, each by GET and by POST.

use v5.36;

use DnsTools::Test;

my $json = {'Content-Type' => 'application/json'};

# The two requests that ask for a name.
sub asks ($name) {
    return (
        [GET  => lookup $name],
        [POST => '/tools/lookup', $json, qq({"domain":"$name"})]);
}

# A status of each, with a code or a source.
sub looks_up ($api, $name, $status, $word, %o) {
    for my $request (asks($name)) {
        my $response = $api->ask($status, @$request);
        is $response->json->{$status == 200 ? 'source' : 'code'}, $word, "$name: $word";
        ok $response->header('retry-after'), 'Retry-After' if $status == 503;
        $o{also}->($response->json)                        if $o{also};
    }
    return;
}

sub right_requests ($api, $nginx, $dns) {
    looks_up $api, 'localhost',          200, 'local';
    looks_up $api, "b\xc3\xbccher.test", 200, 'upstream';
    looks_up $api, 'alias.test', 200, 'upstream',
        also => sub ($answer) { is "@{$answer->{cnames}}", 'real.test', 'cnames' };
    looks_up $api, 'nowhere.test', 404, 'nxdomain';
    looks_up $api, 'text.test',    404, 'no_addresses';
    looks_up $api, 'broken.test',  502, 'upstream_failure';
    looks_up $api, 'silent.test',  504, 'upstream_timeout';
    looks_up $api, '192.0.2.7',    400, 'ip_literal';
    looks_up $api, 'a..b',         400, 'invalid_domain';

    # Somebody else's query is under way.
    my $other = $nginx->http;
    $other->send(DnsTools::Http->text(GET => lookup 'slow.test'));
    wait_until('the query', sub { $dns->queries('slow.test') });
    for my $response ($api->ask_at_once(200, asks('slow.test'))) {
        is $response->json->{source}, 'coalesced', 'it is joined';
    }
    is $other->response->status, 200, 'the first is answered, too';

    $api->ask(200, @$_)
        for [GET => '/tools/validate?ip=192.0.2.7'],
        [GET  => '/tools/validate?ip=192.0.2.256'],
        [POST => '/tools/validate', $json, '{"ip":"192.0.2.7"}'],
        [POST => '/tools/validate', $json, '{"ip":"x"}'];
    return;
}

# As described, but for the request.
sub wrong_requests ($api) {
    my @wrong = (
        [400, 'invalid_domain', GET  => '/tools/lookup'],
        [400, 'invalid_domain', GET  => '/tools/lookup?domain='],
        [400, 'invalid_domain', POST => '/tools/lookup', $json, '{"domain":7}'],
        [400, 'invalid_body',   POST => '/tools/lookup', $json, '[]'],
        [413, 'body_too_large', POST => '/tools/lookup', $json, '{"domain":"' . 'a' x 9000 . '"}'],
        [400, 'invalid_ip',     GET  => '/tools/validate'],
        [400, 'invalid_ip',     POST => '/tools/validate', $json, '{"ip":null}'],
        [400, 'invalid_body',   POST => '/tools/validate', $json, '[]'],
        [413, 'body_too_large', POST => '/tools/validate', $json, '{"ip":"' . '1' x 9000 . '"}']);
    for (@wrong) {
        my ($status, $code, @request) = @$_;
        is $api->ask_wrongly($status, @request)->code, $code, $code;
        $api->refuses(@request) if $status == 400;
    }
    return;
}

# Answers that wait for the database, which refuses, and goes away.
sub committed_lookups ($api, $pg) {
    looks_up $api, 'hidden.localhost', 200, 'local',
        also => sub ($answer) { is $answer->{client_ip}, undef, 'of nobody' };
    $pg->sql('ALTER TABLE dns_lookups ADD CONSTRAINT refuse CHECK (domain <> $$no.localhost$$)');
    looks_up $api, 'no.localhost', 500, 'lookup_refused';
    $pg->sql('ALTER TABLE dns_lookups DROP CONSTRAINT refuse');
    $pg->stop;
    for my $response ($api->ask_at_once(503, asks('late.localhost'))) {
        is $response->code, 'database_unavailable', 'it is not saved in time';
        ok $response->header('retry-after'), 'Retry-After';
    }
    return;
}

# Nothing can be saved.
sub overloaded ($api) {
    looks_up $api, 'full.localhost', 503, 'overloaded';
    return;
}

# A disk that refuses to be synced: nginx runs with an fdatasync that fails once for each flag.
sub lookups_on_a_broken_disk ($api, $pg) {
    my $folder = temp_folder('library');
    chmod 0777, $folder;
    my $flag = "$folder/flag";
    open my $source, '>', "$folder/broken.c" or die $!;
    print $source <<~"C";
        #define _GNU_SOURCE
        #include <errno.h>
        #include <sys/syscall.h>
        #include <unistd.h>
        int fdatasync(int fd) {
            if (unlink("$flag") == 0) {
                errno = EIO;
                return -1;
            }
            return (int)syscall(SYS_fdatasync, fd);
        }
        C
    close $source or die $!;
    system('cc', qw(-shared -fPIC -o), "$folder/broken.so", "$folder/broken.c") == 0 or die 'cc';
    my $nginx = $api->serve(
        http => use_pg($pg) . "dns_tools_journal $folder/queue sync=always;",
        env  => {LD_PRELOAD => "$folder/broken.so"});
    my $works = sub { $nginx->http->get(lookup 'kept.localhost')->status == 200 };
    wait_until('a journal', $works);
    for my $request (asks('lost.localhost')) {
        open my $file, '>', $flag or die $!;
        close $file;
        my $response = $api->ask(503, @$request);
        is $response->code, 'journal_unavailable', 'it is not on the disk';
        ok $response->header('retry-after'), 'Retry-After';
        wait_until('the next file', $works);
    }
    $nginx->finish;
    return;
}

1;
