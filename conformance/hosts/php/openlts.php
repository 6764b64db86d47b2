<?php
const QR_CODE = 16, PAGE_SCANNED = 64;

// Loaded by the parent of all workers, if php.ini says ffi.preload, or here.
$lts = ini_get('ffi.preload') ? FFI::scope('OPENLTS') : FFI::load(__DIR__ . '/openlts.h');

function open_license(FFI $lts): int
{
    $license = $lts->new('int64_t');
    $message = $lts->new('char[256]');
    if ($lts->LTS_InitLicense(getenv('LTS_KEY'), null, FFI::addr($license), $message, 256) != 0) {
        throw new RuntimeException(FFI::string($message));
    }
    return $license->cdata;
}
