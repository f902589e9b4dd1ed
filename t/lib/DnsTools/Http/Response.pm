package DnsTools::Http::Response;

# One HTTP answer: status, headers, body.

use v5.36;

use Carp qw(confess);
use JSON::PP;

my $json = JSON::PP->new->utf8;

sub new ($class, $head) {
    my ($line, @lines) = split /\r\n/, $head;
    my ($status) = $line =~ m{^HTTP/1\.[01] (\d{3})(?: |$)} or confess "status line: $line";
    my %headers;
    for (@lines) {
        my ($name, $value) = /^([^:\s]+):\s*(.*?)\s*$/ or confess "header: $_";
        $name = lc $name;
        $headers{$name} = exists $headers{$name} ? "$headers{$name}, $value" : $value;
    }
    return bless {status => $status + 0, headers => \%headers, body => ''}, $class;
}

sub status ($self)        { return $self->{status} }
sub header ($self, $name) { return $self->{headers}{lc $name} }
sub header_names ($self)  { return sort keys %{$self->{headers}} }
sub body   ($self)        { return $self->{body} }

sub json ($self) {
    return eval { $json->decode($self->{body}) } // confess "no JSON: $self->{body}";
}
sub code ($self) { my $json = $self->json; return ref $json eq 'HASH' ? $json->{code} : undef }

1;
