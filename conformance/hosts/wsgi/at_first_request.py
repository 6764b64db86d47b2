import functools
import os

import openlts

openlts.load()


@functools.lru_cache(maxsize=1)
def license() -> openlts.License:
    return openlts.License.from_key(os.environ["LTS_KEY"])


def application(_environ, start_response):
    license().record(openlts.OperationType.QR_CODE)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [str(os.getpid()).encode()]
