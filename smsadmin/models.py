"""What the project as a whole keeps in the database."""

import uuid

from django.db import models


class WorkerHeartbeat(models.Model):
    """The sign of life of one `manage.py worker` (see `smsadmin.heartbeat`): one row for each main process."""

    token = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    host = models.CharField(max_length=255)
    pid = models.IntegerField()
    started_at = models.DateTimeField()
    beat_at = models.DateTimeField(db_index=True)

    class Meta:
        db_table = "worker_heartbeats"

    def __str__(self) -> str:
        return f"{self.host}, process {self.pid}"
