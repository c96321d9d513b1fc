"""The two databases of a copy: opens the new one alongside the one in use, and rejects both unless they fit."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final, cast

from django.conf import settings
from django.db import DatabaseError, connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.recorder import MigrationRecorder
from django.db.utils import ConnectionHandler

from .. import database_urls, isolated_commands, migration_state
from ..doctor import storage
from ..worker import heartbeat

NEW: Final = "copy"


class CannotCopy(Exception):
    """Its text is one or more sentences for the operator. Nothing was copied."""


@contextmanager
def opened(url: str) -> Iterator[BaseDatabaseWrapper]:
    """A connection to the database at that address, known to Django as NEW in this block. Raises CannotCopy."""
    try:
        configured = database_urls.parse(url, settings.BASE_DIR)
    except database_urls.BadDatabaseUrl as error:
        raise CannotCopy(f"The address of the new database {error.problem}. {error.remedy}") from None
    if configured["NAME"] == ":memory:":
        raise CannotCopy("The new database would be in memory only. Specify a file.")
    # A handler of its own adds Django's other default settings for a database.
    handler = ConnectionHandler({"default": configured, NEW: configured})
    connections[NEW] = handler.create_connection(NEW)
    try:
        yield connections[NEW]
    finally:
        with suppress(DatabaseError):
            connections[NEW].close()
        del connections[NEW]


def describe(database: BaseDatabaseWrapper) -> str:
    """Such as "SQLite, /var/lib/sms-admin/sms.db" or "PostgreSQL, sms_admin on db.example.org"; never a password."""
    configured = database.settings_dict
    if database.vendor == "sqlite":
        return f"SQLite, {configured['NAME']}"
    port = f":{configured['PORT']}" if configured["PORT"] else ""
    return f"PostgreSQL, {configured['NAME']} on {configured['HOST'] or 'this machine'}{port}"


def check_source() -> None:
    """Checks that the database in use has this version's tables and no running workers. Raises CannotCopy."""
    path = storage.sqlite_path()
    if path is not None and not path.is_file():
        raise CannotCopy(f"There is no database at {path} to copy. Set DATABASE_URL to the one in use.")
    if migration_state.applied() != migration_state.known():
        raise CannotCopy(
            "The database in use doesn't match this version of SMS Admin. Run: manage.py dbdoctor --apply. "
            "If that finds nothing to apply, install the version that last used the database."
        )
    _refuse_workers(connection, "the database in use")


def prepare_target(target: BaseDatabaseWrapper, url: str) -> None:
    """Creates the tables if there are none, and rejects a database that isn't ours to fill. Raises CannotCopy."""
    if target.vendor == "sqlite":
        _make_file(Path(target.settings_dict["NAME"]))
    try:
        with target.cursor() as cursor:
            tables = target.introspection.table_names(cursor)
    except DatabaseError as error:
        raise CannotCopy(f"The new database is not responding: {storage.first_line(error)}.") from error
    if _is_same(target):
        raise CannotCopy("The new database is the one in use. Specify a different one.")
    if not tables:
        _make_tables(target, url)
    elif "django_migrations" not in tables:
        raise CannotCopy(
            f"The new database has tables of another program, such as {min(tables)}. "
            "Create a database just for SMS Admin."
        )
    applied = migration_state.as_current(frozenset(MigrationRecorder(target).applied_migrations()))
    if applied != migration_state.known():
        raise CannotCopy(
            "The new database was made by another version of SMS Admin: its migrations differ from this version's. "
            "Create a new, empty database and use that."
        )
    _refuse_workers(target, "the new database")


def _make_file(path: Path) -> None:
    """Readable by nobody else. An empty file is an empty database."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise CannotCopy(f"{path} can't be written: {error.strerror}.") from None


def _make_tables(target: BaseDatabaseWrapper, url: str) -> None:
    # In a separate process: data migrations work on the default database.
    target.close()
    with tempfile.TemporaryDirectory(prefix="smsadmin-") as folder:
        ended = isolated_commands.run(["manage.py", "dbdoctor", "--apply", "--verbosity", "0"], url, Path(folder))
    if ended.returncode:
        raise CannotCopy(f"The tables of the new database could not be created. {isolated_commands.complaint(ended)}")


def _refuse_workers(database: BaseDatabaseWrapper, which: str) -> None:
    if workers := heartbeat.living(database=database.alias):
        names = ", ".join(map(str, workers))
        raise CannotCopy(
            f"A worker is running on {which} ({names}). Stop it and the web server first: end make run, or stop "
            "their services. A killed worker is forgotten after a minute."
        )


def _is_same(target: BaseDatabaseWrapper) -> bool:
    if target.vendor != connection.vendor:
        return False
    if target.vendor == "sqlite":
        path = storage.sqlite_path()
        return path is not None and path.samefile(target.settings_dict["NAME"])
    return _identity(target) == _identity(connection)


def _identity(database: Any) -> tuple[Any, ...]:
    """Something that two connections have in common only if they see the same tables."""
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT pg_postmaster_start_time(), oid, current_schema() FROM pg_database "
            "WHERE datname = current_database()"
        )
        return cast(tuple[Any, ...], cursor.fetchone())
