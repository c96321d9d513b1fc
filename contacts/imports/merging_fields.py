"""From staged values to the fields of people, in set-based SQL."""

from typing import Any

from django.db import connection
from django.utils import timezone

from ..models import ContactImport, ImportChange, ProfileValue
from . import field_columns
from .field_columns import FieldColumn
from .staged_people import condition, execute

# The staged values of one column, as `fresh`, with the people's present ones, if any, as `known`.
_VALUES = (
    "FROM import_values AS fresh JOIN import_rows AS staged "
    "ON staged.contact_import_id = fresh.contact_import_id AND staged.line = fresh.line "
    "LEFT JOIN profile_values AS known ON known.phone = staged.phone AND known.field_id = {field} "
    "WHERE {staged} AND fresh.position = {position} AND (known.id IS NULL OR known.value <> fresh.value)"
)


def count_valued(contact_import: ContactImport) -> int:
    """How many people have a field that importing would change."""
    found = [
        f"SELECT fresh.line AS line {_values_of(contact_import, described['position'], described['id'])}"
        for described in contact_import.detected.get("fields", [])
    ]
    if not found:
        return 0
    with connection.cursor() as cursor:
        lines = " UNION ".join(found)
        cursor.execute(f"SELECT count(*) FROM ({lines}) AS lines", [contact_import.pk] * len(found))  # noqa: S608
        return int(cursor.fetchone()[0])


def write_values(contact_import: ContactImport) -> None:
    """Writes the staged values to the people's fields, making those that are new, and records what they were.

    A blank erases nothing. Must be called in a transaction. Raises FieldsChanged, having written nothing, if a field
    isn't what it was when the file was read.
    """
    columns = field_columns.current(contact_import)
    for column in columns:
        if column.is_new:
            column.field.save()
        _write_column(contact_import, column)
    headings = [column["heading"] for column in contact_import.detected.get("columns", [])]
    field_columns.remember(headings, columns)


def _write_column(contact_import: ContactImport, column: FieldColumn) -> None:
    values = _values_of(contact_import, column.position, column.field.pk)
    # In the ORM's format: SQLite compares times as text.
    now = connection.ops.adapt_datetimefield_value(timezone.now())
    execute(
        f"INSERT INTO {ImportChange._meta.db_table} "
        "(contact_import_id, kind, phone, field_id, old, old_folded, old_number, new) "
        f"SELECT staged.contact_import_id, %s, staged.phone, {column.field.pk:d}, known.value, known.folded, "
        f"known.number, fresh.value {values}",
        [ImportChange.Kind.VALUE.value, contact_import.pk],
    )
    execute(
        f"INSERT INTO {ProfileValue._meta.db_table} "
        "(field_id, phone, value, folded, number, updated_at) "
        f"SELECT {column.field.pk:d}, staged.phone, fresh.value, fresh.folded, fresh.number, %s {values} "
        "ON CONFLICT (phone, field_id) DO UPDATE SET value = excluded.value, folded = excluded.folded, "
        "number = excluded.number, updated_at = excluded.updated_at",
        [now, contact_import.pk],
    )


def _values_of(contact_import: ContactImport, position: int, field: Any) -> str:
    """`_VALUES` of that column. A new field's id is None: nobody has a value of it."""
    return _VALUES.format(field=int(field or 0), staged=condition(contact_import), position=int(position))
