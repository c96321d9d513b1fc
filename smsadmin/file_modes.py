"""Who may read the files of an installation: only the user that it runs as.

New files are private thanks to the umask in the settings. This is for existing ones, made by an older version, by
hand, or by another program. Only what SMS Admin itself creates is touched, and only if this user owns it: a folder
such as /var/lib, or an `.env` that root shares with the group of the services, is someone's own choice.
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

# What SQLite and we put beside the database file, as patterns for what follows its name.
_BESIDE: Final = ("", "-wal", "-shm", "-journal", "-migrating", ".damaged-*")


@dataclass(frozen=True, slots=True)
class OpenPath:
    """A file or folder of ours that others can use; `mode` is what it should have. Only its owner can set it."""

    path: Path
    mode: int
    is_own: bool


def find_open() -> list[OpenPath]:
    """What others can read or write of the installation's files. Looks only at folders and modes."""
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
    """Removes others' access to our files and returns which ones. Skips what belongs to another user."""
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
        logger.warning("Made private: %s.", ", ".join(map(str, closed)))
    return closed


def find_shared_folders() -> list[Path]:
    """The folders of the database and the backups in which anyone could replace our files."""
    database = sqlite_path()
    folders = {*([database.parent] if database else []), settings.BACKUP_DIR}
    return sorted(folder for folder in folders if _mode(folder) & (stat.S_ISVTX | stat.S_IWOTH) == stat.S_IWOTH)


def _paths() -> Iterator[tuple[Path, int]]:
    """(path, which group and other modes may stay) of what we create, whether it exists or not."""
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
        # A group other than the owner's is that of the services, which read the file that way (docs/deployment.md).
        is_shared = env_file.exists() and env_file.stat().st_gid != os.getegid()
        yield env_file, 0o040 if is_shared else 0


def _literal(name: str) -> str:
    """The name as a pattern that matches only it."""
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
    """Whether the services run as this user. Root, on the command line, would otherwise lock them out of settings."""
    if database and database.exists():
        return database.stat().st_uid == os.geteuid()
    return os.geteuid() != 0


def _mode(path: Path) -> int:
    try:
        return path.stat().st_mode
    except OSError:
        return 0
