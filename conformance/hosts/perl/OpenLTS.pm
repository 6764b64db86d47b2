package OpenLTS;

use strict;
use warnings;
use FFI::Platypus 1.00;

use constant {QR_CODE => 16, PAGE_SCANNED => 64};

my $ffi = FFI::Platypus->new(api => 1, lib => 'libopenlts.so.0');
$ffi->attach(['LTS_InitLicense' => 'init'] => ['string', 'opaque', 'sint64*', 'opaque', 'sint32'] => 'sint32');
$ffi->attach(['LTS_RecordOperation' => 'record'] => ['sint64', 'sint32', 'sint32'] => 'sint32');
$ffi->attach(['LTS_CloseLicense' => 'close_license'] => ['sint64', 'sint32'] => 'sint32');

sub open_license {
    my $message = "\0" x 256;
    my $address = unpack 'J', pack 'p', $message;
    init($ENV{LTS_KEY}, undef, \my $license, $address, 256) == 0 or die unpack('Z*', $message), "\n";
    return $license;
}

1;
