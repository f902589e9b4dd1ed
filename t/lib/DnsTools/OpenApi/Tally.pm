package DnsTools::OpenApi::Tally;

# What was seen of a server, in the same words as what openapi.yaml describes, to be compared both
# ways. A point is "OPERATION STATUS" and one of
#   type TYPE, header NAME       of the answer
#   checks.database.since        a member of its body
#   code=nxdomain, x=true        a member with a value, where the description lists its values
# or "OPERATION request" and ?NAME, ?NAME=VALUE or body NAME.

use v5.36;

use Carp qw(confess);
use JSON::PP;
use List::Util qw(any none);

use DnsTools::Process qw(slurp);

# Of every answer, and the proxy's own.
my %ordinary = map { $_ => 1 } qw(connection content-length content-type date keep-alive server
    sl-violations transfer-encoding);

# What a file describes. `seen` is by default nothing.
sub new ($class, $file, $seen = {}) {
    open my $node, '-|', qw(scripts/npm-tools node scripts/npm/described-api.js), $file
        or confess "node: $!";
    my $api = decode_json(do { local $/; <$node> });
    close $node or confess 'described-api.js has failed';

    my $self = bless {described => {}, seen => $seen, bare => $api->{bare}}, $class;
    for my $operation (keys %{$api->{answers}}) {
        my %points = _by_status($api->{answers}{$operation});
        $self->{described}{"$operation $_"} = $points{$_} for keys %points;
        $self->{described}{"$operation request"} =
            {map { $_ => 1 } @{$api->{requests}{$operation}}};
    }
    return $self;
}

# What is described of an operation, with each code of 4XX and 5XX at its own status. Where that is
# described by itself, the range does not count.
sub _by_status ($answers) {
    my %points = map { $_ => {map { $_ => 1 } @{$answers->{$_}}} } grep { !/XX/ } keys %$answers;
    my $status = statuses();
    my %more;
    for my $range (grep {/XX/} keys %$answers) {
        my @common = grep { !/^code=/ } @{$answers->{$range}};
        for my $code (map { /^code=(.*)/ ? $1 : () } @{$answers->{$range}}) {
            my $own = $status->{$code} // confess "nginx has no status for $code";
            confess "$code is not $range" if substr($own, 0, 1) ne substr($range, 0, 1);
            $more{$own}{$_} = 1 for @common, "code=$code";
        }
    }
    return (%more, %points);
}

# The statuses of nginx's own errors, by code.
sub statuses() {
    my ($map) = slurp('nginx.conf.example') =~ /map \$status \$error_code \{(.*?)\}/s;
    my %of = reverse $map =~ /(\w+) +(\w+);/g;
    $of{internal_error} = 500;
    return \%of;
}

sub operations ($self) {
    my %operations = map { s/ \S+$//r => 1 } keys %{$self->{described}};
    my @operations = sort keys %operations;
    return @operations;
}

sub describes ($self, $operation, $status, $point) {
    return $self->{described}{"$operation $status"}{$point};
}

# What has no example in the description.
sub bare ($self) { return @{$self->{bare}} }

# Counts a request that was understood.
sub asked ($self, $method, $target, $body) {
    my ($path, $query) = split /\?/, $target, 2;
    my $place = "$method $path request";
    my $known = $self->{described}{$place} // {};
    my @points;
    for (split /&/, $query // '') {
        my ($name, $value) = split /=/;
        push @points, "?$name", _listed("?$name", $value, $known);
    }
    push @points, map { "body $_" } keys %{decode_json($body)} if defined $body;
    ++$self->{seen}{$place}{$_} for @points;
    return;
}

# Counts an answer. Of a method that is not described, it counts for the others of its path.
sub saw ($self, $method, $target, $response) {
    my $path       = $target =~ s/\?.*//r;
    my @operations = "$method $path";
    if (none { $_ eq $operations[0] } $self->operations) {
        my @others = grep {/ \Q$path\E$/} $self->operations;
        @operations = @others if @others;
    }
    for my $operation (@operations) {
        my $place = "$operation " . $response->status;
        ++$self->{seen}{$place}{$_} for _points($response, $self->{described}{$place} // {});
    }
    return;
}

sub _points ($response, $known) {
    my $type    = $response->header('content-type');
    my @special = grep { !$ordinary{$_} && !/^access-control-/ } $response->header_names;
    my @points  = map {"header $_"} @special;
    push @points, "type $type"                          if defined $type;
    push @points, _members($response->json, '', $known) if ($type // '') eq 'application/json';
    return @points;
}

sub _members ($value, $place, $known) {
    return map { _members($_, "$place\[]", $known) } @$value if ref $value eq 'ARRAY';
    return _listed($place, $value, $known)                   if ref $value ne 'HASH';
    my $within = $place eq '' ? '' : "$place.";
    return map {
        my $path = $within . ($known->{"$within*"} ? '*' : $_);
        ($path, _members($value->{$_}, $path, $known));
    } keys %$value;
}

# A value, where the description lists those that there may be.
sub _listed ($name, $value, $known) {
    return "$name=null" if !defined $value;
    $value = $value ? 'true' : 'false' if JSON::PP::is_bool($value);
    return (any {/^\Q$name\E=(?!null$)/} keys %$known) ? "$name=$value" : ();
}

# The same that was seen, and what another file describes.
sub against ($self, $file) { return ref($self)->new($file, $self->{seen}) }

# Every point that is described, or that was seen.
sub described ($self) { return _lines($self->{described}) }
sub seen      ($self) { return _lines($self->{seen}) }

sub _lines ($points) {
    my @lines = sort map {
        my $place = $_;
        map {"$place $_"} keys %{$points->{$place}};
    } keys %$points;
    return @lines;
}

# One line for each point that only one side has. `unseen` are patterns of what need not be seen;
# one that matches nothing, or something that was seen, is a difference, too.
sub differences ($self, %o) {
    my @unseen    = @{$o{unseen} // []};
    my %seen      = map { $_ => 1 } $self->seen, @{$o{with} // []};
    delete @seen{@{$o{without} // []}};
    my %described = map { $_ => 1 } $self->described;
    my @missing   = grep { !$seen{$_} } keys %described;
    my @lines     = map {"seen, not described: $_"} grep { !$described{$_} } keys %seen;
    for my $line (@missing) {
        push @lines, "described, not seen: $line" if none { $line =~ $_ } @unseen;
    }
    for my $pattern (@unseen) {
        push @lines, "no exception: $pattern"
            if (none { $_ =~ $pattern } @missing) || any { $_ =~ $pattern } keys %seen;
    }
    @lines = sort @lines;
    return @lines;
}

1;
