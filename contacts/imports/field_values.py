"""Reads the cells of columns that are kept as fields, stages them, and finds out what kind a new field is."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, Final

from django.db import connection, transaction

from ..models import ContactImport, ImportValue, ProfileField
from ..models.import_fields import StagedValue
from ..models.imports import SLICE
from ..profile_values import LONGEST, BadValue, Canonical, canonical, read_date, read_number, read_yes_no
from .field_columns import FieldColumn
from .people import cell

Kind = ProfileField.Kind
# What a new field can be, in this order. A code such as 00420 isn't a number: it would lose its zeros.
_TESTS: Final[dict[str, Callable[[str], bool]]] = {
    Kind.NUMBER: lambda text: read_number(text) is not None and not _has_leading_zero(text),
    Kind.DATE: lambda text: read_date(text) is not None,
    Kind.YES_NO: lambda text: read_yes_no(text) is not None,
}
_CACHED: Final = 8192


def _has_leading_zero(text: str) -> bool:
    return len(text) > 1 and text[0] == "0" and text[1].isdigit()


class _Column:
    """Reads the cells of one column. A new field's are text until all have been read."""

    def __init__(self, column: FieldColumn) -> None:
        self.position, self.field = column.position, column.field
        self.is_new = column.is_new
        self.possible = dict(_TESTS) if self.is_new else {}
        self.is_empty = True
        self.read = lru_cache(maxsize=_CACHED)(self._read)

    def _read(self, text: str) -> Canonical | None:
        found = canonical(self.field, text)
        if found is not None:
            self.is_empty = False
            self.possible = {kind: fits for kind, fits in self.possible.items() if fits(found.value)}
        return found

    @property
    def kind(self) -> str:
        """The kind of field: for a new one, the first that suits everything read so far."""
        if not self.is_new:
            return str(self.field.kind)
        return str(next(iter(self.possible), Kind.TEXT)) if not self.is_empty else str(Kind.TEXT)


class ValueStaging:
    """The values of an import's lines, staged along with its rows."""

    def __init__(self, contact_import: ContactImport, columns: Sequence[FieldColumn]) -> None:
        self.contact_import = contact_import
        self.columns = [_Column(column) for column in columns]
        self.batch: list[StagedValue] = []
        self.missing: dict[int, tuple[int, frozenset[int]]] = {}

    def take(self, line: int, phone: int, cells: Sequence[Any]) -> str:
        """Takes the values of the first line with a number; returns what to tell staff of those that don't suit."""
        problems, missing = [], []
        for column in self.columns:
            try:
                found = column.read(cell(cells, column.position)[: LONGEST + 1])
            except BadValue as problem:
                problems.append(str(problem))
                continue
            if found is None:
                missing.append(column.position)
            else:
                self._stage(line, column, found)
        if missing:
            self.missing[phone] = line, frozenset(missing)
        return " ".join(problems)

    def fill_in(self, phone: int, cells: Sequence[Any]) -> None:
        """Takes values that the first line with this number doesn't have from a later one."""
        if phone not in self.missing:
            return
        line, missing = self.missing[phone]
        for column in self.columns:
            if column.position in missing:
                try:
                    found = column.read(cell(cells, column.position)[: LONGEST + 1])
                except BadValue:
                    continue
                if found is not None:
                    self._stage(line, column, found)
                    missing -= {column.position}
        self.missing[phone] = line, missing

    def _stage(self, line: int, column: _Column, found: Canonical) -> None:
        self.batch.append(
            StagedValue(self.contact_import.pk, line, column.position, found.value, found.folded, found.number)
        )

    def write(self) -> None:
        """Writes what was taken since the last time."""
        if self.batch:
            ImportValue.objects.insert(self.batch)
            self.batch = []

    def finish(self, go_on: Callable[[], None]) -> list[dict[str, Any]]:
        """Puts the values of new fields in the form of their kind, and describes all columns' fields.

        Must be called once everything is written. `go_on` is called between slices, and may raise to stop.
        """
        described = []
        for column in self.columns:
            if column.is_new and column.kind != Kind.TEXT:
                column.field.kind = column.kind
                self._rewrite(column, go_on)
            described.append(FieldColumn(column.position, column.field).described())
        return described

    def _rewrite(self, column: _Column, go_on: Callable[[], None]) -> None:
        values = ImportValue.objects.filter(contact_import=self.contact_import, position=column.position)
        key = (self.contact_import.pk, column.position)
        last = -1
        while rows := list(values.filter(line__gt=last).order_by("line").values_list("line", "value")[:SLICE]):
            last = rows[-1][0]
            changed = []
            for line, text in rows:
                found = canonical(column.field, text)
                if found is not None and found.value != text:
                    changed.append((found.value, found.folded, found.number, *key, line))
            with transaction.atomic(), connection.cursor() as cursor:
                go_on()
                cursor.executemany(
                    "UPDATE import_values SET value = %s, folded = %s, number = %s "
                    "WHERE contact_import_id = %s AND position = %s AND line = %s",
                    changed,
                )
