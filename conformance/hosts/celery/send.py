"""Sends as many tasks as the argument says."""

import sys

import settings
from celery import Celery

app = Celery("tasks")
app.config_from_object(settings)
for _ in range(int(sys.argv[1])):
    app.send_task("tasks.decode")
for message in settings.sent.iterdir():
    message.rename(settings.queue / message.name)
