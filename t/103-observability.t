# What observability/ brings is right: every metric that it names is there, its rules hold.

use v5.36;

use Cwd            qw(abs_path);
use File::Basename qw(dirname);
use JSON::PP;

use DnsTools::Test;

my $folder = abs_path(dirname(__FILE__) . '/../observability');
my $dns    = DnsTools::Knot->start;
my $pg     = DnsTools::Postgres->start;
my $nginx  = DnsTools::Nginx->start(
    http   => use_dns($dns) . use_pg($pg) . 'dns_tools_zone metrics:1m;',
    server => DnsTools::Nginx::routes() . 'location = /metrics { dns_tools_metrics; }');
$nginx->http->get(lookup 'one.test');

# metric => {label => 1}, as they are in the live output.
my %live;
eventually(
    sub {
        %live = ();
        for (split /\n/, $nginx->http->get('/metrics')->body) {
            my ($name, $labels) = /^(dns_tools_\w+)(?:\{(.*)\})? / or next;
            $live{$name}{$_} = 1 for '', ($labels // '') =~ /(\w+)="/g;
        }
        return $live{'dns_tools_http_requests_total'} && $live{'dns_tools_database_up'};
    });

# Every metric of an expression is live, and has the labels that are asked of it.
sub check_expression ($what, $expression) {
    subtest $what => sub {
        my @names = $expression =~ /\b(dns_tools_\w+)/g;
        ok @names,    'names a metric';
        ok $live{$_}, "$_ is there" for @names;
        while ($expression =~ /\b(dns_tools_\w+)\{([^}]*)\}/g) {
            my ($name, $matchers) = ($1, $2);
            for my $label ($matchers =~ /(\w+)\s*(?:=~|!~|!=|=)/g) {
                next if $label =~ /^(?:job|instance)$/;
                ok $live{$name}{$label}, "$name has the label $label";
            }
        }
        for my $label (map { split /\s*,\s*/ } $expression =~ /\bby \(([^)]*)\)/g) {
            next if $label =~ /^(?:job|instance)$/;
            ok scalar(grep { $live{$_}{$label} } @names), "one of them has the label $label";
        }
    };
    return;
}

my %alerts;
for (split /(?=- alert:)/, slurp("$folder/alerts.yml")) {
    my ($name, $expression) = /- alert: (\w+)\s+expr: (.*?)\n\s+(?:for|labels):/s or next;
    $alerts{$name} = $expression;
}
is scalar keys %alerts, scalar(() = slurp("$folder/alerts.yml") =~ /- alert:/g),
    'all alerts are read';
check_expression $_, $alerts{$_} for sort keys %alerts;

my $dashboard = JSON::PP->new->utf8->decode(slurp("$folder/dashboard.json"));
my %ids;
for my $panel (grep { $_->{type} ne 'row' } $dashboard->{panels}->@*) {
    ok !$ids{$panel->{id}}++, "panel $panel->{id} is one";
    check_expression "panel $panel->{title}", $_->{expr} for $panel->{targets}->@*;
}
check_expression "variable $_->{name}", $_->{query} =~ s/^label_values\(//r
    for grep { $_->{type} eq 'query' } $dashboard->{templating}{list}->@*;

# Figures that mean something else have another panel, or one that says which is which.
subtest 'panels show what their figures mean' => sub {
    for my $panel (grep { $_->{targets} } $dashboard->{panels}->@*) {
        my $defaults = $panel->{fieldConfig}{defaults};
        my @shown    = map { $_->{expr} } $panel->{targets}->@*;
        my @bytes    = grep { /\bdns_tools_\w+_bytes(?:_total)?\b/ } @shown;
        is_deeply [$defaults->{unit}, scalar @bytes], ['bytes', scalar @shown],
            "$panel->{title} counts bytes only"
            if @bytes;
        next if $panel->{type} ne 'stat';
        if (grep { /\bdns_tools_\w+_up\b/ } @shown) {
            my %means  = map { $_->{options}->%* } $defaults->{mappings}->@*;
            my @colors = map { $_->{color} } $defaults->{thresholds}{steps}->@*;
            is_deeply [map { @$_{qw(text color)} } @means{0, 1}], [qw(Down red Up green)],
                "$panel->{title} tells down from up";
            is_deeply \@colors, [qw(red green)], 'in color';
        }
        is $panel->{options}{textMode}, 'name', "$panel->{title} shows the labels"
            if grep { /\bdns_tools_build_info\b/ } @shown;
    }
};

# Nothing of the live output is left out of the dashboard.
my $shown = join ' ', map { $_->{expr} } map { ($_->{targets} // [])->@* } $dashboard->{panels}->@*;
my %families = map { s/_(?:bucket|sum|count)$//r => 1 } keys %live;
is join(' ', grep { $shown !~ /\b$_/ } sort keys %families), '', 'the dashboard shows every metric';

sub promtool (@arguments) {
    my $said = `cd $folder && promtool @arguments 2>&1`;
    return is $?, 0, "promtool @arguments" || diag $said;
}
promtool('check', 'config', 'prometheus.yml');
promtool('test',  'rules',  'alerts_test.yml');
my $tests = slurp("$folder/alerts_test.yml");
for my $alert (sort keys %alerts) {
    my @cases = $tests =~ /alertname: $alert\n(.*?)(?=alertname:|\z)/gs;
    ok scalar(grep { /exp_alerts: \[\]/ } @cases), "$alert is tested to keep quiet";
    ok scalar(grep { /exp_annotations/ } @cases),  "$alert is tested to fire";
}

$nginx->finish;
done_testing;
