# Prints the medians of the rounds that bench/run has measured: table.pl FIGURES PAIRS [RESULT].

use v5.36;
use utf8;
use open qw(:std :encoding(UTF-8));

my ($figures, $pairs, $result) = @ARGV;
my (@order, %rounds, %target);
open my $in, '<', $figures or die "$figures: $!\n";
while (my $line = <$in>) {
    chomp $line;
    my ($name, $target, $cpu, $wrk) = split /\|/, $line;
    my ($requests, $errors, $micros, $p50, $p99) = split ' ', $wrk;
    die "no request was answered: $name\n" if !$requests;
    push @order, $name if !$rounds{$name};
    $target{$name} = $target;
    push @{$rounds{$name}},
        {
        cpu => $cpu / $requests / 1000,
        rate => $requests / $micros * 1e6,
        p50 => $p50 / 1000,
        p99 => $p99 / 1000,
        errors => $errors,
        };
}

sub median(@values) {
    my @sorted = sort { $a <=> $b } @values;
    my $middle = int(@sorted / 2);
    return @sorted % 2 ? $sorted[$middle] : ($sorted[$middle - 1] + $sorted[$middle]) / 2;
}

# A ratio is taken within its round, where the machine was the same.
my $base = $rounds{$order[0]};
my @rows;
for my $name (@order) {
    my @its = @{$rounds{$name}};
    my @ratios = map { $its[$_]{cpu} / $base->[$_]{cpu} } 0 .. $#its;
    my $errors = 0;
    $errors += $_->{errors} for @its;
    my %of = map { my $what = $_; $what => median(map { $_->{$what} } @its) } qw(cpu rate p50 p99);
    push @rows, {%of, name => $name, ratio => median(@ratios), errors => $errors};
}

my $format = "%-26s %8s %7s %7s %-5s %10s %9s %9s %7s\n";
printf $format, 'route', 'CPU µs', 'ratio', 'target', '', 'requests/s', 'p50 ms', 'p99 ms', 'errors';
for my $row (@rows) {
    my $target = $target{$row->{name}};
    my $is_base = $row == $rows[0];
    printf $format, $row->{name}, sprintf('%.2f', $row->{cpu}), sprintf('%.2f', $row->{ratio}),
        $is_base ? '' : sprintf('%.2f', $target),
        $is_base ? '' : $row->{ratio} <= $target ? 'holds' : 'over', sprintf('%.0f', $row->{rate}),
        sprintf('%.2f', $row->{p50}), sprintf('%.2f', $row->{p99}), $row->{errors};
}

# The same requests without and with counting, one after the other.
my %overheads;
open $in, '<', $pairs or die "$pairs: $!\n";
while (my $line = <$in>) {
    my ($kind, $plain_cpu, $plain, $counted_cpu, $counted) = split /\|/, $line;
    my ($plain_requests)   = split ' ', $plain;
    my ($counted_requests) = split ' ', $counted;
    push @{$overheads{$kind}},
        ($counted_cpu / $counted_requests) / ($plain_cpu / $plain_requests) * 100 - 100;
}
print "\n";
for my $kind (sort keys %overheads) {
    my @sorted = sort { $a <=> $b } @{$overheads{$kind}};
    my $median = median(@sorted);
    printf "counting costs %.1f %% of /%s (the middle half of %d pairs: %.1f to %.1f %%), at most 2 %%: %s\n",
        $median, $kind, scalar @sorted, @sorted[$#sorted * 0.25, $#sorted * 0.75],
        $median <= 2 ? 'holds' : 'over';
}

if ($result) {
    open my $out, '>', $result or die "$result: $!\n";
    say $out join "\t", @$_{qw(name cpu ratio rate p50 p99 errors)} for @rows;
    close $out or die "$result: $!\n";
}
