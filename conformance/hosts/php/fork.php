<?php
require __DIR__ . '/openlts.php';

// Before the fork, or in each process.
$opened = $argv[1] == 'after-init' ? open_license($lts) : 0;
for ($worker = 0; $worker < 4; $worker++) {
    if (pcntl_fork() == 0) {
        $license = $opened ?: open_license($lts);
        for ($i = 0; $i < 1000; $i++) {
            $lts->LTS_RecordOperation($license, QR_CODE, 1);
        }
        if ($worker == 0) {
            posix_kill(posix_getpid(), SIGKILL);
        }
        exit(0);
    }
}
$license = $opened ?: open_license($lts);
for ($i = 0; $i < 500; $i++) {
    $lts->LTS_RecordOperation($license, PAGE_SCANNED, 1);
}
while (pcntl_wait($status) > 0);
echo "recorded\n";
exit($lts->LTS_CloseLicense($license, 3000) == 0 ? 0 : 1);
