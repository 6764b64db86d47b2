use strict;
use warnings;
use OpenLTS;

my $license = OpenLTS::open_license();
OpenLTS::record($license, OpenLTS::QR_CODE, 1) for 1 .. 4000;
OpenLTS::record($license, OpenLTS::PAGE_SCANNED, 1) for 1 .. 500;
$| = 1;
print "recorded\n";
exit(OpenLTS::close_license($license, 3000) != 0);
