# The Debian package, in a stock Debian nginx: installed, the directives work; removed, nginx still
# does.

use v5.36;

use DnsTools::Container qw(command docker needs_engine);
use DnsTools::Process   qw(free_port);
use DnsTools::Test;

needs_engine();
my ($deb)     = glob(($ENV{BUILD} // 'build') . '/libnginx-mod-http-dns-tools_*.deb');
my ($changes) = glob(($ENV{BUILD} // 'build') . '/nginx-dns-tools_*.changes');
$deb && $changes or BAIL_OUT('there is no package: make deb');
my ($version) = $deb =~ m{_([^_/]+)_[^_/]+\.deb$};
my ($release) = slurp('CMakeLists.txt') =~ /^project\(.* VERSION ([0-9.]+) /m;

my ($status, $output) = command('lintian', '--allow-root', '--fail-on', 'warning', $changes);
is $status, 0, 'lintian has no complaint' or diag $output;

# scripts/test-deploy builds a candidate.
is $version, "$release~rc.1", 'a release candidate';
my @command = ('dpkg', '--compare-versions');
is +(command(@command, $version, 'lt', $release))[0], 0, 'the release replaces it';
is +(command(@command, $version, 'lt', "$release~rc.10"))[0], 0, 'and so does a later candidate';

my $folder = temp_folder('deb');
system('cp', $deb, "$folder/module.deb") == 0 or die 'cp';
system('cp', 'openapi.yaml', $folder) == 0 or die 'cp';
# It gets its packages from Debian, so it has the host's network, and a port of its own on it.
my $debian = DnsTools::Container->new(
    privileged => 1,
    image      => 'debian:bookworm-slim',
    options    => ['--volume', "$folder:/packages:ro"],
    argv       => [qw(sleep infinity)])->start;
my $port = free_port();
my $http = DnsTools::Http->new(port => $port);

sub inside ($what, $script) {
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my ($status, $output) =
        $debian->try('sh', '-ec', "export DEBIAN_FRONTEND=noninteractive\n$script");
    is $status, 0, $what or diag $output;
    return $output;
}

sub links() { return $debian->exec('ls', '/etc/nginx/modules-enabled') }

sub serves ($path) {
    return eventually(
        sub {
            my $r = eval { DnsTools::Http->new(port => $port)->get($path) };
            $r && $r->status == 200;
        });
}

# The image leaves documentation out, and the example with it; Debian does not.
inside 'a stock nginx', <<~"END";
    rm -f /etc/dpkg/dpkg.cfg.d/*
    apt-get update
    apt-get install -y --no-install-recommends nginx
    sed -i 's/listen 80 default_server;/listen 127.0.0.1:$port default_server;/; /listen \\[::\\]/d' \\
        /etc/nginx/sites-enabled/default
    nginx
    END
ok serves('/'), 'it runs';

inside 'the package is installed',
    'apt-get install -y --no-install-recommends /packages/module.deb';
is links(), '50-mod-http-dns-tools.conf', 'and the module enabled by a link';
like docker('exec', $debian->id, 'readlink',
    '/etc/nginx/modules-enabled/50-mod-http-dns-tools.conf'),
    qr{^/usr/share/nginx/modules-available/}, 'as Debian does it';
like inside('its dependencies', 'dpkg-query -W -f \'${Depends}\' libnginx-mod-http-dns-tools'),
    qr/\bnginx-abi-[0-9.]+-\d+\b/, 'hold it to this nginx';

inside 'a site with its directives', <<~"END";
    cat >/etc/nginx/sites-enabled/default <<CONF
    server {
        listen 127.0.0.1:$port;
        location = /info { dns_tools_info; }
        location = /lookup { dns_tools_lookup; }
        location / { root /var/www/html; }
    }
    CONF
    nginx -t
    nginx -s quit
    while [ -e /run/nginx.pid ]; do sleep 0.05; done
    nginx
    END
ok serves('/lookup?domain=localhost'), 'a lookup';
is eval { $http->get('/info')->json->{version} }, $release, 'the version';
ok serves('/index.nginx-debian.html'), 'the rest of nginx';
inside 'the description of the API',
    'cmp /usr/share/dns-tools/openapi.yaml /packages/openapi.yaml';
my $example = '/usr/share/doc/libnginx-mod-http-dns-tools/examples/nginx.conf.example';
inside 'the example configuration', "nginx -t -c $example";

inside 'the package is removed', <<~"END";
    sed -i '/dns_tools/d' /etc/nginx/sites-enabled/default
    apt-get remove -y libnginx-mod-http-dns-tools
    nginx -t
    nginx -s quit
    while [ -e /run/nginx.pid ]; do sleep 0.05; done
    nginx
    END
ok serves('/index.nginx-debian.html'), 'nginx works without it';
is $http->get('/info')->status, 404, 'and without its routes';
unlike links(), qr/\.conf$/m, 'the module is no longer enabled';
inside 'it comes back', 'apt-get install -y --no-install-recommends /packages/module.deb; nginx -t';
is links(), '50-mod-http-dns-tools.conf', 'enabled as before';
inside 'and goes for good', 'apt-get purge -y libnginx-mod-http-dns-tools; nginx -t';
is links(), '', 'with every link';
is inside(
    'files', 'find / -xdev -name "*dns*tools*" -not -path "/proc/*" -not -path "/packages/*"'
    ),
    '',
    'nothing is left';
$debian->remove;

done_testing;
