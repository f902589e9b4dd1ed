# The documents say what there is: every directive, variable, error code, metric, setting of the
# image and make target is described and nothing else is, and links lead somewhere.

use v5.36;

use File::Basename qw(dirname);
use List::Util     qw(uniq);

use DnsTools::Test;

my $root = $INC{'DnsTools/Test.pm'} =~ s{/?t/lib/DnsTools/Test\.pm$}{}r || '.';

sub text (@files) {
    return join '', map { slurp($_) } map { glob "$root/$_" } @files;
}

# The document's part below this heading of the second level, up to the next.
sub section ($document, $heading) {
    my ($part) = $document =~ /^## \Q$heading\E\n(.*?)(?=^## |\z)/ms
        or die "there is no section '$heading'";
    return $part;
}

# The words in backquotes that rows of the tables begin with.
sub first_cells ($document) {
    return map { /`([^`]+)`/g } $document =~ /^\| ((?:[^|\\]|\\.)*) \|/mg;
}

sub same ($described, $there, $what) {
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    cmp_ok scalar @$there, '>', 0, "there are some: $what" or return;
    return is join("\n", sort(uniq(@$described))), join("\n", sort(uniq(@$there))), $what;
}

my $configuration = text('docs/configuration.md');
my $api           = text('docs/api.md');
my $readme        = text('README.md');

subtest 'directives' => sub {
    my $module = text('module/nginx/module.cpp');
    my %places = (in_http => '`http`', everywhere => '`http`, `server`, `location`');
    my %there;
    while ($module =~ /\b(in_http|everywhere)\("(\w+)"/g) { $there{$2} = $places{$1} }
    $there{$_} = '`location`' for text('module/nginx/handlers.hpp') =~ /\{"(dns_tools_\w+)"/g;
    same [$configuration =~ /^## (dns_tools_\w+)$/mg], [keys %there], 'have a section';
    my ($contents) = $configuration =~ /\A(.*?)^## /ms;
    same [$contents =~ /\(#(dns_tools_\w+)\)/g], [keys %there], 'are in the list above';
    same [map { /^(dns_tools_\w+)$/ } first_cells(section($readme, 'Directives') =~ s/[\[\]]//gr)],
        [keys %there], 'are in the README';

    for my $name (sort keys %there) {
        my $section = section($configuration, $name);
        like $section, qr/^\| Syntax \| `\Q$name\E[ ;]/m,         "$name: syntax";
        like $section, qr/^\| Default \| \S/m,                    'default';
        like $section, qr/^\| Context \| \Q$there{$name}\E \|/m,  'context';
        like $section, qr/^```nginx\n(?:.*\n)*?.*\b\Q$name\E\b/m, 'an example';
    }
};

subtest 'variables' => sub {
    my @there = text('module/nginx/variables.cpp') =~ /Variable\{"(\w+)"/g;
    same [map { /^\$(\w+)$/ } first_cells(section($configuration, 'Variables'))], \@there, 'all';
};

subtest 'error codes' => sub {
    my $sources = text('module/api/*.cpp');
    my @there   = map { /"([a-z_]+)"/g } $sources =~ /\berror\([^,;"]+,([^,;]+),/g;
    push @there, $sources =~ /\brefuse\(\s*"(\w+)"/g,
        $sources =~ /\bparameter\(\w+, "\w+", "(\w+)"/g;
    my ($results) = text('module/dns/answer.cpp') =~ /word\(Result \w+\)(.*?)^\}/ms;
    push @there, grep { $_ ne 'ok' } $results =~ /return "(\w+)"/g;
    my ($own) = text('nginx.conf.example') =~ /map \$status \$error_code \{(.*?)\}/s;
    push @there, $own =~ /\w+ +(\w+);/g;
    my @described = $api =~ /^\| \d{3} \| `(\w+)` \|/mg;
    same [grep { !/^(?:up|degraded|down)$/ } @described], \@there, 'all';
    my $openapi = text('openapi.yaml');
    my @enums   = $openapi =~ /^ +- properties: \{ code: \{ enum: \[([^\]]+)\] \} \}$/mg;
    push @enums, $openapi =~ /^ +- properties:\n +code:\n +enum:\n((?: +- \w+\n)+)/mg;
    same [map { /(\w+)/g } @enums], \@there, 'are in openapi.yaml';
};

subtest 'metrics' => sub {
    my @there = text('module/metrics/exposition.cpp') =~
        /\b(?:begin|single)\(\s*MetricType::\w+,\s*"(\w+)"/g;
    my $section = section(text('docs/operations.md'), 'Metrics, alerts, dashboard');
    same [map { s/\{.*//r } grep { !/^Dns/ } first_cells($section)], \@there, 'all';
    same [grep { /^Dns/ } first_cells($section)],
        [text('observability/alerts.yml') =~ /- alert: (\w+)/g], 'and all alerts';
};

subtest 'settings of the image' => sub {
    my @there   = map { split } text('image/configure') =~ /^known="?'?(?:\$known )?([A-Z_ ]+)/mg;
    my $section = section($configuration, 'Environment of the image');
    same [grep { /^DNS_TOOLS_/ } first_cells($section)], \@there, 'all';
};

subtest 'make targets' => sub {
    my @there = text('Makefile') =~ /^([a-z-]+):.*## /mg;
    same [map { /^make ([a-z-]+)$/ } first_cells(section($readme, 'Working on the code'))],
        \@there, 'all';
};

# As GitHub makes them of headings.
sub anchor ($heading) {
    return lc($heading) =~ s/\[([^\]]*)\]\([^)]*\)/$1/gr =~ s/[^\w\- ]//gr =~ tr/ /-/r;
}

sub anchors ($document) {
    $document =~ s/^ *```.*?^ *```$//msg;
    return map { anchor($_) => 1 } $document =~ /^#+ (.*)$/mg;
}

subtest 'links' => sub {
    my $links = 0;
    for my $file (map { glob "$root/$_" } qw(*.md docs/*.md helm/*/*.md)) {
        my $document = slurp($file);
        for my $target ($document =~ /\]\(([^)\s]+)\)/g) {
            next if $target =~ /^\w+:/;
            ++$links;
            my ($path, $anchor) = $target =~ /^([^#]*)#?(.*)$/;
            my $other = $path eq '' ? $file : dirname($file) . "/$path";
            ok -e $other, "$file: $target" or next;
            next if $anchor eq '';
            my %anchors = anchors(slurp($other));
            ok $anchors{$anchor}, "$file: #$anchor is a heading there";
        }
    }
    cmp_ok $links, '>', 30, 'there are links';
};

done_testing;
