"""Columns of imported files that are kept as fields, and what an import changed, so that it can be undone."""

from typing import ClassVar, NamedTuple

from django.db import models
from django.utils import timezone

from ..fields import PhoneField
from .imports import ContactImport, StagedQuerySet
from .profiles import ProfileField


class StagedValue(NamedTuple):
    """A value to be staged, in the order of `ImportValueQuerySet.COLUMNS`."""

    contact_import_id: int
    line: int
    position: int
    value: str
    folded: str
    number: object


class ImportValueQuerySet(StagedQuerySet):
    COLUMNS: ClassVar[tuple[str, ...]] = ("contact_import_id", "line", "position", "value", "folded", "number")


class ImportValue(models.Model):
    """What one line says in a column that is kept as a field, in the columns of ProfileValue.

    `position` is that of the column, the first being 0. Lines that repeat a number have none: their values are the
    first line's, where that has none of its own.
    """

    contact_import = models.ForeignKey(ContactImport, models.CASCADE, related_name="values", db_index=False)
    line = models.PositiveIntegerField()
    position = models.PositiveIntegerField()
    value = models.CharField(max_length=500)
    folded = models.CharField(max_length=500)
    number = models.DecimalField(max_digits=24, decimal_places=6, null=True, blank=True)

    objects = ImportValueQuerySet.as_manager()

    class Meta:
        db_table = "import_values"
        constraints = [
            models.UniqueConstraint(fields=["contact_import", "line", "position"], name="unique_import_line_position")
        ]

    def __str__(self) -> str:
        return f"{self.line}/{self.position}: {self.value}"


class RememberedColumns(models.Model):
    """Which columns were kept as fields when a file with these headings was last imported.

    `headings` is the SHA-256 of the folded headings, `fields` maps positions to keys: {"2": "grade"}.
    """

    headings = models.CharField(max_length=64, unique=True)
    fields = models.JSONField(default=dict)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "import_remembered_columns"

    def __str__(self) -> str:
        return self.headings[:8]


class ImportChange(models.Model):
    """What a finished import changed of one phone, kept for a week so that it can be undone.

    ADDED: the row of that id was added to the import's list, with the name `new`. RENAMED: its name was `old`, and
    was changed to `new`. VALUE: so was the value of the field; `old` is None if it had none.
    """

    class Kind(models.TextChoices):
        ADDED = "added", "Added"
        RENAMED = "renamed", "Name changed"
        VALUE = "value", "Field changed"

    contact_import = models.ForeignKey(ContactImport, models.CASCADE, related_name="changes", db_index=False)
    kind = models.CharField(max_length=10, choices=Kind)
    phone = PhoneField()
    row_id = models.BigIntegerField(null=True)
    field = models.ForeignKey(ProfileField, models.CASCADE, null=True, related_name="+")
    old = models.CharField(max_length=500, null=True)
    old_folded = models.CharField(max_length=500, null=True)
    old_number = models.DecimalField(max_digits=24, decimal_places=6, null=True)
    new = models.CharField(max_length=500, null=True)

    class Meta:
        db_table = "import_changes"
        indexes = [models.Index(fields=["contact_import", "kind"], name="ix_import_changes_kind")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.phone}"
