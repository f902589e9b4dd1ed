package DnsTools::Valgrind;

# nginx under valgrind (TEST_NGINX_VALGRIND=1). Only errors with a frame of the module's count:
# nginx and the libraries have known ones of their own.

use v5.36;

use Cwd            qw(abs_path);
use File::Basename qw(dirname);
use Test::More;

use DnsTools::Process qw(slurp);

my $suppressions = abs_path(dirname(__FILE__) . '/../../valgrind.supp');

sub command ($folder) {
    # The module is unloaded before a process ends, so its names are kept until then.
    return (
        'valgrind',                            '--quiet',
        '--trace-children=yes',                '--leak-check=full',
        '--show-leak-kinds=definite,indirect', '--num-callers=40',
        '--keep-debuginfo=yes',                '--xml=yes',
        "--xml-file=$folder/%p.xml",           "--suppressions=$suppressions");
}

sub _text ($xml, $tag) {
    my ($text) = $xml =~ m{<$tag>(.*?)</$tag>}s;
    return $text // '';
}

sub _is_ours ($error) {
    return
           $error =~ m{<obj>[^<]*ngx_http_dns_tools_module\.so</obj>}
        || $error =~ m{<fn>[^<]*dns_tools}
        || $error =~ m{<dir>[^<]*/module/(?:api|base|dns|history|nginx)</dir>};
}

sub _describe ($error) {
    my @frames =
        map { '    ' . _text($_, 'fn') . ' (' . _text($_, 'file') . ':' . _text($_, 'line') . ')' }
        $error =~ m{<frame>(.*?)</frame>}gs;
    return join "\n",
        _text($error, 'kind') . ': ' . (_text($error, 'what') || _text($error, 'text')),
        @frames;
}

sub check ($folder) {
    my @reports = glob "$folder/*.xml";
    ok scalar @reports, 'valgrind has left a report of each process';
    my @ours = grep { _is_ours($_) } map { slurp($_) =~ m{<error>(.*?)</error>}gs } @reports;
    is scalar @ours, 0, 'valgrind finds nothing in the module'
        or diag map { _describe($_) . "\n" } @ours;
    return;
}

1;
