"""Who may read the files of an installation: the user that it runs as, and nobody else.

New files are private by the umask of the settings. This is for those that exist already, made by an older version, by
hand, or by another program. Only what SMS Admin itself makes is touched, and only where this user owns it: a folder
such as /var/lib, or an `.env` that root shares with the group of the services, is somebody's own arrangement.
"""

import logging
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from django.conf import settings

from .backups import backup_files
from .doctor.storage import sqlite_path

logger = logging.getLogger(__name__)

# What SQLite and we ourselves put beside the file of the database, as patterns for what follows its name.
_BESIDE: Final = ("", "-wal", "-shm", "-journal", "-migrating", ".damaged-*")


@dataclass(frozen=True, slots=True)
class OpenPath:
    """A file or folder of ours that others may use; `mode` is what it should have. Only its owner can set it."""

    path: Path
    mode: int
    is_own: bool


def find_open() -> list[OpenPath]:
    """What others may read or write of the installation's files. Reads nothing but folders and modes."""
    found = []
    for path, keep in _paths():
        try:
            there = path.stat()
        except OSError:
            continue
        mode = stat.S_IMODE(there.st_mode)
        if mode & ~keep & 0o077:
            found.append(OpenPath(path, mode & (keep | 0o700), there.st_uid == os.geteuid()))
    return found


def close() -> list[Path]:
    """Take from others what they may do with our files; which ones. What belongs to somebody else stays as it is."""
    closed = []
    for each in find_open():
        if not each.is_own:
            continue
        try:
            each.path.chmod(each.mode)
        except OSError as error:
            logger.warning("%s is open to other users of this machine: %s.", each.path, error.strerror)
        else:
            closed.append(each.path)
    if closed:
        logger.warning("Closed to other users of this machine: %s.", ", ".join(map(str, closed)))
    return closed


def find_shared_folders() -> list[Path]:
    """The folders of the database and of the backups in which everybody could put a file in the place of ours."""
    database = sqlite_path()
    folders = {*([database.parent] if database else []), settings.BACKUP_DIR}
    return sorted(folder for folder in folders if _mode(folder) & (stat.S_ISVTX | stat.S_IWOTH) == stat.S_IWOTH)


def _paths() -> Iterator[tuple[Path, int]]:
    """(path, which modes of group and others may stay) of what we make, whether it is there or not."""
    database = sqlite_path()
    if database:
        for end in _BESIDE:
            yield from ((path, 0) for path in database.parent.glob(f"{_literal(database.name)}{end}"))
        if settings.INSTANCE_DIR in database.parents:
            yield settings.INSTANCE_DIR, 0
    if settings.INSTANCE_DIR in settings.BACKUP_DIR.parents:
        yield settings.BACKUP_DIR, 0
    yield from ((path, 0) for path in _listed(settings.BACKUP_DIR) if _is_backup(path))
    env_file = settings.ENV_FILE
    if env_file and _runs_as_owner(database):
        # Another group than the owner's is that of the services, which read the file so (docs/deployment.md).
        is_shared = env_file.exists() and env_file.stat().st_gid != os.getegid()
        yield env_file, 0o040 if is_shared else 0


def _literal(name: str) -> str:
    """The name as a pattern that matches it alone."""
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in name)


def _listed(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:
        return []


def _is_backup(path: Path) -> bool:
    return (
        bool(backup_files.NAME.fullmatch(path.name) or backup_files.PART.fullmatch(path.name))
        and not path.is_symlink()
    )


def _runs_as_owner(database: Path | None) -> bool:
    """Whether the services run as this user. Root, at a prompt, would otherwise shut them out of their settings."""
    if database and database.exists():
        return database.stat().st_uid == os.geteuid()
    return os.geteuid() != 0


def _mode(path: Path) -> int:
    try:
        return path.stat().st_mode
    except OSError:
        return 0
