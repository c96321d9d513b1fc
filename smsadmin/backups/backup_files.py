"""Backups of the database: one file each, written while the site is in use, and checked before it counts.

A backup is written under a temporary name, checked, flushed to disk, and only then renamed. If writing ends early for
any reason, no file looks like a backup.
"""

import errno
import fcntl
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Final

from django.conf import settings
from django.db import connection

from ..ownership import give_to_owner_of_folder, make_folder
from . import postgres, sqlite
from .contents import BackupFailed, Contents

NAME: Final = re.compile(r"smsadmin-(\d{8}T\d{9})Z(\.sqlite3|\.pgdump)")
PART: Final = re.compile(rf"\.{NAME.pattern}\.part(-journal)?")
# A file being written is locked, and creating and locking it takes less time than this.
UNLOCKED_SECONDS: Final = 60
# On disks without locks, a file being written is younger than this.
ABANDONED_SECONDS: Final = 24 * 60 * 60


@dataclass(frozen=True, slots=True)
class Backup:
    """A finished backup: its file, its size in bytes, its contents, and the older ones removed because of it."""

    path: Path
    size: int
    contents: Contents
    removed: tuple[Path, ...] = ()


def engine() -> ModuleType:
    """The module that copies this kind of database: `suffix`, `write`, `inspect`, `restore`, the functions for ids
    (`last_ids`, `continue_ids_after`), and `final_checks`."""
    return sqlite if connection.vendor == "sqlite" else postgres


def back_up(directory: Path, keep: int | None = None, *, is_as_found: bool = False) -> Backup:
    """Writes a backup of the database in use into `directory`, which is created if missing.

    The backup is checked like before a restore; one that couldn't be restored is rejected, unless the database is to
    be kept `is_as_found` because something else replaces it. With `keep`, only that many of the newest backups stay;
    nothing but backups is ever removed. Raises BackupFailed with a sentence for the operator, or its subclass Damaged
    if the database itself can't be read.
    """
    path = directory / _name(datetime.now(UTC), engine().suffix)
    part = directory / f".{path.name}.part"
    try:
        make_folder(directory)
        # First of all: the leftovers of killed backups may be what fills the disk.
        _remove_abandoned(directory)
        with _locked(part):
            engine().write(part)
            contents = engine().inspect(part)
            if contents.faults and not is_as_found:
                raise BackupFailed(
                    f"A backup of this database could not be restored. {contents.faults[0]} "
                    "Run: manage.py dbdoctor --doctor."
                )
            sync(part)
            part.rename(path)
        sync(directory)
        size = path.stat().st_size
    except OSError as error:
        named = " (BACKUP_DIR)" if directory == settings.BACKUP_DIR else ""
        raise BackupFailed(f"The backup could not be written to {directory}{named}: {explain(error)}") from error
    finally:
        for left in (part, part.with_name(f"{part.name}-journal")):
            with suppress(OSError):
                left.unlink(missing_ok=True)
    return Backup(path, size, contents, tuple(prune(directory, keep)) if keep else ())


def find(directory: Path) -> list[Path]:
    """The backups in a folder for this kind of database, oldest first. Ignores other files."""
    if not directory.is_dir():
        return []
    found = [path for path in directory.iterdir() if (match := NAME.fullmatch(path.name)) and _is_of_kind(match)]
    return sorted(path for path in found if path.is_file() and not path.is_symlink())


def taken_at(path: Path) -> datetime:
    """When a backup was made: from its name, otherwise when the file was written."""
    if match := NAME.fullmatch(path.name):
        with suppress(ValueError):
            return datetime.strptime(f"{match[1]}000", "%Y%m%dT%H%M%S%f").replace(tzinfo=UTC)
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)


def prune(directory: Path, keep: int) -> list[Path]:
    """Removes all but the `keep` newest backups, and returns those removed."""
    removed = []
    for path in find(directory)[: -max(keep, 1)]:
        with suppress(OSError):
            path.unlink()
            removed.append(path)
    return removed


@contextmanager
def _locked(part: Path) -> Iterator[None]:
    """Creates the file and holds a lock on it until this process ends, however it ends."""
    descriptor = os.open(part, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
    try:
        give_to_owner_of_folder(part)
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)


def _remove_abandoned(directory: Path) -> None:
    """Removes the leftovers of killed backups."""
    for path in directory.iterdir():
        with suppress(OSError):
            if PART.fullmatch(path.name) and _is_abandoned(path):
                path.unlink()


def _is_abandoned(part: Path) -> bool:
    age = time.time() - part.stat().st_mtime
    try:
        with part.open("r+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return age > ABANDONED_SECONDS
    return age > UNLOCKED_SECONDS


def sync(path: Path) -> None:
    """Flushes a file, or the names in a folder, so that it survives a power outage."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def explain(error: OSError) -> str:
    """What went wrong and what to do, as a sentence."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
        return "the disk is full. Free some space, or choose a folder on another disk."
    if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
        return "this user can't write there. Grant write access, or choose another folder."
    if error.errno in {errno.ENOTDIR, errno.EEXIST}:
        return "that is not a folder. Choose another one."
    return f"{error.strerror or error}."


def _name(at: datetime, suffix: str) -> str:
    return f"smsadmin-{at:%Y%m%dT%H%M%S}{at.microsecond // 1000:03}Z{suffix}"


def _is_of_kind(match: re.Match[str]) -> bool:
    return match[2] == engine().suffix
