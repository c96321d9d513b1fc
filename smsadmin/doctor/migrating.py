"""Migrations: which are applied, which are pending, and applying those, one process at a time."""

import fcntl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.conf import settings
from django.core.management import call_command
from django.db import DatabaseError, connection
from django.db.migrations.exceptions import InconsistentMigrationHistory
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder

from smsadmin import migration_state
from smsadmin.backups import backup_files
from smsadmin.backups.contents import BackupFailed
from smsadmin.lib.locks import AdvisoryLock
from smsadmin.lib.plurals import counted
from smsadmin.ownership import give_to_owner_of_folder

from .findings import Finding, ok, problem, some
from .storage import first_line, sqlite_path


class CannotApply(Exception):
    """Its text is a sentence for the operator."""


@dataclass(frozen=True, slots=True)
class Step:
    """One migration. `applied_at` is None while it is pending; one that is not `is_known` has no file here."""

    app: str
    name: str
    applied_at: datetime | None
    is_applied: bool
    is_known: bool

    def __str__(self) -> str:
        return f"{self.app}.{self.name}"


def steps() -> list[Step]:
    """Every migration in the order of application, followed by those that only the database knows.

    Raises DatabaseError if the database can't be reached, and CannotApply if it is too old.
    """
    if migration_state.is_too_old(migration_state.recorded()):
        raise CannotApply(migration_state.DATABASE_TOO_OLD)
    executor = MigrationExecutor(connection)
    loader = executor.loader
    recorded = MigrationRecorder(connection).applied_migrations()
    found = []
    replaced = set()
    for migration, _ in executor.migration_plan(loader.graph.leaf_nodes(), clean_start=True):
        key = (migration.app_label, migration.name)
        replaced |= set(migration.replaces)
        row: Any = recorded.get(key)
        found.append(Step(*key, row.applied if row else None, key in loader.applied_migrations, is_known=True))
    known = replaced | set(loader.disk_migrations)
    for key, row in recorded.items():
        if key not in known:
            found.append(Step(*key, row.applied, is_applied=True, is_known=False))
    return found


def pending() -> list[Step]:
    """The pending migrations, in order."""
    return [step for step in steps() if not step.is_applied]


def find_migration_trouble() -> Iterator[Finding]:
    if migration_state.is_too_old(migration_state.recorded()):
        yield problem("The database is too old for this version.", migration_state.TOO_OLD, blocks=True)
        return
    found = steps()
    waiting = [step for step in found if not step.is_applied]
    unknown = [step for step in found if not step.is_known]
    try:
        MigrationExecutor(connection).loader.check_consistent_history(connection)
    except InconsistentMigrationHistory as error:
        yield problem(
            f"The list of applied migrations is inconsistent: {str(error).rstrip('.')}.",
            "Restore the last backup: someone has edited django_migrations.",
        )
    if waiting:
        yield problem(
            f"{counted(len(waiting), 'migration is', 'migrations are')} pending: {some(waiting)}.",
            "Run: manage.py dbdoctor --apply",
            blocks=True,
        )
    if unknown:
        yield problem(
            f"The database has {counted(len(unknown), 'migration', 'migrations')} "
            f"that this version doesn't know: {some(unknown)}.",
            "It belongs to a newer version: install that one, or restore a backup from before the upgrade.",
        )
    if not waiting and not unknown:
        yield ok(f"All {len(found)} migrations are applied.")


@dataclass(frozen=True, slots=True)
class Applied:
    """What `apply` did: the migrations in order, and the file of the backup made before, if any."""

    steps: list[Step]
    backup: str = ""


def apply(say: Callable[[str], None]) -> Applied:
    """Applies what is pending. Raises CannotApply and DatabaseError.

    A concurrent second call, in any process, waits and then finds nothing to do. A non-empty SQLite file is backed up
    before it is changed.
    """
    with _alone(say):
        waiting = pending()
        if not waiting:
            return Applied([])
        backup = _back_up() if sqlite_path() and _has_data() else ""
        try:
            call_command("migrate", verbosity=0, interactive=False)
        except (DatabaseError, ValueError, InconsistentMigrationHistory) as error:
            raise CannotApply(_explain(error, backup)) from error
        return Applied(waiting, backup)


def _back_up() -> str:
    try:
        return str(backup_files.back_up(settings.BACKUP_DIR, settings.BACKUP_KEEP).path)
    except BackupFailed as error:
        raise CannotApply(f"Nothing was applied because no backup could be made. {error}") from error


def _explain(error: Exception, backup: str) -> str:
    reason = first_line(error) if isinstance(error, DatabaseError) else type(error).__name__
    left = pending()
    failed = f"{left[0]} could not be applied" if left else "The migrations could not be completed"
    remedy = f"The previous database is in {backup}." if backup else "Migrations applied before it stay in place."
    return f"{failed}: {reason}. {remedy}"


def _has_data() -> bool:
    with connection.cursor() as cursor:
        return bool(connection.introspection.table_names(cursor))


@contextmanager
def _alone(say: Callable[[str], None]) -> Iterator[None]:
    if connection.vendor == "postgresql":
        with _advisory_lock(say):
            yield
    elif sqlite_path():
        with _file_lock(say):
            yield
    else:
        yield


WAITING: Final = "Another process is applying migrations. Waiting for it."


@contextmanager
def _advisory_lock(say: Callable[[str], None]) -> Iterator[None]:
    """Belongs to the session, independent of its transactions; the server releases it when the connection ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [AdvisoryLock.MIGRATIONS])
        if not cursor.fetchone()[0]:
            say(WAITING)
            cursor.execute("SELECT pg_advisory_lock(%s)", [AdvisoryLock.MIGRATIONS])
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [AdvisoryLock.MIGRATIONS])


@contextmanager
def _file_lock(say: Callable[[str], None]) -> Iterator[None]:
    """On a file beside the database, which is never deleted: closing the database's own file would drop SQLite's
    locks.

    A missing database is created here, so that it belongs to the services even if root starts this.
    """
    path = sqlite_path()
    assert path is not None  # noqa: S101 - for the type checker: the caller has looked
    lock = path.with_name(f"{path.name}-migrating")
    try:
        for made in (lock, path):
            if not made.exists():
                made.touch(0o600)
                give_to_owner_of_folder(made)
        file = lock.open("a")
    except OSError as error:
        raise CannotApply(f"The folder {path.parent} cannot be written: {error.strerror}.") from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(WAITING)
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
