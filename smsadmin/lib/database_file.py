"""Checks whether the SQLite file that this process has open is still the one at its path.

A file that is replaced or deleted lives on for processes that have it open, and whatever they write is lost with it.
A web process switches to the new file (`follow`). A worker doesn't: the new file may be older than the texts that
were sent, so an operator has to restart the worker (`check`).
"""

import os
from typing import Any, Final

from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper

_Identity = tuple[int, int]
# By path: the file that this process, or the one it was forked from, opened first.
_opened_first: Final[dict[str, _Identity]] = {}


class DatabaseFileLost(Exception):
    """The database file is gone or was replaced; str() is a sentence for operators."""


def note(connection: BaseDatabaseWrapper, **_: Any) -> None:
    """Remembers which file a new connection opened. A receiver of django.db.backends.signals.connection_created."""
    path = _path(connection)
    if path and (identity := _identify(path)):
        setattr(connection, "file_identity", identity)  # noqa: B010 - the type does not have it
        _opened_first.setdefault(path, identity)


def check() -> None:
    """Raises DatabaseFileLost unless the file at the path is the one that this process started with."""
    path = _path(connection)
    began_with = _opened_first.get(path)
    present = _identify(path) if began_with else None
    if began_with and present is None:
        raise DatabaseFileLost(f"The database {path} is gone. Stop SMS Admin and restore a backup (docs/backups.md).")
    if present != began_with:
        raise DatabaseFileLost(
            f"The database {path} was replaced by another file, which may not know of texts that were sent. "
            "Make sure that it is the right one, then restart the worker."
        )


def is_gone() -> bool:
    """Whether the file that this thread's connection has open no longer exists."""
    opened = getattr(connection, "file_identity", None)
    return connection.connection is not None and opened is not None and _identify(_path(connection)) is None


def is_missing() -> bool:
    """Whether there is no file at the path, so that connecting would create an empty one."""
    path = _path(connection)
    return bool(path) and _identify(path) is None


def follow(**_: Any) -> None:
    """Reopens this thread's connection if another file has replaced the one it has open."""
    opened = getattr(connection, "file_identity", None)
    if connection.connection is None or opened is None or connection.in_atomic_block:
        return
    present = _identify(_path(connection))
    if present is not None and present != opened:
        connection.close()


def _path(connection: Any) -> str:
    """The path of the database file; "" on PostgreSQL and for a database in memory."""
    if connection.vendor != "sqlite" or connection.is_in_memory_db():
        return ""
    return str(connection.settings_dict["NAME"])


def _identify(path: str) -> _Identity | None:
    """What identifies the file at a path, following links; None if there is none."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino
