"""An import in progress: the uploaded file, and each of its lines as it was read.

Nothing here is on a list yet. `contacts.imports.lifecycle` reads the file into rows and, once confirmed, turns the
rows into people.
"""

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, ClassVar, Final, NamedTuple, Self

from django.conf import settings
from django.db import connection, models
from django.utils import timezone

from smsadmin.lib import shared_clock

from .events import Event
from .groups import Group
from .members import CommunityMember

STALLED_AFTER: Final = timedelta(minutes=1)
# How many times a process may die during an import before we give up on it.
MOST_STARTS: Final = 3
SLICE: Final = 5_000
# What to do with people who don't want texts, according to the file.
OPT_OUT: Final = "opt_out"
LEAVE_OUT: Final = "leave_out"
# What to do with names that differ from ours.
KEEP_OURS: Final = "keep"
TAKE_FILES: Final = "take"
_NEVER_CONFIRMED_FOR: Final = timedelta(days=7)
REMEMBERED_FOR: Final = timedelta(days=7)


class ContactImportQuerySet(models.QuerySet):
    def abandoned(self) -> Self:
        """Imports that nobody confirmed within seven days of their last change."""
        untouched = self.filter(updated_at__lt=timezone.now() - _NEVER_CONFIRMED_FOR)
        return untouched.exclude(status__in=FINISHED)

    def long_done(self) -> Self:
        """Finished imports whose people nobody will text as one group any more, and that can't be undone any more."""
        return self.filter(applied_at__lt=timezone.now() - REMEMBERED_FOR)


class ContactImport(models.Model):
    """One uploaded file on its way into a list.

        waiting → reading → ready → applying → applied
           ↑         │        │ ↑       │
           │         ↓        │ └───────┘ (could not be written: nothing was)
           ├────── failed     │                                  applied → undoing → undone
           └──────────────────┘ (adjusted, or started again)        ↑        │
                                                                    └────────┘ (could not be undone: nothing was)

    `attempt` counts the reads: a reader that was presumed dead notices that it was overtaken and stops. `starts`
    counts how often reading or applying was started since either last finished, successfully or not. `adjustments` is
    what staff chose over what was detected, `detected` is how the file was finally read (both in the form documented
    in `contacts.imports.lifecycle`), and `counts` is what the preview or the result shows.
    """

    class Target(models.TextChoices):
        COMMUNITY = "community", "Community"
        EVENT = "event", "Event"
        GROUP = "group", "Group"
        UNSUBSCRIBED = "unsubscribed", "Opted out"

    class Status(models.TextChoices):
        WAITING = "waiting", "Waiting to be read"
        READING = "reading", "Reading"
        READY = "ready", "Ready to import"
        APPLYING = "applying", "Importing"
        APPLIED = "applied", "Imported"
        UNDOING = "undoing", "Undoing"
        UNDONE = "undone", "Undone"
        FAILED = "failed", "Couldn’t be read"

    target = models.CharField("list", max_length=20, choices=Target)
    event = models.ForeignKey("contacts.Event", models.CASCADE, null=True, blank=True, related_name="+")
    group = models.ForeignKey("contacts.Group", models.CASCADE, null=True, blank=True, related_name="+")
    file_name = models.CharField("file", max_length=255)
    file_size = models.PositiveBigIntegerField(default=0)
    status = models.CharField(max_length=20, choices=Status, default=Status.WAITING)
    attempt = models.PositiveIntegerField(default=0)
    starts = models.PositiveIntegerField(default=0, editable=False)
    adjustments = models.JSONField(default=dict, blank=True)
    detected = models.JSONField(default=dict, blank=True)
    counts = models.JSONField(default=dict, blank=True)
    rows_done = models.PositiveIntegerField(default=0)
    rows_expected = models.PositiveIntegerField(default=0)
    error_message = models.TextField(default="", blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="uploaded by",
    )
    created_at = models.DateTimeField("uploaded", default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)
    applied_at = models.DateTimeField("imported", null=True, blank=True)
    undone_at = models.DateTimeField("undone", null=True, blank=True)

    # Those whom it brought to the community or found there, so that they can be texted, for a week.
    members = models.ManyToManyField(
        CommunityMember, related_name="+", db_table="contact_import_members", editable=False
    )

    objects = ContactImportQuerySet.as_manager()

    class Meta:
        db_table = "contact_imports"
        verbose_name = "import"

    def __str__(self) -> str:
        return self.file_name

    @property
    def place(self) -> Event | Group | None:
        """The event or group that it goes into."""
        return self.event or self.group

    @property
    def leaves_refusals_out(self) -> bool:
        """Whether people who don't want texts are left out rather than imported as opted out."""
        return self.adjustments.get("refusals") == LEAVE_OUT

    @property
    def takes_names(self) -> bool:
        """Whether names that differ from ours are replaced by the file's. Missing ones are always filled in."""
        return self.adjustments.get("names") == TAKE_FILES

    @property
    def is_busy(self) -> bool:
        """Whether a worker is handling it or is about to."""
        return self.status in {self.Status.WAITING, self.Status.READING, self.Status.APPLYING, self.Status.UNDOING}

    @property
    def is_stalled(self) -> bool:
        """Whether it should be making progress but has not for a minute, so no worker is handling it."""
        age = timezone.now() - self.updated_at
        return self.is_busy and not -shared_clock.SKEW <= age <= STALLED_AFTER


# Nothing of these is staged any more.
FINISHED: Final = (ContactImport.Status.APPLIED, ContactImport.Status.UNDOING, ContactImport.Status.UNDONE)


class ImportChunk(models.Model):
    """A piece of the uploaded file. Stored in the database so that any worker on any machine can read it."""

    contact_import = models.ForeignKey(ContactImport, models.CASCADE, related_name="chunks", db_index=False)
    position = models.PositiveIntegerField()
    data = models.BinaryField()

    class Meta:
        db_table = "import_chunks"
        constraints = [models.UniqueConstraint(fields=["contact_import", "position"], name="unique_import_position")]

    def __str__(self) -> str:
        return f"{self.contact_import_id}/{self.position}"


class StagedLine(NamedTuple):
    """A row to be staged, in the order of `ImportRowQuerySet.COLUMNS`."""

    contact_import_id: int
    line: int
    name: str | None
    phone: str
    problem: str
    is_repeat: bool
    cells: str | None
    opts_out: bool = False
    note: str = ""
    unfit: str = ""


class StagedQuerySet(models.QuerySet):
    """Rows of an import by `line`, inserted without the ORM, whose objects would cost more than the rest of the
    read."""

    COLUMNS: ClassVar[tuple[str, ...]] = ()

    def insert(self, rows: Sequence[Sequence[Any]]) -> None:
        """Inserts rows with values in the order of `COLUMNS`."""
        table, columns = self.model._meta.db_table, ", ".join(self.COLUMNS)
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                with cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
                    for row in rows:
                        copy.write_row(row)
            else:
                places = ", ".join(["%s"] * len(self.COLUMNS))
                sql = f"INSERT INTO {table} ({columns}) VALUES ({places})"  # noqa: S608 - names of our own
                cursor.executemany(sql, rows)

    def delete_in_slices(self) -> None:
        """Deletes the rows of one import in short transactions, so that other writers get a turn in between."""
        last = -1
        while lines := list(self.filter(line__gt=last).order_by("line").values_list("line", flat=True)[:SLICE]):
            self.filter(line__gt=last, line__lte=lines[-1]).delete()
            last = lines[-1]


class ImportRowQuerySet(StagedQuerySet):
    COLUMNS: ClassVar[tuple[str, ...]] = (
        "contact_import_id",
        "line",
        "name",
        "phone",
        "problem",
        "is_repeat",
        "cells",
        "opts_out",
        "note",
        "unfit",
    )

    def people(self) -> Self:
        """The lines that become people: valid, and the first with their number."""
        return self.filter(problem="", is_repeat=False)

    def rejected(self) -> Self:
        """The lines that cannot be imported, in file order."""
        return self.exclude(problem="").order_by("line")

    def with_unfit_values(self) -> Self:
        """The people some of whose values aren't imported, in file order."""
        return self.people().exclude(unfit="").order_by("line")


class ImportRow(models.Model):
    """One line of the file as it was read: a person, or the reason why it isn't one (`problem`, with `cells`).

    `opts_out`: according to the file, this number doesn't want texts. `note` is what staff should know about how the
    line was read, `unfit` which of its values don't suit their fields and aren't imported.
    """

    contact_import = models.ForeignKey(ContactImport, models.CASCADE, related_name="rows", db_index=False)
    line = models.PositiveIntegerField()
    name = models.CharField(max_length=100, null=True, blank=True)
    phone = models.CharField(max_length=20, default="", blank=True)
    problem = models.TextField(default="", blank=True)
    is_repeat = models.BooleanField(default=False)
    cells = models.JSONField(null=True, blank=True)
    opts_out = models.BooleanField(default=False)
    note = models.TextField(default="", blank=True)
    unfit = models.TextField(default="", blank=True)

    objects = ImportRowQuerySet.as_manager()

    class Meta:
        db_table = "import_rows"
        indexes = [
            models.Index(fields=["contact_import", "line"], name="ix_import_rows_line"),
            models.Index(
                fields=["contact_import", "line"], name="ix_import_rows_rejected", condition=~models.Q(problem="")
            ),
            models.Index(
                fields=["contact_import", "line"], name="ix_import_rows_unfit", condition=~models.Q(unfit="")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.line}: {self.phone or self.problem}"


def as_json(cells: list[Any]) -> str:
    """The cells of a line as stored in the column `cells`; dates and times as text."""
    return json.dumps(cells, ensure_ascii=False, default=str)
