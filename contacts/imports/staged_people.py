"""Which staged lines become people, for queries and for SQL."""

from collections.abc import Sequence
from typing import Any

from django.db import connection

from ..models import ContactImport, ImportRow
from ..models.imports import ImportRowQuerySet


def staged_people(contact_import: ContactImport) -> ImportRowQuerySet:
    """The lines to import, according to what staff chose."""
    people: ImportRowQuerySet = ImportRow.objects.filter(contact_import=contact_import).people()
    return people.filter(opts_out=False) if contact_import.leaves_refusals_out else people


def condition(contact_import: ContactImport) -> str:
    """The condition of `staged_people`, for import_rows aliased as `staged`; its one parameter is the import's id."""
    sql = "staged.contact_import_id = %s AND staged.problem = '' AND NOT staged.is_repeat"
    return f"{sql} AND NOT staged.opts_out" if contact_import.leaves_refusals_out else sql


def execute(sql: str, values: Sequence[Any]) -> int:
    """Runs a statement and returns how many rows it wrote."""
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.rowcount
