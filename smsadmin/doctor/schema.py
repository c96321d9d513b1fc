"""Drift: compares tables and columns with the models."""

import re
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from django.apps import apps
from django.db import connection, models
from django.db.migrations.recorder import MigrationRecorder

from contacts import search_index
from smsadmin.lib.plurals import counted

from .findings import Finding, note, ok, problem, some

RESTORE: Final = "Restore the last backup, or create it with the SQL that `manage.py sqlmigrate {app} NAME` prints."


def our_models() -> list[type[models.Model]]:
    """Every model with a table of its own, including those of Django and django-q2."""
    found = [
        model
        for model in apps.get_models(include_auto_created=True)
        if model._meta.managed and not model._meta.proxy and not model._meta.swapped
    ]
    return sorted(found, key=lambda model: model._meta.db_table)


def existing_tables() -> set[str]:
    with connection.cursor() as cursor:
        return set(connection.introspection.table_names(cursor))


def find_table_drift() -> Iterator[Finding]:
    existing = existing_tables()
    expected = our_models()
    missing = [model for model in expected if model._meta.db_table not in existing]
    for model in missing:
        yield problem(
            f"The table {model._meta.db_table} is missing.",
            RESTORE.format(app=model._meta.app_label),
            blocks=True,
        )
    for model in expected:
        if model not in missing:
            yield from _find_column_drift(model)
    names = {model._meta.db_table for model in expected} | {MigrationRecorder.Migration._meta.db_table}
    beside = tuple(search_index.names_table(table) for table in search_index.TABLES)
    foreign = sorted(name for name in existing - names if not name.startswith((*beside, "sqlite_")))
    if foreign:
        yield note(
            f"{counted(len(foreign), 'table is', 'tables are')} not part of SMS Admin: {some(foreign)}.",
            "Nothing if they are yours. It is safer to give other programs their own database.",
        )
    if not missing:
        yield ok(f"All {len(expected)} tables exist.")


class Column(NamedTuple):
    """As the database has it: its type in lower case, whether it allows NULL, whether an insert may omit it."""

    type: str
    is_nullable: bool
    is_optional: bool


def _columns(table: str) -> dict[str, Column]:
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(f"PRAGMA table_xinfo({connection.ops.quote_name(table)})")
            return {
                name: Column(kind.lower(), not (required or key), bool(key or hidden or default is not None))
                for _, name, kind, required, default, key, hidden in cursor.fetchall()
            }
        cursor.execute(
            "SELECT attname, format_type(atttypid, atttypmod), NOT attnotnull, "
            "atthasdef OR attidentity <> '' OR attgenerated <> '' FROM pg_attribute "
            "WHERE attrelid = to_regclass(quote_ident(%s)) AND attnum > 0 AND NOT attisdropped",
            [table],
        )
        return {name: Column(kind, nullable, optional) for name, kind, nullable, optional in cursor.fetchall()}


def _find_column_drift(model: type[models.Model]) -> Iterator[Finding]:
    table, remedy = model._meta.db_table, RESTORE.format(app=model._meta.app_label)
    columns = _columns(table)
    expected = {field.column: field for field in model._meta.local_concrete_fields}
    for name, field in expected.items():
        if name not in columns:
            yield problem(f"{table} has no column {name}.", remedy, blocks=True)
            continue
        column = columns[name]
        wanted = _type_of(field)
        # Django's own migrations give some many-to-many tables wider keys than their models say.
        is_wider = field.primary_key and column.type == "bigint" and wanted == "integer"
        if column.type != wanted and not is_wider:
            yield problem(f"{table}.{name} has the type {column.type} instead of {wanted}.", remedy)
        if not field.primary_key and column.is_nullable != field.null:
            has = "allows NULL" if column.is_nullable else "doesn't allow NULL"
            yield problem(f"{table}.{name} {has}, unlike the model.", remedy)
    for name, column in columns.items():
        if name in expected or (table in search_index.TABLES and name == search_index.WORDS_COLUMN):
            continue
        if column.is_nullable or column.is_optional:
            yield note(f"{table} has a column that no model has: {name}.", "Nothing if it is yours.")
        else:
            yield problem(
                f"{table} has a column that no model fills: {name}. Nothing can be added to the table.",
                "Give it a default, or drop it.",
            )


def _type_of(field: Any) -> str:
    """A field's type as the database itself would write it."""
    kind = str(field.db_type(connection)).lower()
    if connection.vendor == "postgresql":
        kind = re.sub(r"^varchar", "character varying", kind)
        kind = re.sub(r"^char\b", "character", kind)
        kind = re.sub(r"^time$", "time without time zone", kind).replace(", ", ",")
    return kind
