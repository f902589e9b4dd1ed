package DnsTools::OpenApi;

# A server behind proxies that compare requests and answers with openapi.yaml, and a tally of what
# came through.

use v5.36;

use Carp qw(confess);
use JSON::PP;
use Test::More;

use DnsTools::Http;
use DnsTools::Nginx;
use DnsTools::OpenApi::Tally;
use DnsTools::Process qw(free_port slurp temp_folder wait_until);

# The routes of the contract, and those that the example adds.
sub routes() {
    return DnsTools::Nginx::routes() . <<~'CONF';
        location = /metrics { dns_tools_metrics; }
        location = /stats   { dns_tools_stats; }
        CONF
}

# Proxies in front of one port, where servers take turns:
#   strict   answers with 422 when a request differs from what is described, with 500 when an answer
#            does
#   loose    lets everything pass, and tells in a header
#   crooked  the same, and asks for a host that cannot be: no other request of a proxy is bad HTTP
# To them, an answer must have no members but those that are described.
sub new ($class) {
    my $port   = free_port;
    my $folder = temp_folder('prism');
    my $closed = `scripts/npm-tools node scripts/npm/closed-api.js`;
    confess 'closed-api.js has failed' if $? != 0;
    open my $file, '>', "$folder/openapi.json" or confess $!;
    print $file $closed;
    close $file or confess $!;

    my $self = bless {
        port   => $port,
        folder => $folder,
        tally  => DnsTools::OpenApi::Tally->new('openapi.yaml')
    }, $class;
    my $server = "http://127.0.0.1:$port";
    $self->{strict}  = $self->_start('strict', $server, '--errors');
    $self->{loose}   = $self->_start('loose', $server);
    $self->{crooked} = $self->_start('crooked', 'http://a..b', '--upstream-proxy', $server);
    for my $name (qw(strict loose crooked)) {
        wait_until(
            "the $name proxy listens",
            sub {
                my $output = slurp("$folder/$name");
                confess $output if !$self->{processes}{$name}->running;
                return $output =~ /is listening/;
            },
            60);
    }
    return $self;
}

sub _start ($self, $name, @arguments) {
    my $port = free_port;
    $self->{processes}{$name} = DnsTools::Process->start(
        name => "prism, $name",
        argv => [
            qw(scripts/npm-tools prism proxy), "$self->{folder}/openapi.json", @arguments,
            qw(--host 127.0.0.1 --port), $port
        ],
        output => "$self->{folder}/$name");
    return DnsTools::Http->new(port => $port, timeout => 30);
}

sub tally  ($self) { return $self->{tally} }
sub strict ($self) { return $self->{strict} }
sub port   ($self) { return $self->{port} }

# The next server behind the proxies. The one before has ended.
sub serve ($self, %o) {
    return DnsTools::Nginx->start(
        server => routes(),
        %o,
        port => $self->{port},
        http => 'dns_tools_zone metrics:1m; ' . ($o{http} // ''));
}

sub _judge ($self, $status, $response, $method, $target, $through = '') {
    my $what = "$method $target $status$through";
    is $response->status, $status, length $what > 90 ? substr($what, 0, 90) . '...' : $what
        or diag $response->body;
    $self->{tally}->saw($method, $target, $response);
    return $response;
}

# Asks through the strict proxy: right requests.
sub ask ($self, $status, $method, $target, $headers = {}, $body = undef) {
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    return ($self->ask_at_once($status, [$method, $target, $headers, $body]))[0];
}

# Several at the same time. What is code is called once those before it are under way.
sub ask_at_once ($self, $status, @requests) {
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my @waiting;
    for my $request (@requests) {
        $request->(), next if ref $request eq 'CODE';
        my $client = DnsTools::Http->new(map { $_ => $self->{strict}{$_} } qw(port timeout));
        $client->send(DnsTools::Http->text(@$request));
        push @waiting, [$client, @$request];
    }
    return map {
        my ($client, $method, $target, $headers, $body) = @$_;
        $self->{tally}->asked($method, $target, $body) if $status == 200;
        $self->_judge($status, $client->response($method), $method, $target);
    } @waiting;
}

# Asks through the loose proxy: wrong requests. Only the request may differ from what is described.
sub ask_wrongly ($self, $status, $method, $target, @rest) {
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $response = $self->_judge($status, $self->{loose}->request($method, $target, @rest),
        $method, $target, ' (loosely)');
    is_deeply [grep { $_->{location}[0] ne 'request' } violations($response)], [],
        'the answer is as described';
    return $response;
}

# What the strict proxy does not let through.
sub refuses ($self, @request) {
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    is $self->{strict}->request(@request)->header('content-type'), 'application/problem+json',
        'the strict proxy does not let it through';
    return;
}

# Asks for a host with a name that nginx does not take for one.
sub ask_crookedly ($self, $status, $method, $target, @rest) {
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $response = $self->_judge($status, $self->{crooked}->request($method, $target, @rest),
        $method, $target, ' (crookedly)');
    is_deeply [violations($response)], [], 'the answer is as described';
    return $response;
}

# Counts what the server itself has answered, where no proxy can ask.
sub past_the_proxy ($self, $status, $response, $method, $target) {
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    return $self->_judge($status, $response, $method, $target, ' (no proxy)');
}

# What a proxy that is not strict has to say about a request and its answer.
sub violations ($response) {
    my $header = $response->header('sl-violations');
    return defined $header ? @{decode_json($header)} : ();
}

1;
