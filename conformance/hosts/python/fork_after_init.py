import os
import signal

import openlts

license = openlts.License.from_key(os.environ["LTS_KEY"])
for worker in range(4):
    if os.fork() == 0:
        for _ in range(1000):
            license.record(openlts.OperationType.QR_CODE)
        if worker == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        os._exit(0)
for _ in range(500):
    license.record(openlts.OperationType.PAGE_SCANNED)
for _ in range(4):
    os.wait()
print("recorded", flush=True)
license.close()
