# The configuration that the image makes of the example and the environment: nginx takes it, and a
# wrong value is refused with a message that helps.

use v5.36;

use DnsTools::Test;

my @names = qw(LISTEN_PORT WORKERS LOG_FORMAT LOG_LEVEL RESOLVER RESOLVER_TIMEOUT RESOLVER_ATTEMPTS
    SCHEMA TRUSTED_PROXIES RATE_LIMIT RECORD RETENTION CLIENT_IP CLIENT_IP_KEY JOURNAL JOURNAL_SIZE
    JOURNAL_SYNC JOURNAL_FULL);
my %clean =
    ((map { ("DNS_TOOLS_$_" => undef) } @names), (map { ($_ => undef) } grep { /^PG/ } keys %ENV));
my $volume = temp_folder('volume');
my $root   = $INC{'DnsTools/Test.pm'} =~ s{/?t/lib/DnsTools/Test\.pm$}{}r || '.';

# The exit status, the configuration and the complaints.
sub configure (%env) {
    my $place   = delete $env{volume}      // $volume;
    my @resolv  = delete $env{resolv_conf} // ();
    my $folder  = temp_folder('configure');
    my $process = DnsTools::Process->start(
        name => 'configure',
        argv => [
            'sh', '-c', 'folder=$1; shift; "$0" "$@" >"$folder/conf" 2>"$folder/errors"',
            "$root/image/configure", $folder, "$root/nginx.conf.example", $place, @resolv
        ],
        env    => {%clean, %env},
        output => "$folder/output");
    $process->wait_end(10) or die 'configure does not end';
    return ($process->ended >> 8, slurp("$folder/conf"), slurp("$folder/errors"));
}

# On paths of the test's own.
sub nginx_takes ($conf, $what) {
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $folder = temp_folder('temp');
    my $module = DnsTools::Nginx::module_path();
    my $temp   = join ' ',
        map { "${_}_temp_path $folder/$_;" } qw(client_body proxy fastcgi uwsgi scgi);
    $conf =~ s/^load_module .*$/load_module $module;/m;
    $conf =~ s{^pid .*$}{pid $folder/pid;}m;
    $conf =~ s/^http \{$/http { $temp/m;
    my ($status, $output) = DnsTools::Nginx->check_conf(conf => $conf);
    is $status, 0, $what or diag $output;
    return;
}

my ($status, $conf, $errors) = configure();
is $status, 0,  'nothing is set';
is $errors, '', 'and nothing complained about';
nginx_takes $conf, 'nginx takes it';
unlike $conf, qr/^ *dns_tools_(?:database|resolver)\b/m, 'no database, no nameservers';
like $conf,   qr/^        listen 3000;/m,                'the port';
is scalar(() = $conf =~ /^        listen.* listen \[::\]:3000 ipv6only=on;$/mg),
    slurp('/proc/net/if_inet6') ? 1 : 0, 'and for IPv6 where there is any';
like $conf, qr/^worker_processes [1-9]\d*;$/m,            'workers';
like $conf, qr/^error_log stderr warn;$/m,                'the error log';
like $conf, qr{^    access_log /dev/stdout dns_tools;$}m, 'the access log';
like $conf, qr{ rate=50r/s;$}m,                           'the limit';
is scalar(() = $conf =~ /^worker_processes/mg), 1, 'nothing twice';

($status, $conf, $errors) = configure(
    DNS_TOOLS_LISTEN_PORT       => 8080,
    DNS_TOOLS_WORKERS           => 3,
    DNS_TOOLS_LOG_FORMAT        => 'combined',
    DNS_TOOLS_LOG_LEVEL         => 'info',
    DNS_TOOLS_RESOLVER          => '192.0.2.53, [2001:db8::53]:5353 198.51.100.53:54',
    DNS_TOOLS_RESOLVER_TIMEOUT  => '250ms',
    DNS_TOOLS_RESOLVER_ATTEMPTS => 5,
    DNS_TOOLS_SCHEMA            => 'verify',
    DNS_TOOLS_TRUSTED_PROXIES   => '10.0.0.0/8,2001:db8:1::/48',
    DNS_TOOLS_RATE_LIMIT        => 7,
    DNS_TOOLS_RECORD            => 'commit',
    DNS_TOOLS_RETENTION         => '90d',
    DNS_TOOLS_CLIENT_IP         => 'truncate',
    DNS_TOOLS_JOURNAL           => 'on',
    DNS_TOOLS_JOURNAL_SIZE      => '128m',
    DNS_TOOLS_JOURNAL_SYNC      => '100ms',
    DNS_TOOLS_JOURNAL_FULL      => 'drop',
    PGHOST                      => 'db1.example.com,db2.example.com',
    PGPORT                      => '5432,5433',
    PGSSLMODE                   => 'verify-full',
    # All that Kubernetes sets for a service called dns-tools, and for dns-tools-dns over IPv6.
    DNS_TOOLS_SERVICE_HOST         => '10.0.0.1',
    DNS_TOOLS_SERVICE_PORT         => 3000,
    DNS_TOOLS_SERVICE_PORT_HTTP    => 3000,
    DNS_TOOLS_PORT                 => 'tcp://10.0.0.1:3000',
    DNS_TOOLS_PORT_3000_TCP        => 'tcp://10.0.0.1:3000',
    DNS_TOOLS_PORT_3000_TCP_PROTO  => 'tcp',
    DNS_TOOLS_PORT_3000_TCP_PORT   => 3000,
    DNS_TOOLS_PORT_3000_TCP_ADDR   => '10.0.0.1',
    DNS_TOOLS_DNS_SERVICE_HOST     => 'fd00::2',
    DNS_TOOLS_DNS_SERVICE_PORT     => 53,
    DNS_TOOLS_DNS_PORT             => 'udp://[fd00::2]:53',
    DNS_TOOLS_DNS_PORT_53_UDP      => 'udp://[fd00::2]:53',
    DNS_TOOLS_DNS_PORT_53_UDP_ADDR => 'fd00::2');
is $status, 0, 'everything is set' or diag $errors;
nginx_takes $conf, 'nginx takes it';
like $conf, qr/^        listen 8080;/m,                  'the port';
like $conf, qr/^worker_processes 3;$/m,                  'workers';
like $conf, qr/^error_log stderr info;$/m,               'the error log';
like $conf, qr{^    access_log /dev/stdout combined;$}m, 'the access log';
like $conf,
    qr/^    dns_tools_resolver 192\.0\.2\.53 \[2001:db8::53\]:5353 198\.51\.100\.53:54 timeout=250ms attempts=5;$/m,
    'nameservers';
like $conf, qr/^    dns_tools_database;\n    dns_tools_schema verify;$/m, 'the database';
like $conf, qr/^    dns_tools_record commit;$/m,                          'when an answer leaves';
like $conf, qr/^    dns_tools_retention 90d;$/m,                          'how long rows are kept';
like $conf, qr/^    dns_tools_client_ip truncate;$/m,                     'what is kept of clients';
like $conf, qr{^    dns_tools_journal \Q$volume\E/journal size=128m sync=100ms full=drop;$}m,
    'the journal';
like $conf, qr/^    set_real_ip_from 2001:db8:1::\/48;$/m, 'proxies';
like $conf, qr{ rate=7r/s;$}m,                             'the limit';

($status, $conf, $errors) = configure(
    DNS_TOOLS_LOG_FORMAT => 'off',
    DNS_TOOLS_RATE_LIMIT => 'off',
    PGHOST               => '/run/postgresql');
like $conf, qr/^    access_log off;$/m, 'no access log';
like $conf, qr/^        default +0;$/m, 'no limit';
nginx_takes $conf, 'nginx takes it';

($status, $conf) = configure(PGHOST => 'db');
like $conf, qr{^    dns_tools_journal \Q$volume\E/journal;$}m,
    'a journal where there is a place for it, as the module has it';
($status, $conf) = configure(PGHOST => 'db', volume => '/nowhere');
unlike $conf, qr/^ *dns_tools_journal/m, 'none where there is none';
($status, $conf) = configure(PGHOST => 'db', DNS_TOOLS_JOURNAL => 'off');
unlike $conf, qr/^ *dns_tools_journal/m, 'or where none is wanted';

# Every way to write an address that nginx takes.
my @addresses = (
    '::',              '::1',
    '1::',             'fd00::53',
    '1:2:3:4:5:6:7:8', '1::8',
    '1:2:3::6:7:8',    '1:2:3:4:5:6::',
    '::2:3:4:5:6:7:8', '::192.0.2.53',
    '::ffff:10.0.0.1', '64:ff9b::192.0.2.53',
    '1:2:3:4:5:6:192.0.2.53');
($status, $conf, $errors) = configure(
    DNS_TOOLS_RESOLVER        => join(' ', '0.0.0.0:65535', map { "[$_]:53" } @addresses),
    DNS_TOOLS_TRUSTED_PROXIES => join(',',
        '0.0.0.0/0',     '10.0.0.1/32', '255.255.255.255', @addresses,
        '2001:DB8::/32', '::/0',        '::1/128'));
is $status, 0, 'addresses in every form' or diag $errors;
nginx_takes $conf, 'nginx takes them';

# The directive takes its options beside nameservers only: with options alone, those that the module
# finds by itself stand there.
my $resolv_conf = temp_folder('resolv') . '/resolv.conf';

sub options_for ($lines) {
    open my $file, '>', $resolv_conf or die $!;
    print $file $lines;
    close $file;
    return configure(
        DNS_TOOLS_RESOLVER_TIMEOUT  => '1s',
        DNS_TOOLS_RESOLVER_ATTEMPTS => 9,
        resolv_conf                 => $resolv_conf);
}

($status, $conf, $errors) = options_for(<<'END');
# nameserver 192.0.2.1
; nameserver 192.0.2.2
nameserver 192.0.2.9 # the first
  nameserver	192.0.2.10;the second
nameserver 192.0.2.11,192.0.2.12 2001:db8::53
nameservers 192.0.2.3
search nameserver 192.0.2.4
nameserver
options timeout:5
nameserver 192.0.2.13
END
is $status, 0, 'options for the nameservers of resolv.conf' or diag $errors;
like $conf,
    qr/^    dns_tools_resolver 192\.0\.2\.9 192\.0\.2\.10 192\.0\.2\.11 192\.0\.2\.12 \[2001:db8::53\] 192\.0\.2\.13 timeout=1s attempts=9;$/m,
    'all of them';
nginx_takes $conf, 'nginx takes them';
($status, $conf) = options_for("nameserver 192.0.2.9\r\nnameserver 192.0.2.10");
like $conf, qr/^    dns_tools_resolver 192\.0\.2\.9 192\.0\.2\.10 timeout=/m, 'with any line ends';

my %unusable = (
    "nameserver fe80::1%eth0\nnameserver 192.0.2.9 # x\n" => qr/the nameserver 'fe80::1%eth0'/,
    "nameserver 192.0.2.9\nnameserver dns.test\n"         => qr/the nameserver 'dns\.test'/,
    "nameserver [192.0.2.9]:54\n"          => qr/the nameserver '\[192\.0\.2\.9\]:54'/,
    "nameserver 192.0.2.9\nnameserver *\n" => qr/the nameserver '\*'/,
    "nameserver \e[1m\n"                   => qr/the nameserver '\[1m'/,
    "search test\n"                        => qr/no nameserver/,
    ''                                     => qr/no nameserver/);

for my $lines (sort keys %unusable) {
    ($status, $conf, $errors) = options_for($lines);
    is $status, 78, 'no options for ' . $lines =~ s/\n/, /gr =~ s/\e/ESC/gr;
    is $conf,   '', 'no configuration';
    like $errors,
        qr/^dns-tools: DNS_TOOLS_RESOLVER='' is wrong: it must be set beside .* \Q$resolv_conf\E has $unusable{$lines}.*\n\z/,
        'the message says why';
}
($status, $conf, $errors) =
    configure(resolv_conf => '/nowhere', DNS_TOOLS_RESOLVER_TIMEOUT => '1s');
is $status, 78, 'nor without the file';
like $errors,
    qr{^dns-tools: DNS_TOOLS_RESOLVER='' is wrong: .* /nowhere has no nameserver\n\z},
    'with one message';
($status, $conf) = configure(resolv_conf => '/nowhere');
is $status, 0, 'without options the file is not read';

my $key = temp_folder('key') . '/client-ip';
open my $file, '>', $key or die $!;
print $file 'k' x 16;
close $file;
($status, $conf) = configure(DNS_TOOLS_CLIENT_IP => 'hash', DNS_TOOLS_CLIENT_IP_KEY => $key);
like $conf, qr{^    dns_tools_client_ip hash key=\Q$key\E;$}m, 'pseudonyms of clients';
nginx_takes $conf, 'nginx takes it';

my @wrong = (
    RECORD    => ['yes'],
    RETENTION => [
        qw(0d 90 never 90d; 59s 60000ms 200y 101y 1217M 5215w 36501d 876001h 52560001m 3153600001s 9999999999999999999y 99999999999999999999s 08d)
    ],
    CLIENT_IP    => ['none', 'hash key=/etc/passwd'],
    JOURNAL      => ['yes'],
    JOURNAL_SIZE => ['64', '0m', '64 m', '64m;', '64k', '33g', '32769m', '99999m'],
    JOURNAL_SYNC => ['on', '5',  '61s',  '1d'],
    JOURNAL_FULL => ['wait'],
    LISTEN_PORT  => ['0',   '65536', '080', 'http', "80\n81", '-1', '99999999999999999999'],
    WORKERS      => ['0',   '513',   'all', '1; user root', "1\n1"],
    LOG_FORMAT   => ['xml', "json\n"],
    LOG_LEVEL    => ['loud'],
    RESOLVER     => [
        'dns.example.com',           '192.0.2.256',
        '192.0.2',                   '192.0.2.1:0',
        '2001:db8::1',               '192.0.2.1;',
        '192.0.2.1 timeout=9s',      ' , ',
        '192.0.2.1:99999',           '192.0.2.1:65536',
        '192.0.2.01',                '[::::]',
        '[1:2:3:4:5:6:7]',           '[1::2::3]',
        '[1:2:3:4:5:6:7:8:9]',       '[::12345]',
        '[1:2:3:4:5:6:7:192.0.2.1]', '[1:2:3:4:5:6:7::8:9]',
        '[fe80::1%eth0]',            '[:1]',
        '[1:]'
    ],
    RESOLVER_TIMEOUT  => ['0s', '61s', '60001ms', '2', '1m', "1s\n2s"],
    RESOLVER_ATTEMPTS => ['0',  '17'],
    SCHEMA            => ['drop'],
    TRUSTED_PROXIES   => [
        '*',     '10.0.0.0/8;',    'proxy.example.com', '10.0.0.0/',
        'unix:', '10.0.0.0/33',    '10.0.0.0/99',       '10.0.0.0/08',
        ':::::', '2001:db8::/129', '[2001:db8::]/32',   '10.0.0/8'
    ],
    RATE_LIMIT => ['0', '1.5', '10r/s']);

while (my ($name, $values) = splice @wrong, 0, 2) {
    for my $value (@$values) {
        my ($status, $conf, $errors) = configure("DNS_TOOLS_$name" => $value);
        my $shown = $value =~ s/[\n\t]//gr;
        subtest "$name='$shown' is refused" => sub {
            is $status, 78, 'status';
            is $conf,   '', 'no configuration';
            like $errors,
                qr/^dns-tools: DNS_TOOLS_$name='\Q$shown\E' is wrong: it must be .{8,}\n\z/,
                'one line that names the variable, the value and what is right';
        };
    }
}

my $everyones = temp_folder('pass') . '/pgpass';
open $file, '>', $everyones or die $!;
close $file;
chmod 0644, $everyones;
for my $case (
    [{PGUSER              => 'me'},     qr/PGHOST=''.* PGUSER is set/],
    [{DNS_TOOLS_RECORD    => 'commit'}, qr/PGHOST=''.* DNS_TOOLS_RECORD is set/],
    [{DNS_TOOLS_JOURNAL   => 'on'},     qr/PGHOST=''.* DNS_TOOLS_JOURNAL is set/],
    [{DNS_TOOLS_RETENTION => '90d'},    qr/PGHOST=''.* DNS_TOOLS_RETENTION is set/],
    [   {PGHOST => 'db', PGTARGETSESSIONATTRS => 'write'},
        qr/PGTARGETSESSIONATTRS='write'.* read-write/
    ],
    [{PGHOST => 'db', PGCHANNELBINDING  => 'on'},      qr/PGCHANNELBINDING='on'.* prefer/],
    [{PGHOST => 'db', PGCONNECT_TIMEOUT => '5s'},      qr/PGCONNECT_TIMEOUT='5s'.* a number/],
    [{PGHOST => 'db', PGPORT            => '5432x'},   qr/PGPORT='5432x'/],
    [{PGHOST => 'db', PGPORT            => '99999'},   qr/PGPORT='99999'.* 1 to 65535/],
    [{PGHOST => 'db', PGPORT            => '1,65536'}, qr/PGPORT='1,65536'.* 1 to 65535/],
    [{PGHOST => 'db', PGSSLMODE         => 'on'},      qr/PGSSLMODE='on'.* verify-full/],
    [   {PGHOST => 'db', PGSSLMINPROTOCOLVERSION => 'TLS1.2'},
        qr/PGSSLMINPROTOCOLVERSION='TLS1.2'.* TLSv1\.2/
    ],
    [   {PGHOST => 'db', PGSSLMAXPROTOCOLVERSION => 'SSLv3'},
        qr/PGSSLMAXPROTOCOLVERSION='SSLv3'.* TLSv1\.3/
    ],
    [{PGHOST => 'db', PGGSSENCMODE  => 'off'},      qr/PGGSSENCMODE='off'.* disable prefer$/m],
    [{PGHOST => 'db', PGGSSENCMODE  => 'require'},  qr/PGGSSENCMODE='require'.* disable prefer$/m],
    [{PGHOST => 'db', PGSSLKEY      => '/none'},    qr{PGSSLKEY='/none'.* can read}],
    [{PGHOST => 'db', PGSSLKEY      => $everyones}, qr/PGSSLKEY=.* libpq refuses it/],
    [{PGHOST => 'db', PGSSLROOTCERT => '/none'},    qr{PGSSLROOTCERT='/none'.* can read}],
    [{PGHOST => 'db', PGPASSFILE    => '/none'},    qr{PGPASSFILE='/none'.* can read}],
    [{PGHOST => 'db', PGPASSFILE    => $everyones}, qr/PGPASSFILE=.* libpq passes over it/],
    [   {PGHOST => 'db', DNS_TOOLS_JOURNAL => 'on', volume => '/nowhere'},
        qr{DNS_TOOLS_JOURNAL='on'.*/nowhere}
    ],
    [{DNS_TOOLS_CLIENT_IP => 'hash'}, qr/DNS_TOOLS_CLIENT_IP_KEY=''.* can read/],
    # Named like those of Kubernetes, but not with what it says there.
    map({ [{$_->[0] => $_->[1]}, qr/no variable $_->[0]; there are: /] } (
            [DNS_TOOLS_RESOLVR           => '192.0.2.53'],
            [DNS_TOOLS_PORT              => 8080],
            [DNS_TOOLS_LISTN_PORT        => 8080],
            [DNS_TOOLS_PORT              => 'http://10.0.0.1:3000'],
            [DNS_TOOLS_PORT              => "tcp://10.0.0.1:3000\n8080"],
            [DNS_TOOLS_SERVICE_PORT      => 8080],
            [DNS_TOOLS_SERVICE_PORT_HTTP => 8080],
            [DNS_TOOLS_SERVICE_HOST      => 'dns.example.com'],
            [DNS_TOOLS_PORT_3000         => 8080],
            [DNS_TOOLS_PORT_3000_TCP     => 8080])))
{
    my ($change, $message) = @$case;
    my ($status, $conf, $errors) = configure(%$change);
    is $status, 78, 'refused: ' . join ' ',
        map { "$_=$change->{$_}" =~ s/\n/\\n/gr } sort keys %$change;
    like $errors, $message, 'with a message';
}
chmod 0600, $everyones;
($status) = configure(PGHOST => 'db', PGPASSFILE => $everyones, PGSSLKEY => $everyones);
is $status, 0, 'files of its own';

# What PostgreSQL's manual says of sslkey.
SKIP: {
    skip 'only root may give files away', 6 if $> != 0;
    my ($nobody) = (getpwnam 'nobody')[2];
    for my $case (
        [0600, 0,       0],
        [0640, 0,       0],
        [0650, 0,       78],
        [0644, 0,       78],
        [0600, $nobody, 0],
        [0640, $nobody, 78])
    {
        my ($mode, $owner, $expected) = @$case;
        chown $owner, 0, $everyones;
        chmod $mode, $everyones;
        ($status) = configure(PGHOST => 'db', PGSSLKEY => $everyones);
        is $status, $expected, sprintf 'a key with mode %o of user %d', $mode, $owner;
    }
}
($status, $conf, $errors) = configure(
    PGHOST                  => 'db',
    PGSSLMINPROTOCOLVERSION => 'TLSv1.2',
    PGSSLMAXPROTOCOLVERSION => 'TLSv1.3',
    PGGSSENCMODE            => 'prefer');
is $status, 0, "libpq's own values" or diag $errors;
for my $most (qw(100y 1216M 5214w 36500d 876000h 52560000m 3153600000s 60s 1m)) {
    ($status, $conf) =
        configure(PGHOST => 'db', DNS_TOOLS_RETENTION => $most, volume => '/nowhere');
    is $status, 0, "DNS_TOOLS_RETENTION=$most";
    nginx_takes $conf, 'nginx takes it';
}

# Beside a mounted configuration the port tells the health check, and nobody else, where to ask.
sub health ($port) {
    my $process = DnsTools::Process->start(
        name   => 'healthcheck',
        argv   => ["$root/image/healthcheck"],
        env    => {%clean, DNS_TOOLS_LISTEN_PORT => $port},
        output => temp_folder('health') . '/output');
    $process->wait_end(10);
    return $process->ended >> 8;
}
my $nginx = DnsTools::Nginx->start;
is health($nginx->port), 0, 'healthy on the port of another configuration';
$nginx->quit;
isnt health($nginx->port), 0, 'unhealthy where nobody listens';

# The image stands on this example: a change there that leaves no place is an error.
my $stranger = temp_folder('stranger') . '/nginx.conf';
open $file, '>', $stranger or die $!;
say $file "http {\n}";
close $file;
my $output  = temp_folder('output') . '/output';
my $process = DnsTools::Process->start(
    name   => 'configure',
    argv   => ["$root/image/configure", $stranger, $volume],
    env    => \%clean,
    output => $output);
$process->wait_end(10);
isnt $process->ended >> 8, 0, 'another configuration is refused';
like slurp($output), qr/has not one place for access_log/, 'with a message';

done_testing;
