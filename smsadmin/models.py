"""What the project as a whole stores in the database."""

import uuid

from django.db import models


class WorkerHeartbeat(models.Model):
    """The heartbeat of one `manage.py worker` (see `smsadmin.worker.heartbeat`): one row per main process."""

    token = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    host = models.CharField(max_length=255)
    pid = models.IntegerField()
    started_at = models.DateTimeField()
    beat_at = models.DateTimeField(db_index=True)

    class Meta:
        db_table = "worker_heartbeats"

    def __str__(self) -> str:
        return f"{self.host}, process {self.pid}"


class LegacyRow(models.Model):
    """An imported row of the replaced system's database (see `smsadmin.legacy`), and what it has become here.

    `stamp` is the row's own time as stored there: SQLite gives the id of a deleted row to a new one. What staff
    delete here keeps its entry, so that importing again doesn't bring it back.
    """

    table = models.CharField(max_length=40)
    old_id = models.BigIntegerField()
    stamp = models.CharField(max_length=40)
    new_id = models.BigIntegerField()

    class Meta:
        db_table = "legacy_rows"
        constraints = [models.UniqueConstraint(fields=["table", "old_id", "stamp"], name="unique_legacy_row")]
        indexes = [models.Index(fields=["table", "new_id"], name="ix_legacy_rows_new")]

    def __str__(self) -> str:
        return f"{self.table} {self.old_id}"


class Installation(models.Model):
    """Identifies this installation, in one row (see `smsadmin.installation`).

    `database` describes the database that `token` was created for: in a copy of it, a new token is created.
    """

    ONLY = 1

    id = models.SmallIntegerField(primary_key=True, default=ONLY)
    token = models.UUIDField(default=uuid.uuid4)
    database = models.CharField(max_length=100)

    class Meta:
        db_table = "installation"

    def __str__(self) -> str:
        return str(self.token)


class Setup(models.Model):
    """What is known of setting this installation up, in one row (see `smsadmin.home.setup`).

    `webhook_url` is where Twilio was told last, by us, to forward incoming texts to.
    """

    ONLY = 1

    id = models.SmallIntegerField(primary_key=True, default=ONLY)
    webhook_url = models.CharField(max_length=300, default="", blank=True)
    webhook_set_at = models.DateTimeField(null=True, blank=True)
    dismissed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "setup"

    def __str__(self) -> str:
        return "Setup"


class WriteProbe(models.Model):
    """The one row that `/health/ready` writes to find out whether the database accepts writes."""

    ONLY = 1

    id = models.SmallIntegerField(primary_key=True, default=ONLY)
    written_at = models.DateTimeField()

    class Meta:
        db_table = "write_probe"

    def __str__(self) -> str:
        return f"written at {self.written_at:%Y-%m-%d %H:%M:%S}"
