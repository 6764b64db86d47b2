import multiprocessing
import os
import sys

import openlts


def open_license() -> None:
    global license
    license = openlts.License.from_key(os.environ["LTS_KEY"])


def decode(image: int) -> int:
    license.record(openlts.OperationType.QR_CODE)
    return image


if __name__ == "__main__":
    open_license()
    context = multiprocessing.get_context(sys.argv[1])
    with context.Pool(4, initializer=open_license if sys.argv[1] != "fork" else None) as pool:
        assert sum(pool.imap(decode, range(4000), chunksize=10)) == sum(range(4000))
        # Leaving the block ends the workers by SIGTERM: they close nothing.
    for _ in range(500):
        license.record(openlts.OperationType.PAGE_SCANNED)
    print("recorded", flush=True)
    license.close()
