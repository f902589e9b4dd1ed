# A journal that was damaged while nginx was away: what is damaged is lost, the rest is saved, and
# the log says so. One of a newer version is left alone.

use v5.36;

use List::Util qw(max);

use DnsTools::Metrics qw(scrape);
use DnsTools::Ordeal;
use DnsTools::Test;

use constant {
    page         => 4096,
    frame_magic  => pack('L', 0x9df4e8a7),
    id_in_frame  => 32,                      # offsets: see journal_frame.cpp and record.cpp
    size_in_head => 4,
    overhead     => 24,
    version_at   => 8                        # see segment_header.hpp
};

my $dns     = DnsTools::Knot->start;
my $pg      = DnsTools::Postgres->start;
my $journal = temp_folder('journal') . '/queue';
my $nginx   = DnsTools::Nginx->start(
    http => use_dns($dns)
        . use_pg($pg)
        . "dns_tools_zone metrics:1m; dns_tools_journal $journal size=8m;",
    server => DnsTools::Nginx::routes() . 'location = /metrics { dns_tools_metrics; }');
wait_until('the schema', sub { $pg->table_exists });
my $ordeal = DnsTools::Ordeal->new(nginx => $nginx, pg => $pg);

# Where in the file the records of these ids stand: {id, begin, end}, in order.
sub frames ($bytes, @ids) {
    my @frames;
    for my $id (@ids) {
        my $at    = index $bytes, pack 'H*', $id =~ s/-//gr;
        my $begin = $at - id_in_frame;
        next if $at < 0 || substr($bytes, $begin, 4) ne frame_magic;
        my $size = overhead + unpack 'L', substr $bytes, $begin + size_in_head, 4;
        push @frames, {id => $id, begin => $begin, end => $begin + $size};
    }
    @frames = sort { $a->{begin} <=> $b->{begin} } @frames;
    return @frames;
}

# The only segment that holds anything: its path, its bytes.
sub segment (@ids) {
    my ($path) =
        sort { frames(slurp($b), @ids) <=> frames(slurp($a), @ids) }
        glob "$journal/worker-*/*.segment";
    return ($path, slurp($path));
}

sub write_segment ($path, $bytes) {
    open my $file, '>:raw', $path or die "$path: $!";
    print $file $bytes;
    close $file or die "$path: $!";
    return;
}

# Fills the journal, stops nginx, has $harm->($bytes, @frames) change the file's bytes and tell
# which ids are lost by that, and starts all again.
sub damaged ($what, $harm) {
    my @lost;
    $ordeal->through(
        $what => sub ($load) {
            $pg->stop;
            $load->more(600);
            my @ids = $ordeal->stop($load);
            ok $nginx->terminate, 'nginx leaves';
            my ($path, $bytes) = segment(@ids);
            my @frames = frames($bytes, @ids);
            cmp_ok scalar @frames, '>', 500, 'its journal holds what was answered';
            @lost = map { $_->{id} } $harm->(\$bytes, @frames);
            write_segment($path, $bytes);
            $nginx->run;
            $pg->run;
            if (@lost) {
                ok $ordeal->log_has(qr/bytes of the journal's "[^"]+" are lost/), 'the log says so';
                my ($bytes) = $ordeal->log_text =~ /(\d+) bytes of the journal's/;
                is scrape($nginx)->{history_damaged_bytes_total}, $bytes, 'and the metrics';
            }
        },
        lost => sub { @lost });
    return;
}

damaged 'a flipped bit in a record' => sub ($bytes, @frames) {
    my $frame = $frames[-200];
    substr($$bytes, $frame->{end} - 9, 1) ^.= "\x10";
    return $frame;
};

damaged 'a flipped bit where a record begins' => sub ($bytes, @frames) {
    my $frame = $frames[-200];
    substr($$bytes, $frame->{begin}, 1) ^.= "\x01";
    return $frame;
};

damaged 'a flipped bit in the size of a record' => sub ($bytes, @frames) {
    my $frame = $frames[-200];
    substr($$bytes, $frame->{begin} + size_in_head, 1) ^.= "\x40";
    return $frame;
};

damaged 'a zeroed page' => sub ($bytes, @frames) {
    my $begin = page * int(1 + $frames[-300]{begin} / page);
    substr($$bytes, $begin, page) = "\0" x page;
    return grep { $_->{begin} < $begin + page && $_->{end} > $begin } @frames;
};

damaged 'a torn tail' => sub ($bytes, @frames) {
    substr($$bytes, $frames[-50]{begin} + 40) = '';
    return @frames[-50 .. -1];
};

damaged 'a zeroed tail' => sub ($bytes, @frames) {
    my $from = $frames[-50]{begin} + 40;
    substr($$bytes, $from) = "\0" x (length($$bytes) - $from);
    return @frames[-50 .. -1];
};

damaged 'a zeroed header' => sub ($bytes, @frames) {
    substr($$bytes, 0, page) = "\0" x page;
    return;
};

$ordeal->through(
    'a newer version, and back' => sub ($load) {
        $pg->stop;
        $load->more(600);
        my @ids = $ordeal->stop($load);
        ok $nginx->terminate, 'nginx leaves';
        my ($path, $bytes) = segment(@ids);
        my $newer = $bytes;
        substr($newer, $_ + version_at, 4) = pack 'L', 2 for 0, page;
        write_segment($path, $newer);
        $nginx->run;
        $pg->run;
        ok $ordeal->log_has(qr/is of a newer version/), 'the log says so';
        my $id = $ordeal->ask('meanwhile.wild.test');
        ok eventually(sub { $pg->row($id) }), 'lookups are saved through another folder';
        ok $nginx->quit,                      'nginx leaves';
        ok slurp($path) eq $newer,            'the newer file is left as it was';
        write_segment($path, $bytes);
        $nginx->run;
    });

$nginx->finish;
$ordeal->reckon('after nginx has left');
is join(' ', glob "$journal/*"), '', 'nothing is left in the journal';
done_testing;
