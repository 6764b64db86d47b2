import os
import signal

import openlts

openlts.load()
for worker in range(4):
    if os.fork() == 0:
        with openlts.License.from_key(os.environ["LTS_KEY"]) as license:
            for _ in range(1000):
                license.record(openlts.OperationType.QR_CODE)
            if worker == 0:
                os.kill(os.getpid(), signal.SIGKILL)
        os._exit(0)
with openlts.License.from_key(os.environ["LTS_KEY"]) as license:
    for _ in range(500):
        license.record(openlts.OperationType.PAGE_SCANNED)
    for _ in range(4):
        os.wait()
    print("recorded", flush=True)
