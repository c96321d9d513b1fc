"""Backups: can they be written, and is there a recent one?"""

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Final

from django.conf import settings
from django.template.defaultfilters import filesizeformat
from django.utils import timezone

from smsadmin.backups import backup_files
from smsadmin.checks import find_backup_problem
from smsadmin.lib import dates

from .findings import Finding, note, ok, problem
from .storage import sqlite_path

# One daily backup may fail before anyone is told.
NEWEST_AT_MOST: Final = timedelta(days=2)


def find_backup_trouble() -> Iterator[Finding]:
    folder = settings.BACKUP_DIR
    trouble, hint = find_backup_problem(folder)
    if trouble:
        yield problem(f"{trouble}.", hint)
        return
    found = backup_files.find(folder)
    yield from _find_want_of_space(folder, found)
    if not found:
        yield note(f"There is no backup in {folder} yet.", "Run: manage.py backup")
        return
    age = timezone.now() - backup_files.taken_at(found[-1])
    spoken = dates.span(int(age.total_seconds())) or "a moment"
    if settings.BACKUP_DAILY and age > NEWEST_AT_MOST:
        yield problem(
            f"The newest backup in {folder} is {spoken} old.",
            "Run: manage.py backup. If that works, check that a worker is running: it makes one every day.",
        )
    else:
        yield ok(f"The newest backup is {spoken} old.")


def _find_want_of_space(folder: Path, found: list[Path]) -> Iterator[Finding]:
    """Whether there is room for the next backup, if the folder is on a different disk than the database."""
    place, database = _existing(folder), sqlite_path()
    if database is not None and database.exists():
        if place.stat().st_dev == database.stat().st_dev:
            return  # storage.space checks that one
        wanted = database.stat().st_size
    elif found:
        wanted = found[-1].stat().st_size
    else:
        return
    free = shutil.disk_usage(place).free
    if free < wanted:
        yield problem(
            f"The disk of {folder} has {filesizeformat(free)} free, less than the next backup needs "
            f"({filesizeformat(wanted)}).",
            "Free some space, keep fewer backups (BACKUP_KEEP), or choose a folder on another disk (BACKUP_DIR).",
        )


def _existing(folder: Path) -> Path:
    """The folder, or its nearest existing parent."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return folder
