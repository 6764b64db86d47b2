import os

import celery
import openlts
import settings
from celery.signals import worker_init, worker_process_init

openlts.load()
app = celery.Celery("tasks")
app.config_from_object(settings)
license = None

# In the parent, which then forks the workers; or in each worker.
begin = worker_init if os.environ.get("OPEN_IN") == "parent" else worker_process_init


@begin.connect
def open_license(**_: object) -> None:
    global license
    license = openlts.License.from_key(os.environ["LTS_KEY"])


@app.task
def decode() -> None:
    license.record(openlts.OperationType.QR_CODE)
    with (settings.folder / "notes").open("a") as notes:
        notes.write(f"{os.getpid()}\n")
