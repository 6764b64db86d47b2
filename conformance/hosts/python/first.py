import os
import threading

import openlts


def decode(license: openlts.License) -> None:
    for _ in range(1000):
        license.record(openlts.OperationType.QR_CODE)


with openlts.License.from_key(os.environ["LTS_KEY"]) as license:
    threads = [threading.Thread(target=decode, args=[license]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(500):
        license.record(openlts.OperationType.PAGE_SCANNED)
    for thread in threads:
        thread.join()
    print("recorded", flush=True)
