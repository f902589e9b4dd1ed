# The journal's disk is full, or refuses to be written or read, under load. What was answered is
# saved; what cannot be kept is refused, or with full=drop answered all the same, and counted.

use v5.36;

use DnsTools::Ordeal;
use DnsTools::Test;

plan skip_all => 'only root may mount a file system' if $> != 0;

# Mounts are this test's own: in a mount namespace that ends with it.
if (!$ENV{TEST_MOUNT_NAMESPACE}) {
    local $ENV{TEST_MOUNT_NAMESPACE} = 1;
    my @includes = map { "-I$_" } grep { !ref } @INC;
    system('unshare', '--mount', 'true') == 0
        or plan skip_all => 'there are no mount namespaces here';
    exec 'unshare', '--mount', '--propagation', 'private', $^X, @includes, $0 or die "unshare: $!";
}

my $disk = temp_folder('disk');
my $user = (getpwnam 'www-data')[2];
system('mount', '-t', 'tmpfs', '-o', "size=3500k,mode=0755,uid=$user", 'journal', $disk) == 0
    or plan skip_all => 'nothing can be mounted here';
END { system 'umount', '--lazy', $disk if $disk }

my $dns     = DnsTools::Knot->start;
my $pg      = DnsTools::Postgres->start;
my $journal = "$disk/queue";
my $nginx;
my $ordeal;

sub start ($options = '') {
    $nginx = DnsTools::Nginx->start(
        http => use_dns($dns) . use_pg($pg) . "dns_tools_journal $journal size=8m $options;");
    wait_until('the schema', sub { $pg->table_exists });
    $ordeal = DnsTools::Ordeal->new(nginx => $nginx, pg => $pg);
    return;
}

# The status of a lookup beside the load.
sub try_lookup() {
    my $response = $nginx->http->get(lookup sprintf '%08x.localhost', rand 2**32);
    $ordeal->saw($response->json->{id}) if $response->status == 200;
    return $response;
}

# The ids in the journal's files: see journal_frame.cpp and record.cpp.
sub journal_ids() {
    my $magic = pack 'L', 0x9df4e8a7;
    return map {
        my $bytes = slurp($_);
        map { join '-', unpack 'A8 A4 A4 A4 A12', unpack 'H*', $_ }
            $bytes =~ /\Q$magic\E.{28}(.{16})/gs
    } glob "$journal/worker-*/*.segment";
}

# Unpaced: a disk is to be filled.
sub fill ($what, $full) {
    my $load = DnsTools::Load->start(port => $nginx->port, clients => 2);
    wait_until("a lookup $what", $full, 60);
    is $load->stop, '', 'no client has a complaint';
    $ordeal->saw($_) for $load->ids;
    return $load;
}

start;
$ordeal->through(
    'the disk is full, and lookups are refused' => sub ($load) {
        $pg->stop;
        my $filler = fill('is refused', sub { try_lookup->status == 503 });
        my $full   = try_lookup;
        error_is $full, 503, 'overloaded', 'a lookup';
        ok $full->header('retry-after'), 'with Retry-After';
        my %failures = map { $_->[0] => 1 } $filler->failures;
        is join(' ', keys %failures), 503, 'as are the others';
        ok $ordeal->log_has(qr/journal cannot make room: .*No space left/), 'the log says why';
        $pg->run;
        ok eventually(sub { try_lookup->status == 200 }, 20), 'room again';
    },
    failures => 1);
$nginx->finish;

# What is dropped was answered, so a client cannot tell; the journal holds exactly the others.
start('full=drop');
my (@then, %held);
$ordeal->through(
    'the disk is full, and lookups are answered all the same' => sub ($load) {
        $pg->stop;
        fill(
            'is not kept',
            sub {
                try_lookup;
                return $ordeal->log_text =~ /answered but not saved/;
            });
        $ordeal->stop($load);
        @then = $ordeal->answered;
        $held{$_} = 1 for journal_ids();
        cmp_ok scalar keys %held, '<', @then, 'the journal does not hold all';
        ok $ordeal->log_has(qr/journal cannot make room: .*No space left/), 'the log says why';
        $pg->run;
        wait_until('room again', sub { $nginx->http->get('/ready')->json->{status} eq 'up' }, 20);
        is try_lookup->status, 200, 'a lookup';
    },
    lost => sub {
        my %rows = map { $_ => 1 } $pg->ids;
        return grep { !$held{$_} && !$rows{$_} } @then;
    });
$nginx->finish;

subtest 'the disk is read-only when nginx starts' => sub {
    system('mount', '-o', 'remount,ro', $disk) == 0 or die 'remount';
    start;
    error_is try_lookup, 503, 'overloaded', 'a lookup';
    ok $nginx->log_has(qr/journal cannot make room: .*Read-only/), 'the log says why';
    is $nginx->http->get('/ready')->json->{checks}{journal}{status}, 'down', '/ready too';
    system('mount', '-o', 'remount,rw', $disk) == 0 or die 'remount';
    ok eventually(sub { try_lookup->status == 200 }, 20), 'lookups go on once it may be written';
    $ordeal->reckon('what was answered by then');
    $nginx->finish;
};

# nginx puts the modes of its folders right when it starts, so they are spoilt afterwards.
start;
for my $mode (0000, 0300, 0500) {
    $ordeal->through(
        sprintf('the folder has the mode %04o for a while', $mode) => sub ($load) {
            chmod $mode, $journal, glob "$journal/worker-*";
            $load->more(200);
            $pg->stop;
            $nginx->kill_worker;
            $load->more(100);
            # One that may be written, though not listed, still takes a folder.
            if ($mode != 0300) {
                is try_lookup->status, 503, 'a worker that finds no folder refuses';
                ok $ordeal->log_has(qr/journal cannot make room: .*Permission denied/),
                    'the log says why';
            }
            chmod 0700, $journal, glob "$journal/worker-*";
            $pg->run;
        },
        resets   => 1,
        failures => 1);
}
ok eventually(sub { 1 == (my @folders = glob "$journal/worker-*") }),
    'folders of workers that are gone are removed';
$nginx->finish(killed => 1);
$ordeal->reckon('after nginx has left');
is join(' ', glob "$journal/*"), '', 'nothing is left in the journal';
done_testing;
