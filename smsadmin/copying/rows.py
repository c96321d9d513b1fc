"""Copies all rows of all tables from the database in use into the new one: all of them, or none.

The new database is filled in one transaction. Each table is streamed into it, read back, and compared by its number
of rows and a checksum of their values, so memory does not grow with the tables. Meanwhile nobody else can write to
either database: anything written to the old one after its table was copied would be lost.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Final

from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.db import DatabaseError, IntegrityError, connection, models, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django_q.models import OrmQ, Schedule

from ..doctor import storage
from ..doctor.schema import our_models
from ..models import WorkerHeartbeat
from .addresses import NEW, CannotCopy
from .columns import Column, Unfit

# These belong to the running site, not to its data: everyone logs in again, and the sweep finds what needs sending.
LEFT: Final[tuple[type[models.Model], ...]] = (Session, OrmQ, WorkerHeartbeat)
# What every new database starts with. The rows of the old one replace it.
_SEEDED: Final[tuple[type[models.Model], ...]] = (Permission, ContentType, Schedule)
_BATCH: Final = 2000
_LOCK_SECONDS: Final = 60
_MODULUS: Final = 2**128


@dataclass(frozen=True, slots=True)
class Copied:
    """A copied table: how many rows it has, and how many values had to be cleaned, by column."""

    table: str
    rows: int
    cleaned: dict[str, int]


def tables() -> list[type[models.Model]]:
    """The models whose tables are copied."""
    return [model for model in our_models() if model not in LEFT]


def copy_all(target: BaseDatabaseWrapper, on_rows: Callable[[str, int], object]) -> list[Copied]:
    """Copies every table from the database in use, and compares.

    `on_rows` is called as rows are written or read back, with what is being done: in total, twice the number of rows.
    Raises CannotCopy; the new database is then unchanged.
    """
    with _failures_of("The database in use"), transaction.atomic():
        _lock(connection, "SHARE")
        _refuse_broken_references()
        with _failures_of("The new database"), transaction.atomic(using=NEW):
            _lock(target, "SHARE ROW EXCLUSIVE")
            _refuse_rows(target)
            _empty_seeded(target)
            copied = [_copy_table(model, target, on_rows) for model in tables()]
            target.check_constraints()
        return copied


def count_rows() -> int:
    """How many rows there are to copy."""
    return sum(model._base_manager.count() for model in tables())


@contextmanager
def _failures_of(which: str) -> Iterator[None]:
    try:
        yield
    except IntegrityError as error:
        # Only the first line: the rest quotes values.
        raise CannotCopy(f"{which} rejects a row: {storage.first_line(error)}.") from error
    except DatabaseError as error:
        raise CannotCopy(f"{which} says: {storage.first_line(error)}.") from error


def _lock(database: BaseDatabaseWrapper, mode: str) -> None:
    """Keeps others from writing until the transaction ends; on SQLite, its start has already done that."""
    if database.vendor != "postgresql":
        return
    names = ", ".join(database.ops.quote_name(model._meta.db_table) for model in our_models())
    with database.cursor() as cursor:
        cursor.execute(f"SET LOCAL lock_timeout = '{_LOCK_SECONDS}s'")
        cursor.execute(f"LOCK TABLE {names} IN {mode} MODE")


def _refuse_broken_references() -> None:
    try:
        connection.check_constraints()
    except IntegrityError as error:
        raise CannotCopy(
            f"{storage.first_line(error)}. Delete that row or point it to one that exists, then run this again. "
            "To count such rows, run: manage.py dbdoctor --doctor"
        ) from error


def _refuse_rows(target: BaseDatabaseWrapper) -> None:
    filled = [
        model._meta.db_table
        for model in tables()
        if model not in _SEEDED and model._base_manager.using(target.alias).exists()
    ]
    if filled:
        raise CannotCopy(
            f"The new database is not empty: there are rows in {', '.join(filled[:5])}. Create a new, empty one."
        )


def _empty_seeded(target: BaseDatabaseWrapper) -> None:
    with target.cursor() as cursor:
        for model in _SEEDED:
            cursor.execute(f"DELETE FROM {target.ops.quote_name(model._meta.db_table)}")  # noqa: S608


def _copy_table(
    model: type[models.Model], target: BaseDatabaseWrapper, on_rows: Callable[[str, int], object]
) -> Copied:
    table = model._meta.db_table
    columns = [Column(field, connection, target) for field in model._meta.local_concrete_fields]
    sent = _Checksum(columns)
    write = _write_by_copy if target.vendor == "postgresql" else _write_by_insert

    def batches() -> Iterator[list[list[Any]]]:
        for batch in _stored(model, columns, connection):
            read = [_read(model, columns, raw) for raw in batch]
            for values in read:
                sent.add(values)
            yield [[column.write(value) for column, value in zip(columns, values, strict=True)] for values in read]
            on_rows(f"Copying {table}", len(batch))

    write(table, columns, target, batches())
    found = _Checksum(columns)
    for batch in _stored(model, columns, target):
        for raw in batch:
            found.add([column.reread(value) for column, value in zip(columns, raw, strict=True)])
        on_rows(f"Comparing {table}", len(batch))
    if found.rows != sent.rows:
        raise CannotCopy(f"{table} has {sent.rows:,} rows, but only {found.rows:,} arrived.")
    if found.total != sent.total:
        raise CannotCopy(f"{table} differs between the new database and the old one.")
    if isinstance(model._meta.pk, models.AutoField):
        _continue_ids(table, str(model._meta.pk.column), target)
    return Copied(table, sent.rows, {column.name: column.cleaned for column in columns if column.cleaned})


def _stored(
    model: type[models.Model], columns: list[Column], database: BaseDatabaseWrapper
) -> Iterator[list[tuple[Any, ...]]]:
    """The rows of a table as they are stored, in batches."""
    quote = database.ops.quote_name
    selected = ", ".join(column.selected(database) for column in columns)
    key = quote(str(model._meta.pk.column))
    which = "The new database" if database.alias == NEW else "The database in use"
    with _failures_of(which), _any_text(database), database.chunked_cursor() as cursor:
        cursor.execute(f"SELECT {selected} FROM {quote(model._meta.db_table)} ORDER BY {key}")  # noqa: S608
        while batch := cursor.fetchmany(_BATCH):
            yield batch


@contextmanager
def _any_text(database: BaseDatabaseWrapper) -> Iterator[None]:
    """Makes SQLite also return what is not UTF-8: as lone surrogates, which are then cleaned."""
    if database.vendor != "sqlite":
        yield
        return
    database.connection.text_factory = lambda raw: raw.decode("utf-8", "surrogateescape")
    try:
        yield
    finally:
        database.connection.text_factory = str


def _read(model: type[models.Model], columns: list[Column], raw: tuple[Any, ...]) -> list[Any]:
    values = []
    for column, value in zip(columns, raw, strict=True):
        try:
            values.append(column.read(value))
        except Unfit as unfit:
            key = str(model._meta.pk.column)
            number = raw[[one.name for one in columns].index(key)]
            raise CannotCopy(
                f"{model._meta.db_table}.{column.name} of the row with {key} {number} {unfit.reason}. "
                "Correct it in the database in use, and run this again."
            ) from None
    return values


def _write_by_copy(
    table: str, columns: list[Column], target: BaseDatabaseWrapper, batches: Iterable[list[list[Any]]]
) -> None:
    quote = target.ops.quote_name
    names = ", ".join(quote(column.name) for column in columns)
    into = f"COPY {quote(table)} ({names}) FROM STDIN"
    with target.cursor() as cursor, target.wrap_database_errors, cursor.copy(into) as copy:
        for batch in batches:
            for row in batch:
                copy.write_row(row)


def _write_by_insert(
    table: str, columns: list[Column], target: BaseDatabaseWrapper, batches: Iterable[list[list[Any]]]
) -> None:
    quote = target.ops.quote_name
    names, marks = ", ".join(quote(column.name) for column in columns), ", ".join(["%s"] * len(columns))
    with target.cursor() as cursor:
        for batch in batches:
            cursor.executemany(f"INSERT INTO {quote(table)} ({names}) VALUES ({marks})", batch)  # noqa: S608


class _Checksum:
    """A checksum of the rows of a table, in any order: databases sort text differently."""

    def __init__(self, columns: list[Column]) -> None:
        self.rows = 0
        self.total = 0
        self._columns = columns

    def add(self, values: list[Any]) -> None:
        compared = [column.compared(value) for column, value in zip(self._columns, values, strict=True)]
        digest = blake2b(repr(compared).encode(), digest_size=16).digest()
        self.total = (self.total + int.from_bytes(digest)) % _MODULUS
        self.rows += 1


def _continue_ids(table: str, key: str, target: BaseDatabaseWrapper) -> None:
    """Keeps the new database from reissuing ids of the old one: late reports refer to deliveries by id."""
    last = _last_id(table, key)
    if last < 1:
        return
    with target.cursor() as cursor:
        if target.vendor == "postgresql":
            cursor.execute("SELECT setval(pg_get_serial_sequence(%s, %s), %s)", [table, key, last])
        else:
            cursor.execute("DELETE FROM sqlite_sequence WHERE name = %s", [table])
            cursor.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (%s, %s)", [table, last])


def _last_id(table: str, key: str) -> int:
    """The highest id that the database in use has issued in a table, even if that row is gone."""
    quote = connection.ops.quote_name
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT COALESCE(MAX({quote(key)}), 0) FROM {quote(table)}")  # noqa: S608
        highest: int = cursor.fetchone()[0]
        if connection.vendor == "sqlite":
            cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
        else:
            cursor.execute("SELECT pg_get_serial_sequence(%s, %s)", [table, key])
            cursor.execute(f"SELECT last_value FROM {cursor.fetchone()[0]} WHERE is_called")  # noqa: S608
        row = cursor.fetchone()
        return max(highest, row[0] if row else 0)
