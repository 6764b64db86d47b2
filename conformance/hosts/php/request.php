<?php
require __DIR__ . '/openlts.php';

// PHP forgets its variables after each request, but the license belongs to the
// process: so does the environment of the C library, which keeps its number.
$c = FFI::cdef('char *getenv(const char *name); int setenv(const char *name, const char *value, int replace);');
$kept = $c->getenv('LTS_LICENSE');
if ($kept === null) {
    $license = open_license($lts);
    $c->setenv('LTS_LICENSE', (string) $license, 1);
} else {
    $license = (int) FFI::string($kept);
}
$lts->LTS_RecordOperation($license, QR_CODE, 1);
header('Content-Type: text/plain');
echo getmypid();
