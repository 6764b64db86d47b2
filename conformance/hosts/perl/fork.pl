use strict;
use warnings;
use OpenLTS;

# Before the fork, or in each process.
my $opened = $ARGV[0] eq 'after-init' ? OpenLTS::open_license() : 0;
for my $worker (1 .. 4) {
    next if fork;
    my $license = $opened || OpenLTS::open_license();
    OpenLTS::record($license, OpenLTS::QR_CODE, 1) for 1 .. 1000;
    kill KILL => $$ if $worker == 1;
    exit 0;
}
my $license = $opened || OpenLTS::open_license();
OpenLTS::record($license, OpenLTS::PAGE_SCANNED, 1) for 1 .. 500;
1 while wait > 0;
$| = 1;
print "recorded\n";
exit(OpenLTS::close_license($license, 3000) != 0);
