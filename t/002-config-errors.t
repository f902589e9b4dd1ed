# `nginx -t` names the directive, the value and what would be right.

use v5.36;

use DnsTools::Test;

sub check ($what, $pattern, %conf) {
    my ($exit, $output) = DnsTools::Nginx->check_conf(%conf);
    subtest $what => sub {
        isnt $exit, 0, 'refused';
        like $output,   qr/\[emerg\]/, 'with an error';
        like $output,   $_, "that says $_" for ref $pattern eq 'ARRAY' ? @$pattern : $pattern;
        unlike $output, qr/open-sesame/, 'that repeats no password';
    };
    return;
}

sub resolver ($words, @patterns) {
    check(
        "dns_tools_resolver $words",
        [qr/"dns_tools_resolver"/, @patterns],
        http => "dns_tools_resolver $words;");
    return;
}

my ($exit, $output) = DnsTools::Nginx->check_conf(
    http => <<~'CONF'
        dns_tools_resolver 127.0.0.1 127.0.0.2:5353 [::1] [::1]:5353 timeout=500ms attempts=2;
        dns_tools_database "host=127.0.0.1 port=5432 user=u password=open-sesame dbname=d";
        dns_tools_database_reads "host=127.0.0.1,127.0.0.2 user=u password=open-sesame dbname=d";
        dns_tools_schema verify;
        dns_tools_retention 30d;
        CONF
);
is $exit, 0, 'a right configuration is accepted' or diag $output;
for my $database ('', ' postgresql://u@db.internal:5432/d?sslmode=verify-full', ' service=dns') {
    ($exit, $output) = DnsTools::Nginx->check_conf(http => "dns_tools_database$database;");
    is $exit, 0, "dns_tools_database$database" or diag $output;
}

for my $right ('retention off', 'retention 1m', 'retention 1y 6M', 'database_reads') {
    my $words = $right eq 'retention 1y 6M' ? 'retention "1y 6M"' : $right;
    ($exit, $output) = DnsTools::Nginx->check_conf(http => "dns_tools_$words; dns_tools_database;");
    is $exit, 0, "dns_tools_$right" or diag $output;
}

resolver('127.0.0.1 timeout=soon',     qr/"timeout=soon"/, qr/time/);
resolver('127.0.0.1 timeout=0',        qr/"timeout=0"/);
resolver('127.0.0.1 timeout=',         qr/"timeout="/);
resolver('127.0.0.1 timeout=-1s',      qr/"timeout=-1s"/);
resolver('127.0.0.1 attempts=many',    qr/"attempts=many"/, qr/number/);
resolver('127.0.0.1 attempts=0',       qr/"attempts=0"/);
resolver('127.0.0.1 attempts=1000000', qr/"attempts=1000000"/);
resolver('127.0.0.1:0',                qr/"127\.0\.0\.1:0"/,     qr/ADDRESS/);
resolver('127.0.0.1:65536',            qr/"127\.0\.0\.1:65536"/, qr/ADDRESS/);
resolver('127.0.0.1:dns',              qr/"127\.0\.0\.1:dns"/,   qr/ADDRESS/);
resolver('unix:/tmp/dns',              qr{"unix:/tmp/dns"},      qr/ADDRESS/);
resolver('127.0.0.1 retries=3',        qr/"retries=3"/,          qr/attempts=/);
resolver('nowhere.invalid',            qr/"nowhere\.invalid"/,   qr/ADDRESS/);
resolver('127.0.0.1/8',                qr{"127\.0\.0\.1/8"},     qr/ADDRESS/);
resolver('timeout=2s',                 qr/ADDRESS/);

{
    my @nameservers = map { "127.0.0.$_" } 1 .. 65;
    check 'dns_tools_resolver with 65 addresses',
        [qr/"dns_tools_resolver"/, qr/"127\.0\.0\.65"/, qr/at most 64 nameservers/],
        http => "dns_tools_resolver @nameservers;";
    my ($code, $said) =
        DnsTools::Nginx->check_conf(http => "dns_tools_resolver @nameservers[0 .. 63];");
    is $code, 0, '64 nameservers are accepted' or diag $said;
}

check 'dns_tools_resolver without an address',
    qr/invalid number of arguments in "dns_tools_resolver"/,
    http => 'dns_tools_resolver;';
check 'dns_tools_resolver twice', qr/"dns_tools_resolver" directive is duplicate/,
    http => 'dns_tools_resolver 127.0.0.1; dns_tools_resolver 127.0.0.2;';
check 'dns_tools_resolver in a server', qr/"dns_tools_resolver" directive is not allowed here/,
    server => 'dns_tools_resolver 127.0.0.1;';

check 'a connection string that is none', qr/"dns_tools_database"/,
    http => 'dns_tools_database "password=open-sesame host";';
check 'a connection string with an unknown word', [qr/"dns_tools_database"/],
    http => 'dns_tools_database "password=open-sesame hots=127.0.0.1";';
check 'a connection URI that is none', [qr/"dns_tools_database"/],
    http => 'dns_tools_database "postgresql://user:open-sesame@[::1/d";';
check 'dns_tools_database twice', qr/"dns_tools_database" directive is duplicate/,
    http => 'dns_tools_database; dns_tools_database;';
check 'dns_tools_database with two values', qr/invalid number of arguments in "dns_tools_database"/,
    http => 'dns_tools_database host=a port=5;';

my $here = 'dns_tools_database;';
check 'dns_tools_database_reads with a connection string that is none',
    qr/"dns_tools_database_reads"/,
    http => "$here dns_tools_database_reads 'password=open-sesame host';";
check 'dns_tools_database_reads with a connection URI that is none',
    qr/"dns_tools_database_reads"/,
    http => "$here dns_tools_database_reads 'postgresql://user:open-sesame@[::1/d';";
check 'dns_tools_database_reads twice', qr/"dns_tools_database_reads" directive is duplicate/,
    http => "$here dns_tools_database_reads; dns_tools_database_reads;";
check 'dns_tools_database_reads without dns_tools_database',
    qr/"dns_tools_database_reads" directive needs "dns_tools_database"/,
    http => 'dns_tools_database_reads "host=a password=open-sesame";';

for my $retention (qw(soon 0 59s 1000ms -1d 30 101y 99999999999999999y forever Off), '""') {
    my $said = $retention =~ s/"//gr;
    check "dns_tools_retention $retention",
        [qr/"dns_tools_retention"/, qr/"\Q$said\E"/, qr/from 1m/],
        http => "$here dns_tools_retention $retention;";
}
check 'dns_tools_retention twice', qr/"dns_tools_retention" directive is duplicate/,
    http => "$here dns_tools_retention off; dns_tools_retention 1d;";
check 'dns_tools_retention without a time',
    qr/invalid number of arguments in "dns_tools_retention"/,
    http => "$here dns_tools_retention;";
check 'dns_tools_retention in a server', qr/"dns_tools_retention" directive is not allowed here/,
    http   => $here,
    server => 'dns_tools_retention 1d;';
check 'dns_tools_retention without dns_tools_database',
    qr/"dns_tools_retention" directive needs "dns_tools_database"/,
    http => 'dns_tools_retention 30d;';

check 'dns_tools_schema with another word',
    [qr/"dns_tools_schema"/, qr/"drop"/, qr/create/, qr/verify/],
    http => 'dns_tools_schema drop;';
check 'dns_tools_schema twice', qr/"dns_tools_schema" directive is duplicate/,
    http => 'dns_tools_schema create; dns_tools_schema verify;';
check 'dns_tools_schema without a word', qr/invalid number of arguments in "dns_tools_schema"/,
    http => 'dns_tools_schema;';

for my $handler (map { "dns_tools_$_" } qw(info health ready lookup validate history)) {
    check "$handler with a value", qr/invalid number of arguments in "$handler"/,
        server => "location /x { $handler on; }";
    check "$handler outside a location", qr/"$handler" directive is not allowed here/,
        server => "$handler;";
    check "$handler twice", qr/"$handler" directive/,
        server => "location /x { $handler; $handler; }";
}
check 'two handlers in one location', qr/"dns_tools_health" directive/,
    server => 'location /x { dns_tools_info; dns_tools_health; }';

done_testing;
