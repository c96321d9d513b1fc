"""Compares indexes and constraints with the models; checks name search and where new ids come from."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from django.core.management.color import no_style
from django.db import DatabaseError, connection, models, transaction

from contacts import search_index

from .findings import Finding, ok, problem, some
from .schema import RESTORE, our_models
from .storage import first_line


def find_index_drift() -> Iterator[Finding]:
    lost = 0
    for model in our_models():
        with connection.cursor() as cursor:
            existing = connection.introspection.get_constraints(cursor, model._meta.db_table)
        for finding in _find_lost_indexes(model, existing):
            lost += 1
            yield finding
    if not lost:
        yield ok("All indexes and constraints exist.")
    if connection.vendor == "postgresql":
        yield from _find_unusable()


def _find_lost_indexes(model: type[models.Model], existing: dict[str, Any]) -> Iterator[Finding]:
    meta, remedy = model._meta, RESTORE.format(app=model._meta.app_label)
    for index in meta.indexes:
        wanted = _columns_of(model, [name for name, _ in index.fields_orders])
        found = existing.get(index.name)
        if found is None:
            yield problem(
                f"{meta.db_table} has lost its index {index.name}, which makes pages and sending slow.",
                "Run: manage.py dbdoctor --doctor --fix",
                _adding(model, index),
            )
        elif wanted and found["columns"] != wanted:
            yield problem(f"The index {index.name} of {meta.db_table} has different columns than the model.", remedy)
    for constraint in meta.constraints:
        found = existing.get(constraint.name)
        if found is None:
            yield problem(f"{meta.db_table} has lost its constraint {constraint.name}.", remedy)
        elif isinstance(constraint, models.UniqueConstraint) and not found["unique"]:
            yield problem(f"{constraint.name} of {meta.db_table} no longer enforces uniqueness.", remedy)
    together = [_columns_of(model, names) for names in meta.unique_together]
    alone = [_columns_of(model, [f.name]) for f in meta.local_concrete_fields if f.unique and not f.primary_key]
    for columns in [*together, *alone]:
        if not any(one["unique"] and one["columns"] == columns for one in existing.values()):
            yield problem(f"{meta.db_table} no longer keeps {', '.join(columns)} unique.", remedy)
    for field in meta.local_concrete_fields:
        yield from _find_lost_of_field(model, field, existing, remedy)


def _columns_of(model: type[models.Model], names: Iterable[str]) -> list[str]:
    fields: list[Any] = [model._meta.get_field(name) for name in names]
    return [field.column for field in fields]


def _find_lost_of_field(
    model: type[models.Model], field: Any, existing: dict[str, Any], remedy: str
) -> Iterator[Finding]:
    table, column = model._meta.db_table, field.column
    mine = [one for one in existing.values() if one["columns"] == [column]]
    if field.primary_key and not any(one["primary_key"] for one in mine):
        yield problem(f"{table} has lost its primary key.", remedy)
    # A unique column already has an index.
    if field.db_index and not field.unique and not any(one["index"] or one["unique"] for one in mine):
        yield problem(f"{table} has lost the index of {column}, which makes pages slow.", remedy)
    if field.remote_field and getattr(field, "db_constraint", False):
        target = field.target_field
        wanted = (target.model._meta.db_table, target.column)
        if not any(one["foreign_key"] == wanted for one in mine):
            yield problem(f"{table}.{column} no longer has its foreign key to {wanted[0]}.", remedy)
    if (check := field.db_check(connection)) and not _is_checked(table, check, mine):
        yield problem(f"{table}.{column} has lost its check constraint.", remedy)


def _is_checked(table: str, check: str, constraints: list[Any]) -> bool:
    if connection.vendor != "sqlite":
        return any(one["check"] for one in constraints)
    # Django can't parse checks that contain functions from SQLite's text of a table.
    with connection.cursor() as cursor:
        cursor.execute("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = %s", [table])
        return check in cursor.fetchone()[0]


def _adding(model: type[models.Model], index: models.Index) -> Callable[[], str]:
    def fix() -> str:
        try:
            with connection.cursor() as cursor:
                cursor.execute(str(index.create_sql(model, connection.schema_editor())))
        except DatabaseError as error:
            return f"The index {index.name} could not be created: {first_line(error)}."
        return f"Recreated the index {index.name} of {model._meta.db_table}."

    return fix


def _find_unusable() -> Iterator[Finding]:
    """What PostgreSQL has but doesn't use: indexes whose creation was interrupted, constraints never validated."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT indexrelid::regclass::text FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid "
            "WHERE NOT indisvalid AND relnamespace = current_schema()::regnamespace ORDER BY 1"
        )
        for (name,) in cursor.fetchall():
            yield problem(f"The index {name} is invalid, so it isn't used.", f"Run in psql: REINDEX INDEX {name}")
        cursor.execute(
            "SELECT conname, conrelid::regclass::text FROM pg_constraint "
            "WHERE NOT convalidated AND connamespace = current_schema()::regnamespace ORDER BY 1"
        )
        for name, table in cursor.fetchall():
            yield problem(
                f"The constraint {name} of {table} does not hold for all rows.",
                f"Run in psql: ALTER TABLE {table} VALIDATE CONSTRAINT {name}",
            )


def find_search_trouble() -> Iterator[Finding]:
    """SQLite itself compares its name index with the lists: a few seconds per million, while writers wait."""
    missing = search_index.find_missing(connection)
    if missing:
        yield problem(
            f"Name search has lost {some(missing)}.",
            "Run: manage.py dbdoctor --doctor --fix",
            _install_search,
        )
        return
    wrong = (
        [table for table in search_index.TABLES if not _is_in_step(table)] if connection.vendor == "sqlite" else []
    )
    if wrong:
        yield problem(
            f"Name search is out of sync with {some(wrong)}, so it doesn't find everyone.",
            "Run: manage.py dbdoctor --doctor --fix",
            _install_search,
        )
    else:
        yield ok("Name search is complete.")


def _is_in_step(table: str) -> bool:
    names = connection.ops.quote_name(search_index.names_table(table))
    try:
        # In its own transaction: within a failed one, no further query is possible.
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"INSERT INTO {names} ({names}, rank) VALUES ('integrity-check', 1)")  # noqa: S608
    except DatabaseError:
        return False
    return True


def _install_search() -> str:
    with transaction.atomic():
        if connection.vendor == "sqlite":
            search_index.remove(connection)
        search_index.install(connection)
    return "Rebuilt name search."


def find_sequence_trouble() -> Iterator[Finding]:
    """On PostgreSQL ids come from sequences, which don't advance when rows are inserted with their ids."""
    if connection.vendor != "postgresql":
        return
    for model in our_models():
        key: Any = model._meta.pk
        if not isinstance(key, models.AutoField):
            continue
        table, column = connection.ops.quote_name(model._meta.db_table), connection.ops.quote_name(str(key.column))
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_get_serial_sequence(%s, %s)", [table, key.column])
            sequence = cursor.fetchone()[0]
            if sequence is None:
                yield problem(
                    f"{model._meta.db_table} no longer generates ids, so nothing can be added to it.",
                    RESTORE.format(app=model._meta.app_label),
                )
                continue
            cursor.execute(
                f"SELECT s.last_value < (SELECT coalesce(max({column}), 0) FROM {table}) FROM {sequence} AS s"  # noqa: S608
            )
            if cursor.fetchone()[0]:
                yield problem(
                    f"The next id of {model._meta.db_table} is already taken, so rows can't be added.",
                    "Run: manage.py dbdoctor --doctor --fix",
                    _resetting(model),
                )


def _resetting(model: type[models.Model]) -> Callable[[], str]:
    def fix() -> str:
        with connection.cursor() as cursor:
            for statement in connection.ops.sequence_reset_sql(no_style(), [model]):
                cursor.execute(statement)
        return f"{model._meta.db_table} now continues after its last id."

    return fix
