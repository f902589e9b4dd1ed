package DnsTools::Ordeal;

# Lookups go on while something is done to the database, the network or nginx; then the reckoning:
# every 200 is one row, and no row is more.

use v5.36;

use Carp qw(confess);
use Test::More;

use DnsTools::Load;
use DnsTools::Process qw(eventually);

# nginx, pg; clients: how many at a time; seconds: how long the rows may take.
sub new ($class, %o) {
    my $self = bless {clients => 4, seconds => 30, %o}, $class;
    $self->_begin;
    return $self;
}

# What is in the table from now on is of no further interest.
sub _begin ($self) {
    $self->{known}      = {map { $_ => 1 } $self->{pg}->ids};
    $self->{answered}   = {};
    $self->{unanswered} = {};
    $self->{log_size}   = length $self->{nginx}->errors;
    return;
}

# What nginx has logged since the last reckoning, and whether this comes to stand there.
sub log_text ($self) { return substr $self->{nginx}->errors, $self->{log_size} }

sub log_has ($self, $pattern) {
    return eventually(sub { $self->log_text =~ $pattern });
}

# A lookup of the test's own beside the load: its id.
sub ask ($self, $name) {
    my $response = ($self->{http} //= $self->{nginx}->http)->get("/tools/lookup?domain=$name");
    $response->status == 200 or confess "$name: ", $response->status, ' ', $response->body;
    return $self->saw($response->json->{id});
}

# A 200 had this id.
sub saw ($self, $id) {
    $self->{answered}{$id} = 1;
    return $id;
}

# The ids of all 200s since the last reckoning, once the load has ended.
sub answered ($self) {
    my @ids = sort keys %{$self->{answered}};
    return @ids;
}

# Runs $harm->($load) amid the load, then reckons. Options:
#   resets    connections may break: what their requests wanted may be saved or not
#   failures  answers other than 200 are fine
#   lost      sub that tells afterwards which ids are lost
sub through ($self, $what, $harm, %o) {
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    return subtest $what => sub {
        my $load = DnsTools::Load->start(
            port    => $self->{nginx}->port,
            clients => $self->{clients},
            pause   => 0.002,                  # some thousand rows are enough to count
            resets  => $o{resets});
        $load->more(100);
        $harm->($load);
        $load->more(100) if !$load->{stopped};
        $self->stop($load, %o);
        $self->reckon($what, %o);
    };
}

# Ends the load before its time: the ids of its 200s.
sub stop ($self, $load, %o) {
    return if $load->{stopped}++;
    is $load->stop, '', 'no client has a complaint';
    my %failures;
    ++$failures{$_->[0]} for $load->failures;
    is join(' ', map { "$_: $failures{$_}" } sort keys %failures), '', 'no lookup fails'
        if !$o{failures};
    $self->{answered}{$_}   = 1 for $load->ids;
    $self->{unanswered}{$_} = 1 for $load->unanswered;
    return $load->ids;
}

# Waits for the rows, and compares.
sub reckon ($self, $what, %o) {
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my @answered = $self->answered;
    my @expected = sort $o{lost} ? $o{lost}->() : ();
    my %excused  = map  { $_ => 1 } @expected;
    my @due      = grep { !$excused{$_} } @answered;
    my $rows     = $self->_rows;
    eventually(
        sub {
            $rows = $self->_rows if $self->{pg}->count != keys %$rows;
            return !grep { !$rows->{$_} } @due;
        },
        $self->{seconds});

    my @lost  = grep { !$rows->{$_} } @answered;
    my @extra = grep { !$self->{answered}{$_} && !$self->{known}{$_} } keys %$rows;
    my @alien = grep { !$self->{unanswered}{$rows->{$_}} } @extra;
    my %times;
    ++$times{$rows->{$_}} for keys %$rows;
    my $twice   = grep { $_ > 1 } values %times;
    my $figures = @answered . ' answered, ' . @lost . " lost, $twice duplicated";
    $figures .= ', ' . @extra . ' saved without an answer' if @extra;

    my %lost  = map { $_ => 1 } @lost;
    my @wrong = ((grep { !$excused{$_} } @lost), (grep { !$lost{$_} } @expected));
    ok !@wrong, "$what: $figures"
        or diag scalar @expected, ' were to be lost; not as it should be: ',
        join ' ', grep { defined } @wrong[0 .. 2];
    is $twice,         0, 'no name has two rows';
    is scalar(@alien), 0, 'no row is of a request that was never made';
    unlike $self->log_text, qr/not saved/, 'and the log tells of no loss' if !@expected;
    $self->_begin;
    return;
}

# The name in each row, by id.
sub _rows ($self) {
    my $text = eval { $self->{pg}->sql('SELECT id, domain FROM dns_lookups') } // '';
    return {map { split /\|/ } split /\n/, $text};
}

1;
