"""The steps of a drill."""

import json
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from .. import isolated_commands
from ..backups import postgres, sqlite
from ..backups.contents import BackupFailed
from . import scratch

# Checks of the data itself. The others are about a running site: its worker, its settings, its disk.
_ABOUT_DATA: Final = ("schema.", "rows.", "counters.", "storage.integrity", "storage.references", "storage.answers")


@dataclass(frozen=True, slots=True)
class Drilled:
    """What a drill found. `newest` has the date of the newest row of each kind, `problems` dbdoctor's sentences."""

    seconds: float
    people: int
    blasts: int
    texts: int
    newest: dict[str, datetime | None]
    pages: dict[str, int]
    problems: list[str]

    @property
    def failed_pages(self) -> list[str]:
        """Pages that could not be loaded."""
        return [path for path, status in self.pages.items() if status != 200]


def drill(path: Path, parent: Path, say: Callable[[str], object]) -> Drilled:
    """Restores a backup into a temporary database, examines it, and removes everything again.

    `parent` is the folder to work in; `say` is called with each step before it starts. Raises BackupFailed.
    """
    is_postgresql = _is_postgresql(path)
    path = path.absolute()
    with scratch.folder(parent) as folder, _database(is_postgresql, path, folder) as url:
        begun = time.monotonic()
        say("Restoring it into a temporary database.")
        _manage(url, folder, "restore", "--no-input", str(path))
        say("Applying pending migrations.")
        _manage(url, folder, "dbdoctor", "--apply", "--verbosity", "0")
        seconds = time.monotonic() - begun
        say("Examining it.")
        problems = _examine(url, folder)
        say("Loading its pages.")
        ended = isolated_commands.run(["-m", "smsadmin.drilling.look"], url, folder)
        if ended.returncode:
            raise BackupFailed(f"It was restored but cannot be read: {isolated_commands.complaint(ended)}.")
        seen: dict[str, Any] = json.loads(ended.stdout)
    newest = {what: datetime.fromisoformat(at) if at else None for what, at in seen.pop("newest").items()}
    return Drilled(seconds=seconds, newest=newest, problems=problems, **seen)


def _is_postgresql(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            start = file.read(16)
    except OSError as error:
        raise BackupFailed(f"{path} cannot be read: {error.strerror}.") from error
    if start.startswith(postgres.MAGIC):
        return True
    if start.startswith(sqlite.MAGIC):
        return False
    raise BackupFailed(f"{path} is not a backup: it is neither a SQLite database nor a pg_dump file.")


@contextmanager
def _database(is_postgresql: bool, path: Path, folder: Path) -> Iterator[str]:
    if is_postgresql:
        with scratch.postgresql_database() as url:
            yield url
        return
    # Restoring puts a copy beside the new file, and a migration backs that up again.
    wanted, free = 3 * path.stat().st_size, shutil.disk_usage(folder).free
    if free < wanted:
        raise BackupFailed(
            f"{folder.parent} has {free / 1e6:,.0f} MB free, but the drill needs {wanted / 1e6:,.0f} MB. "
            "Choose a folder on another disk: --folder DIR."
        )
    yield f"sqlite:///{folder / 'sms.db'}"


def _manage(url: str, folder: Path, *arguments: str) -> None:
    ended = isolated_commands.run(["manage.py", *arguments], url, folder)
    if ended.returncode:
        raise BackupFailed(isolated_commands.complaint(ended))


def _examine(url: str, folder: Path) -> list[str]:
    """The problems with the data, as sentences."""
    ended = isolated_commands.run(["manage.py", "dbdoctor", "--doctor", "--json"], url, folder)
    try:
        findings = json.loads(ended.stdout)["findings"]
    except (ValueError, KeyError):
        raise BackupFailed(
            f"It was restored but could not be examined: {isolated_commands.complaint(ended)}."
        ) from None
    return [
        finding["sentence"]
        for finding in findings
        if finding["level"] == "problem" and finding["check"].startswith(_ABOUT_DATA)
    ]
