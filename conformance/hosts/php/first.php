<?php
require __DIR__ . '/openlts.php';

$license = open_license($lts);
for ($i = 0; $i < 4000; $i++) {
    $lts->LTS_RecordOperation($license, QR_CODE, 1);
}
for ($i = 0; $i < 500; $i++) {
    $lts->LTS_RecordOperation($license, PAGE_SCANNED, 1);
}
echo "recorded\n";
exit($lts->LTS_CloseLicense($license, 3000) == 0 ? 0 : 1);
