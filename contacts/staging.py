"""Models of an import in the making: the uploaded file, and each of its lines as it was read.

Nothing here is in a list yet. `contacts.imports` reads the file into rows and, after the confirm, turns
the rows into people.
"""

from django.conf import settings
from django.db import models
from django.utils import timezone


class ContactImport(models.Model):
    """One uploaded file on its way into a list.

    waiting → reading → ready → applying → applied; reading and applying can end in failed, and a ready one
    can go back to waiting when staff adjust how the file is read.
    """

    class Target(models.TextChoices):
        COMMUNITY = "community", "Community members"
        EVENT = "event", "Event registrations"
        UNSUBSCRIBED = "unsubscribed", "Unsubscribed contacts"

    class Status(models.TextChoices):
        WAITING = "waiting", "Waiting to be read"
        READING = "reading", "Being read"
        READY = "ready", "Ready to import"
        APPLYING = "applying", "Being imported"
        APPLIED = "applied", "Imported"
        FAILED = "failed", "Failed"

    target = models.CharField(max_length=20, choices=Target)
    event = models.ForeignKey("contacts.Event", models.CASCADE, null=True, blank=True, related_name="+")
    file_name = models.CharField("file", max_length=255)
    file_size = models.PositiveBigIntegerField(default=0)
    status = models.CharField(max_length=20, choices=Status, default=Status.WAITING)
    adjustments = models.JSONField(default=dict, blank=True)
    detected = models.JSONField(default=dict, blank=True)
    counts = models.JSONField(default=dict, blank=True)
    rows_done = models.PositiveIntegerField(default=0)
    rows_expected = models.PositiveIntegerField(default=0)
    error_message = models.TextField(default="", blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)
    applied_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "contact_imports"
        verbose_name = "import"

    def __str__(self) -> str:
        return self.file_name


class ImportChunk(models.Model):
    """A piece of the uploaded file. In the database, so that any worker on any machine can read it."""

    contact_import = models.ForeignKey(ContactImport, models.CASCADE, related_name="chunks")
    position = models.PositiveIntegerField()
    data = models.BinaryField()

    class Meta:
        db_table = "import_chunks"
        constraints = [models.UniqueConstraint(fields=["contact_import", "position"], name="unique_import_position")]

    def __str__(self) -> str:
        return f"{self.contact_import_id}/{self.position}"


class ImportRow(models.Model):
    """One line of the file as it was read: a person, or the reason why it is none (`problem`, with `cells`)."""

    contact_import = models.ForeignKey(ContactImport, models.CASCADE, related_name="rows")
    line = models.PositiveIntegerField()
    name = models.CharField(max_length=100, null=True, blank=True)
    phone = models.CharField(max_length=20, default="", blank=True)
    problem = models.TextField(default="", blank=True)
    is_repeat = models.BooleanField(default=False)
    cells = models.JSONField(null=True, blank=True)

    class Meta:
        db_table = "import_rows"
        indexes = [models.Index(fields=["contact_import", "phone"], name="ix_import_rows_phone")]

    def __str__(self) -> str:
        return f"{self.line}: {self.phone or self.problem}"
