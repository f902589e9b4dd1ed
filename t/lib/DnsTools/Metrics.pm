package DnsTools::Metrics;

# What /metrics says, series by series.

use v5.36;

use Carp     qw(confess);
use Exporter qw(import);

our @EXPORT_OK = qw(counters_of scrape);

# {'name{label="value",...}' => value}, with the module's prefix left out of the names.
sub parse ($text) {
    my %series;
    for (split /\n/, $text) {
        next if /^#/;
        my ($name, $value) = /^dns_tools_(\w+(?:\{.*\})?) (\S+)$/ or confess "no sample: $_";
        confess "twice: $name" if exists $series{$name};
        $series{$name} = $value;
    }
    return \%series;
}

sub scrape ($nginx) {
    my $response = $nginx->http->get('/metrics');
    confess 'status ' . $response->status if $response->status != 200;
    return parse($response->body);
}

# Those of a scrape that may never go down.
sub counters_of ($series) {
    return {map { $_ => $series->{$_} }
            grep { /_(?:total|bucket|count|sum)(?:\{|$)/ } keys %$series};
}

1;
