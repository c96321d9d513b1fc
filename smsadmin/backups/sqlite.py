"""Backups of SQLite with its online backup API (https://www.sqlite.org/backup.html).

All pages are copied in a single step. In WAL mode that is one reader's view of a single moment: writers continue,
and, unlike with a copy in many steps, can't force it to restart.

A backup carries its own checksum, so that it stays a single file: a table with one row holds the SHA-256 of the whole
file with zeros in that one place.
"""

import fcntl
import hashlib
import mmap
import os
import re
import secrets
import shutil
import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import IO, Final
from urllib.parse import quote

from django.db import connection

from ..ownership import give_to_owner_of_folder
from .contents import ALTERED, TABLES, BackupFailed, Contents, Damaged, find_missing, orphans

suffix: Final = ".sqlite3"
MAGIC: Final = b"SQLite format 3\0"
BUSY_SECONDS: Final = 30.0
SEAL: Final = "backup_seal"
_CHUNK: Final = 1 << 20


def write(target: Path) -> None:
    """Copies the database in use into the empty file `target`. Raises BackupFailed."""
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
    # The copy is in WAL mode like its source. A backup should be one file that anyone may read.
    with _failures_of("database"), closing(_open(target, "mode=rw")) as copy:
        copy.execute("PRAGMA journal_mode=DELETE")
        place = secrets.token_hex(32)
        copy.execute(f"DROP TABLE IF EXISTS {SEAL}")
        copy.execute(f"CREATE TABLE {SEAL} (sha256 TEXT NOT NULL)")
        copy.execute(f"INSERT INTO {SEAL} VALUES (?)", [place])  # noqa: S608 - our own name
    with target.open("r+b") as file:
        checksum, offset = _checksum(file, place)
        file.seek(offset)
        file.write(checksum.encode())


def _checksum(file: IO[bytes], place: str) -> tuple[str, int]:
    """The SHA-256 of an open file with zeros in place of `place`, which occurs once; and where. Raises Damaged."""
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        offset = content.find(place.encode())
        if offset < 0:
            raise Damaged(ALTERED)
        end = offset + len(place)
        digest = hashlib.sha256()
        for start in range(0, offset, _CHUNK):
            digest.update(content[start : min(start + _CHUNK, offset)])
        digest.update(b"0" * len(place))
        for start in range(end, len(content), _CHUNK):
            digest.update(content[start : start + _CHUNK])
    return digest.hexdigest(), offset


def _check_seal(path: Path, file: sqlite3.Connection) -> bool:
    """Whether it has a checksum. Raises Damaged if that is wrong."""
    if not file.execute("SELECT 1 FROM sqlite_master WHERE name = ?", [SEAL]).fetchall():
        return False
    rows = file.execute(f"SELECT sha256 FROM {SEAL}").fetchall()  # noqa: S608 - our own name
    if len(rows) != 1 or not re.fullmatch("[0-9a-f]{64}", str(rows[0][0])):
        raise Damaged(ALTERED)
    with path.open("rb") as content:
        if _checksum(content, rows[0][0])[0] != rows[0][0]:
            raise Damaged(ALTERED)
    return True


def inspect(path: Path) -> Contents:
    """Checks a whole backup and returns its contents. Raises Damaged."""
    # Immutable: no locks, and no -wal file beside it.
    with _failures_of("file"), closing(_open(path, "mode=ro&immutable=1")) as file:
        is_sealed = _check_seal(path, file)
        [(first,), *_] = file.execute("PRAGMA integrity_check(1)").fetchall()
        if first != "ok":
            raise Damaged(f"The database is damaged: {first}. Run: manage.py dbdoctor --doctor.")
        there = {name for (name,) in file.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if not there.issuperset(TABLES):
            raise Damaged("This is not an SMS Admin database: its tables are missing.")
        [(members,)] = file.execute("SELECT count(*) FROM community_members")
        [(blasts,)] = file.execute("SELECT count(*) FROM message_logs")
        migrations = frozenset(file.execute("SELECT app, name FROM django_migrations").fetchall())
        columns = {table: {row[1] for row in file.execute(f'PRAGMA table_xinfo("{table}")')} for table in there}
        faults = find_missing(migrations, columns)
        broken = Counter((table, parent) for table, _, parent, _ in file.execute("PRAGMA foreign_key_check"))
        faults += [orphans(number, table, parent) for (table, parent), number in sorted(broken.items())]
        return Contents(members, blasts, migrations, _last_ids(file), tuple(faults), is_sealed)


def last_ids() -> dict[str, int]:
    """The last id issued by each table of the database in use; {} if it can't be read."""
    if not database().is_file():
        return {}
    try:
        with closing(_open(database(), "mode=ro")) as live:
            return _last_ids(live)
    except sqlite3.Error:
        return {}


def _last_ids(file: sqlite3.Connection) -> dict[str, int]:
    # The table is created along with the first one that counts.
    if not file.execute("SELECT 1 FROM sqlite_master WHERE name = 'sqlite_sequence'").fetchall():
        return {}
    return {table: last for table, last in file.execute("SELECT name, seq FROM sqlite_sequence") if last}


def continue_ids_after(last_ids: Mapping[str, int]) -> list[str]:
    """SQL that makes each existing table among these continue after an id."""
    return [
        statement
        for table, last in sorted(last_ids.items())
        for statement in (
            f"UPDATE sqlite_sequence SET seq = max(seq, {last}) WHERE name = '{table}'",  # noqa: S608 - ours
            f"INSERT INTO sqlite_sequence (name, seq) SELECT name, {last} FROM sqlite_master WHERE type = 'table' "  # noqa: S608
            f"AND name = '{table}' AND name NOT IN (SELECT name FROM sqlite_sequence)",
        )
    ]


def final_checks(contents: Contents) -> list[str]:
    """SQL that fails if the restored database isn't sound: none, since `inspect` has checked everything."""
    return []


def restore(path: Path, statements: Sequence[str], set_aside: Path | None) -> None:
    """Replaces the database in use with a checked backup, after running `statements` on the backup.

    The pages are written into the live file in one transaction: until it ends, and after a failure, everyone sees the
    previous state. If the database can't be read or doesn't exist, its file is replaced, and the old files become
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
                copy.execute(f"DROP TABLE IF EXISTS {SEAL}")
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
    """The empty file `work`, even if a killed restore has left one. Raises BackupFailed during another restore."""
    with open(os.open(work, os.O_CREAT | os.O_RDWR, 0o600), "wb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BackupFailed("Another restore of this database is in progress. Wait until it is done.") from error
        # The leftover may be half a database, with a journal that would be taken for the new one's.
        work.with_name(f"{work.name}-journal").unlink(missing_ok=True)
        os.fchmod(file.fileno(), 0o600)
        give_to_owner_of_folder(work)
        file.truncate(0)
        yield file


def database() -> Path:
    """The file of the database in use. Raises BackupFailed if there is none to copy."""
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
    """Copies all pages in one step. Waits for a lock as long as SQLite does, not forever."""

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
            raise BackupFailed("The disk is full. Free some space and try again.") from error
        if code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
            raise Damaged(f"The {what} is damaged (SQLite: {error}).") from error
        raise BackupFailed(f"The {what} cannot be copied or read (SQLite: {error}).") from error
