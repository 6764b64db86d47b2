import os

import openlts

license = openlts.License.from_key(os.environ["LTS_KEY"])


def application(_environ, start_response):
    license.record(openlts.OperationType.QR_CODE)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [str(os.getpid()).encode()]
