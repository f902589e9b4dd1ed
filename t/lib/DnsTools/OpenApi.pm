package DnsTools::OpenApi;

# Proxies that compare requests and answers with openapi.yaml, and what it describes.

use v5.36;

use Carp     qw(confess);
use Exporter qw(import);
use JSON::PP;

use DnsTools::Http;
use DnsTools::Process qw(free_port slurp temp_folder wait_until);

our @EXPORT_OK = qw(described proxy violations);

sub node_says (@arguments) {
    open my $node, '-|', qw(scripts/npm-tools node), @arguments or confess "node: $!";
    my $text = do { local $/; <$node> };
    close $node or confess 'node has failed';
    return $text;
}

# A client of a proxy in front of a port. What is not described is no part of an answer. strict: the proxy answers with 422 when the request
# differs from what is described, and with 500 when the answer does; else it only tells, in a header.
sub proxy ($port, %o) {
    my $own    = free_port;
    my $folder = temp_folder('prism');
    my $output = "$folder/output";
    open my $closed, '>', "$folder/openapi.json" or confess $!;
    print $closed node_says('scripts/npm/closed-api.js');
    close $closed or confess $!;
    my $prism  = DnsTools::Process->start(
        name => 'prism',
        argv => [
            qw(scripts/npm-tools prism proxy), "$folder/openapi.json", "http://127.0.0.1:$port",
            qw(--host 127.0.0.1 --port), $own,
            $o{strict} ? '--errors' : ()
        ],
        output => $output);
    wait_until(
        'the proxy listens',
        sub {
            confess slurp($output) if !$prism->running;
            return slurp($output) =~ /is listening/;
        },
        60);
    return DnsTools::Http->new(port => $own, timeout => 30);
}

# What a proxy that is not strict has to say about a request and its answer.
sub violations ($response) {
    my $header = $response->header('sl-violations');
    return defined $header ? @{decode_json($header)} : ();
}

# Paths, and the statuses that are described for each, but for 4XX and 5XX.
sub described() {
    my $script = <<~'JS';
        const { paths } = require("yaml").parse(require("fs").readFileSync("openapi.yaml", "utf8"));
        console.log(JSON.stringify(Object.fromEntries(Object.entries(paths).map(([path, { get }]) =>
            [path, Object.keys(get.responses).filter((status) => /^\d+$/.test(status))]))));
        JS
    return decode_json(node_says('-e', $script));
}

1;
