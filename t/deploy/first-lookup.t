# 'Five minutes to the first saved lookup' of docs/installation.md: its commands as they stand there,
# in a stock Debian, print what they print there. It has no network, so that the ports are the
# documented ones: what apt installs is there beforehand, names come from a DNS server beside it, and
# the release from a folder.

use v5.36;

use JSON::PP;
use POSIX qw(strftime);

use DnsTools::Container qw(docker needs_engine);
use DnsTools::Test;

needs_engine();
my ($deb) = glob(($ENV{BUILD} // 'build') . '/libnginx-mod-http-dns-tools_*.deb');
$deb or BAIL_OUT('there is no package: make deb');
my ($section) = slurp('docs/installation.md') =~
    /^## Five minutes to the first saved lookup\n(.*?)^## /ms;
my @blocks = map { s/^ {3}//mgr } $section =~ /^ {3}```\n(.*?)^ {3}```$/msg;
is @blocks, 5, 'two ways to install it, a database, a configuration, lookups'
    or BAIL_OUT('the section is another one');
my ($from_release, $from_checkout, $database, $configuration, $session) = @blocks;
my ($servers) = $section =~ /`(apt-get install [^`]+)`/;
my ($ready)   = $section =~ /`(curl [^`]+)`/;
my ($removal) = $section =~ /`(sudo apt-get remove [^`]+)`/;

# The package as release.yml publishes it, and as make deb leaves it.
my ($release) = $deb =~ /_([^_]+)_[^_]+\.deb$/;
$release =~ tr/~/-/;
my $files = temp_folder('files');
system(
    'sh', '-ec', 'mkdir -p "$2/download/v$3" "$2/build" "$2/bin"
        cp "$1" "$2/build"
        cp "$1" "$2/download/v$3/$(basename "$1" | tr "~" -)"', 'sh', $deb, $files, $release
) == 0 or die 'cp';

# What a container has not, nor a terminal.
my %instead = (
    sudo => <<~'END',
        case $1 in
            -u) user=$2; shift 2; exec runuser -u "$user" -- "$@" ;;
            *) exec "$@" ;;
        esac
        END
    systemctl => 'exec service "$2" "$1"',
    make      => '[ "$*" = deb ] && cp -r /files/build .',
    curl      => <<~'END',
        for last; do :; done
        case $last in
            https://github.com/dns-tools/dns-tools/releases/*)
                [ "$1" = -fsSLO ] && exec cp "/files/${last#*/releases/}" . ;;
            *) exec /usr/bin/curl -sS "$@" ;;
        esac
        END
);
for my $name (keys %instead) {
    open my $file, '>', "$files/bin/$name" or die $!;
    print $file "#!/bin/sh\n$instead{$name}\n";
    close $file;
    chmod 0755, "$files/bin/$name";
}
my $debian;

# What the commands print.
sub type ($what, $commands) {
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my ($status, $output) = $debian->try('bash', '-ec', $commands);
    is $status, 0, $what or diag "$commands\n$output";
    return $output;
}

sub debian ($image, $network, @options) {
    return DnsTools::Container->new(
        privileged => 1,
        image      => $image,
        network    => $network,
        env        => {DEBIAN_FRONTEND => 'noninteractive', LANG => 'C.UTF-8'},
        options    => ['--volume', "$files:/files:ro", qw(--workdir /srv), @options],
        argv       => [qw(sleep infinity)])->start;
}
$debian = debian('debian:bookworm-slim', 'host');
# The image throws packages away that it has installed; nobody is there to say yes.
type 'nginx and PostgreSQL are there', <<~"END";
    rm -f /etc/apt/apt.conf.d/docker-clean
    echo force-unsafe-io >/etc/dpkg/dpkg.cfg.d/test
    echo 'APT { Get::Assume-Yes true; Install-Recommends false; };' >/etc/apt/apt.conf.d/test
    apt-get update
    $servers
    apt-get install --download-only /files/build/*.deb
    END
my $image = "dns-tools-debian:$$";
docker('commit', $debian->id, $image);
$debian->remove;
$debian = debian($image, 'none', '--env',
    'PATH=/files/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin');

# The addresses that the document shows.
my ($shown_lookup) = $session =~ /^(\{.*\})$/m;
my $shown          = decode_json($shown_lookup);
my $dns            = DnsTools::Knot->start(
    beside => $debian->pid,
    zones  => {
        $shown->{domain} => join '',
        "@ 3600 SOA ns hostmaster 1 3600 600 86400 60\n@ 3600 NS ns\nns 3600 A 127.0.0.1\n",
        map { "@ $_->{ttl} A $_->{ip}\n" } @{$shown->{addresses}}});
type 'they run', <<~'END';
    echo 'nameserver 127.0.0.1' >/etc/resolv.conf
    service postgresql start
    service nginx start
    END

ok $from_release =~ s/^release=\K.*/$release/m, 'the release is named';
type 'a package of a release', $from_release;
type 'is removed',             $removal;
is $debian->exec('find', '/etc/nginx/modules-enabled', '-name', '*.conf'), '', 'and disabled';
type 'a package of a checkout', $from_checkout;
type 'the database',            $database;
type 'the configuration',       $configuration;

my @steps = map { [split /\n/, $_, 2] } $session =~ /^\$ (.*?)(?=^\$ |\z)/msg;
is @steps, 3, 'a lookup, the history, the table';
my ($lookup, $history, $table) = @steps;
my $printed = type 'the lookup', $lookup->[0];
my $answer  = eval { decode_json($printed) } // {};
like $answer->{id}, qr/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    'its id'
    or BAIL_OUT($printed);
cmp_ok abs($answer->{created_at} - time), '<', 60, 'its time';

# Without what depends on the width of columns.
sub plain ($text) {
    return $text =~ s/(:\d\d:\d\d)\.\d+/$1/gr =~ s/-{3,}/---/gr =~ s/ +/ /gr =~ s/ ?\n ?/\n/gr =~
        s/^\s+|\s+$//gr;
}

# As it is shown, but with this id and this time.
sub here ($text) {
    my $now = strftime('%F %T', gmtime $answer->{created_at});
    return plain($text =~ s/\Q$shown->{id}\E/$answer->{id}/gr =~
            s/\b$shown->{created_at}\b/$answer->{created_at}/gr =~
            s/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/$now/gr);
}
is plain($printed), here($lookup->[1]), 'is as shown';
my $saved = sub { plain(($debian->try('bash', '-ec', $history->[0]))[1]) eq here($history->[1]) };
ok eventually($saved), 'so is the history' or diag type 'the history', $history->[0];
is plain(type 'the table', $table->[0]), here($table->[1]), 'and so is the row';

my $is_ready = sub {
    my $state = eval { decode_json(($debian->try('bash', '-ec', $ready))[1]) } // {};
    return join(' ', $state->{status}, map { "$_ $state->{checks}{$_}{status}" }
            qw(resolver database journal)) eq 'up resolver up database up journal up';
};
ok eventually($is_ready), 'and all is up' or diag type 'ready', $ready;
$debian->remove;
docker('rmi', $image);

done_testing;
