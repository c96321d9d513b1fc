"""Backups of the database: one file each, written while the site is in use, and checked before it counts as one.

A backup is written under a name that no backup has, checked, made durable, and only then given its own name. Whatever
ends the writing early leaves no file that looks like a backup.
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
# A file that is being written is locked; between its making and its locking lies no such time.
UNLOCKED_SECONDS: Final = 60
# Where the disk knows no locks, one that is being written is younger than this.
ABANDONED_SECONDS: Final = 24 * 60 * 60


@dataclass(frozen=True, slots=True)
class Backup:
    """A finished backup: its file, size in bytes, what is in it, and which older ones it made superfluous."""

    path: Path
    size: int
    contents: Contents
    removed: tuple[Path, ...] = ()


def engine() -> ModuleType:
    """The module that knows how the database in use is copied: `suffix`, `write`, `inspect`, `restore`, and what it
    needs of the ids (`last_ids`, `going_on_after`) and of a last look (`final_checks`)."""
    return sqlite if connection.vendor == "sqlite" else postgres


def back_up(directory: Path, keep: int | None = None, *, is_as_found: bool = False) -> Backup:
    """Write a backup of the database in use into `directory`, which is made where it is missing.

    It is checked as a restore would check it; what could not be restored makes no backup, unless the database
    `is_as_found` to be kept, because something else takes its place. With `keep`, only so many of the newest backups
    stay; nothing but backups is ever removed. Raises BackupFailed, with a sentence for the operator, or its kind
    Damaged if it is the database itself that cannot be read.
    """
    path = directory / _name(datetime.now(UTC), engine().suffix)
    part = directory / f".{path.name}.part"
    try:
        make_folder(directory)
        # First of all: what killed ones have left may be what takes up the room.
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
    """The backups in a folder of the database's kind, oldest first. Other files are none of ours."""
    if not directory.is_dir():
        return []
    found = [path for path in directory.iterdir() if (match := NAME.fullmatch(path.name)) and _is_of_kind(match)]
    return sorted(path for path in found if path.is_file() and not path.is_symlink())


def taken_at(path: Path) -> datetime:
    """When a backup was taken: its name says it; otherwise when the file was written."""
    if match := NAME.fullmatch(path.name):
        with suppress(ValueError):
            return datetime.strptime(f"{match[1]}000", "%Y%m%dT%H%M%S%f").replace(tzinfo=UTC)
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)


def prune(directory: Path, keep: int) -> list[Path]:
    """Remove all but the `keep` newest backups; those that were removed."""
    removed = []
    for path in find(directory)[: -max(keep, 1)]:
        with suppress(OSError):
            path.unlink()
            removed.append(path)
    return removed


@contextmanager
def _locked(part: Path) -> Iterator[None]:
    """Make the file, and keep a lock on it that ends with this process, however that ends."""
    descriptor = os.open(part, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
    try:
        give_to_owner_of_folder(part)
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)


def _remove_abandoned(directory: Path) -> None:
    """Remove what backups that were killed have left."""
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
    """Let a file, or the names in a folder, outlast a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def explain(error: OSError) -> str:
    """What went wrong and what to do, as a sentence."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
        return "there is no room left. Free some, or name a folder on another disk."
    if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
        return "this user may not write there. Give them the right to, or name another folder."
    if error.errno in {errno.ENOTDIR, errno.EEXIST}:
        return "that is not a folder. Name another one."
    return f"{error.strerror or error}."


def _name(at: datetime, suffix: str) -> str:
    return f"smsadmin-{at:%Y%m%dT%H%M%S}{at.microsecond // 1000:03}Z{suffix}"


def _is_of_kind(match: re.Match[str]) -> bool:
    return match[2] == engine().suffix
