# The module is harmless where nothing uses it.

use v5.36;

use DnsTools::Test;

my $load = 'load_module ' . DnsTools::Nginx::module_path() . ';';
my $base =
    "$load daemon off; pid logs/nginx.pid; error_log logs/error.log info; worker_processes 1;";

subtest 'without an http block' => sub {
    my $nginx = DnsTools::Nginx->start(conf => "$base events {}\n");
    ok $nginx->worker_pids, 'a worker runs';
    $nginx->reload;
    $nginx->finish;
};

subtest 'with an http block and none of its directives' => sub {
    my $nginx = DnsTools::Nginx->start(server => 'location / { return 200 "plain"; }');
    is $nginx->http->get('/')->body, 'plain', 'other locations answer';
    ok eventually(
        sub {
            grep { /"domain":"","type":"","result":""/ } $nginx->access_lines;
        }
        ),
        'the variables are empty where there was no lookup';
    $nginx->finish(above_warn => 1);
};

subtest 'routes that need neither a database nor a DNS server' => sub {
    my $nginx = DnsTools::Nginx->start;
    json_is $nginx->http->get('/health'), 200, '{"status":"up"}', 'health';
    $nginx->finish(above_warn => 1);
};

subtest 'only nginx\'s three symbols are visible' => sub {
    my $module = DnsTools::Nginx::module_path();
    my @symbols =
        map { (split)[2] =~ s/\@.*//r } grep { !/ [AU] / } `nm -D --defined-only '$module'`;
    is join(' ', sort @symbols), 'ngx_module_names ngx_module_order ngx_modules', 'exports';
};

done_testing;
