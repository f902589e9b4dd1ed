# Differences are noticed: by the strict proxy, and when what was seen is compared.

use v5.36;

use DnsTools::Test;

my $id     = '01a20a0e-5ff9-7da6-8372-54a0e69ed3f6';
my $record = qq("id":"$id","domain":"one.test","client_ip":"192.0.2.7","created_at":1);
my $answer = qq($record,"addresses":[{"ip":"192.0.2.1","ttl":1}]);

my $checks = join ',', map {qq("$_":{"status":"up","since":1})} qw(resolver database journal);

# What a server answers, by target: status, body, and perhaps a header.
my %right = (
    '/history?domain=one.test'        => [200, qq([{$answer}]), 'Link "</>; rel=\"next\""'],
    '/tools/lookup?domain=alias.test' =>
        [200, qq({$answer,"cnames":["real.test"],"source":"upstream"})]);
my %wrong = (
    '/'                    => [200, '{"version":"0.1.0","date":"today","kubernetes":false}'],
    '/health'              => [200, '{"status":"well"}'],
    '/stats'               => [200, '{"since":1}'],
    '/metrics'             => [200, 'none'],
    '/tools/validate?ip=x' => [200, '{"status":false}'],
    '/ready'               => [200, qq({"status":"down","checks":{$checks}})],
    '/history?domain='          => [200, '[{' . $answer =~ s/one\.test//r . '}]'],
    '/history?client=192.0.2.7' => [200, qq([{$answer,"more":1}])],
    "/history?cursor=$id"       => [200, qq([{$answer}]), 'Link nowhere'],
    # A member is missing, is empty, has another name, or a value that is none.
    '/tools/lookup?domain=bare.test'   => [200, qq({$answer})],
    '/tools/lookup?domain=empty.test'  => [200, qq({$record,"addresses":[],"source":"local"})],
    '/tools/lookup?domain=cname.test'  => [200, qq({$answer,"cname":["a.test"],"source":"local"})],
    '/tools/lookup?domain=number.test' => [200, qq({$answer,"cnames":[7],"source":"local"})],
    '/tools/lookup?domain=cache.test'  => [200, qq({$answer,"source":"cache"})],
    # Codes that are none, and 503 without Retry-After.
    '/tools/lookup?domain=code.test'  => [404, '{"code":"gone","message":"there is none"}'],
    '/tools/lookup?domain=many.test'  => [429, '{"code":"too_many","message":"not now"}'],
    '/tools/lookup?domain=retry.test' => [503, '{"code":"overloaded","message":"not now"}']);

my $metrics_type = 'default_type "text/plain; version=0.0.4; charset=utf-8";';

# A server of these answers.
sub liar ($api) {
    my %answers = (%right, %wrong);
    my %of_path;
    for my $target (sort keys %answers) {
        my ($status, $body, $header) = @{$answers{$target}};
        $header = defined $header ? "add_header $header;" : '';
        $of_path{$target =~ s/\?.*//r} .=
            "if (\$request_uri = '$target') { $header return $status '$body'; }\n";
    }
    return $api->serve(
        server => join '',
        'default_type application/json;',
        map {
            my $type = $_ eq '/metrics' ? $metrics_type : '';
            "location = $_ { $type $of_path{$_} }\n";
        } sort keys %of_path);
}

sub proxy_bites ($api) {
    my $nginx  = liar($api);
    my $client = $api->strict;
    is $client->get($_)->status, 200, "$_: a right answer passes" for sort keys %right;
    for my $target (sort keys %wrong) {
        my $response = $client->get($target);
        is $response->status, 500, "$target: a wrong answer is noticed" or diag $response->body;
        like $response->body, qr/VIOLATIONS/, 'as a violation';
    }
    $nginx->finish;
    return;
}

# Descriptions that differ from the server: a text in openapi.yaml and another for it, and what
# differs then.
my @other = (
    [   'an error code that never comes',
        'enum: [nxdomain, no_addresses]' => 'enum: [nxdomain, no_addresses, gone]',
        map {"described, not seen: $_ /tools/lookup 404 code=gone"} qw(GET POST)
    ],
    [   'an error code that is not described',
        'enum: [nxdomain, no_addresses]' => 'enum: [nxdomain]',
        map {"seen, not described: $_ /tools/lookup 404 code=no_addresses"} qw(GET POST)
    ],
    [   'a value that never comes',
        'enum: [upstream, coalesced' => 'enum: [upstream, cache, coalesced',
        map {"described, not seen: $_ /tools/lookup 200 source=cache"} qw(GET POST)
    ],
    [   'a member of another name',
        "            cnames:\n" => "            aliases:\n",
        map {
            (   "described, not seen: $_ /tools/lookup 200 aliases",
                "seen, not described: $_ /tools/lookup 200 cnames"
            )
        } qw(GET POST)
    ],
    [   'a header of another name',
        'Content-Disposition:' => 'Content-Name:',
        'described, not seen: GET /history 200 header content-name',
        'seen, not described: GET /history 200 header content-disposition'
    ],
    [   'another media type',
        'application/x-ndjson:' => 'application/ndjson:',
        'described, not seen: GET /history 200 type application/ndjson',
        'seen, not described: GET /history 200 type application/x-ndjson'
    ],
    [   'a parameter of another name',
        '- name: address' => '- name: ip',
        'described, not seen: GET /history request ?ip',
        'seen, not described: GET /history request ?address'
    ]);

sub comparison_bites ($tally, $unseen) {
    my $text = slurp('openapi.yaml');
    my $path = temp_folder('other') . '/openapi.yaml';
    for (@other) {
        my ($what, $from, $to, @differences) = @$_;
        is scalar(() = $text =~ /\Q$from\E/g), 1, "$what: one place in openapi.yaml";
        open my $file, '>', $path or die $!;
        print $file $text =~ s/\Q$from\E/$to/r;
        close $file or die $!;
        is join("\n", $tally->against($path)->differences(unseen => $unseen)),
            join("\n", sort @differences), "$what is noticed";
    }

    my @seen  = $tally->seen;
    my @quiet = grep {
        my @differences = $tally->differences(unseen => $unseen, without => [$_]);
        "@differences" ne "described, not seen: $_";
    } @seen;
    is scalar @quiet, 0, scalar @seen . ' points: each is missed when it does not come'
        or diag $quiet[0];
    my $more = 'GET /health 200 more';
    is join(' ', $tally->differences(unseen => $unseen, with => [$more])),
        "seen, not described: $more", 'one more is noticed';
    for my $none (qr/^GET \/health 200 /, qr/^GET \/nothing /) {
        is join(' ', $tally->differences(unseen => [@$unseen, $none])), "no exception: $none",
            'an exception that is none is noticed';
    }
    return;
}

1;
