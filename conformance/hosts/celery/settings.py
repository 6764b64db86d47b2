"""A broker of files, for a test without a server of one."""

import os
from pathlib import Path

folder = Path(os.environ["CELERY_FOLDER"])
sent, queue, control = folder / "sent", folder / "queue", folder / "control"
for each in (sent, queue, control):
    each.mkdir(exist_ok=True)
broker_url = "filesystem://"
# Who writes to the queue would be read in the middle of it: send.py moves what is written there.
broker_transport_options = {
    "data_folder_in": str(queue),
    "data_folder_out": str(sent),
    "control_folder": str(control),
    "polling_interval": 0.05,
}
task_ignore_result = True
