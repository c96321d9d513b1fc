"""Backups of SQLite, by its own online backup (https://www.sqlite.org/backup.html).

All pages are copied in a single step. In WAL mode that is one reader's view of one moment: writers go on meanwhile,
and, unlike a copy in many steps, none of them can make it begin again.
"""

import fcntl
import os
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import IO, Final
from urllib.parse import quote

from django.db import connection

from .backup_contents import TABLES, BackupFailed, Contents, Damaged

suffix: Final = ".sqlite3"
MAGIC: Final = b"SQLite format 3\0"
BUSY_SECONDS: Final = 30.0


def write(target: Path) -> None:
    """Copy the database in use into the file `target`, which is empty. Raises BackupFailed."""
    source = database()
    if not source.is_file():
        raise BackupFailed(f"There is no database at {source}. Set DATABASE_URL, or run: manage.py dbdoctor --apply.")
    with (
        _failures_of("database"),
        closing(_open(source, "mode=rw")) as live,
        closing(_open(target, "mode=rw")) as copy,
    ):
        copy.execute("PRAGMA journal_mode=OFF")
        _copy(live, copy)
    # The copy is a database in WAL mode like its source. A backup is to be one file that anybody may read.
    with _failures_of("database"), closing(_open(target, "mode=rw")) as copy:
        copy.execute("PRAGMA journal_mode=DELETE")


def inspect(path: Path) -> Contents:
    """Check a whole backup and say what it holds. Raises Damaged."""
    # Immutable: neither locked nor given a -wal file beside it.
    with _failures_of("file"), closing(_open(path, "mode=ro&immutable=1")) as file:
        [(first,), *_] = file.execute("PRAGMA integrity_check(1)").fetchall()
        if first != "ok":
            raise Damaged(f"The database is damaged: {first}. Run: manage.py dbdoctor --doctor.")
        there = {name for (name,) in file.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if not there.issuperset(TABLES):
            raise Damaged("This is no database of SMS Admin: its tables are missing.")
        [(members,)] = file.execute("SELECT count(*) FROM community_members")
        [(blasts,)] = file.execute("SELECT count(*) FROM message_logs")
        migrations = file.execute("SELECT app, name FROM django_migrations").fetchall()
        return Contents(members, blasts, frozenset((app, name) for app, name in migrations))


def restore(path: Path, statements: Sequence[str], set_aside: Path | None) -> None:
    """Put a checked backup in the place of the database in use, after running `statements` on it.

    The pages go into the live file in one transaction: until its end, and after a failure, everybody sees what was
    there before. A database that cannot be read, or is not there, gets its file replaced; the old files become
    `set_aside`. Raises BackupFailed.
    """
    live = database()
    work = live.with_name(f".{live.name}.restoring")
    with _alone(work) as file, _failures_of("database"):
        try:
            with path.open("rb") as backup:
                shutil.copyfileobj(backup, file)
            file.flush()
            with closing(_open(work, "mode=rw")) as copy:
                copy.execute("BEGIN")
                for statement in statements:
                    copy.execute(statement)
                copy.execute("COMMIT")
            if set_aside is None and live.is_file() and live.stat().st_size:
                with closing(_open(work, "mode=rw")) as copy, closing(_open(live, "mode=rw")) as target:
                    _copy(copy, target)
                    target.execute("PRAGMA wal_checkpoint(PASSIVE)")
                return
            _replace(live, work, set_aside)
        finally:
            for left in ("", "-journal"):
                with suppress(OSError):
                    work.with_name(work.name + left).unlink(missing_ok=True)


@contextmanager
def _alone(work: Path) -> Iterator[IO[bytes]]:
    """The empty file `work`, also where a killed restore has left one. Raises BackupFailed during another restore."""
    with open(os.open(work, os.O_CREAT | os.O_RDWR, 0o600), "wb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BackupFailed("Another restore of this database is under way. Wait until it has ended.") from error
        # What was left may be half a database, with a journal that would be taken for the new one's.
        work.with_name(f"{work.name}-journal").unlink(missing_ok=True)
        os.fchmod(file.fileno(), 0o600)
        file.truncate(0)
        yield file


def database() -> Path:
    """The file of the database in use. Raises BackupFailed where there is none to copy."""
    if connection.is_in_memory_db():  # type: ignore[attr-defined]
        raise BackupFailed("The database is in memory only: there is nothing to back up or restore.")
    return Path(connection.settings_dict["NAME"])


def _replace(live: Path, work: Path, set_aside: Path | None) -> None:
    with work.open("rb") as file:
        os.fsync(file.fileno())
    # An old -wal beside a new database would be taken for its own.
    for end in ("-wal", "-shm", ""):
        part = live.with_name(live.name + end)
        if part.exists():
            if set_aside is None:
                part.unlink()
            else:
                part.rename(set_aside.with_name(set_aside.name + end))
    work.rename(live)


def _open(path: Path, mode: str) -> sqlite3.Connection:
    address = f"file:{quote(str(path.absolute()))}?{mode}"
    return sqlite3.connect(address, uri=True, timeout=BUSY_SECONDS, isolation_level=None)


def _copy(source: sqlite3.Connection, target: sqlite3.Connection) -> None:
    """All pages in one step. A lock is waited for as long as SQLite waits, not for ever."""

    def give_up(status: int, remaining: int, total: int) -> None:
        if status in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
            raise BackupFailed(
                f"The database was in use for {BUSY_SECONDS:.0f} seconds without a pause. "
                "Stop the worker and the web server, and try again."
            )

    source.backup(target, pages=-1, progress=give_up)


@contextmanager
def _failures_of(what: str) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code == sqlite3.SQLITE_FULL:
            raise BackupFailed("There is no room left on the disk. Free some and try again.") from error
        if code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
            raise Damaged(f"The {what} is damaged: SQLite says: {error}.") from error
        raise BackupFailed(f"The {what} cannot be copied or read: SQLite says: {error}.") from error
