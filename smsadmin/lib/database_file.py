"""SQLite's file: whether what this process has open is still what is at its path.

A file that is replaced or deleted lives on for those who have it open, and whatever they write is lost with them. A
web process goes on with the new file (`follow`). A worker does not: the new file may be older than the texts that
were sent, so somebody who knows has to start the worker anew (`check`).
"""

import os
from typing import Any, Final

from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper

_Identity = tuple[int, int]
# By its path, the file that this process, or the one it was forked from, opened first.
_opened_first: Final[dict[str, _Identity]] = {}


class DatabaseFileLost(Exception):
    """The database's file is gone or another one; str() is a sentence for operators."""


def note(connection: BaseDatabaseWrapper, **_: Any) -> None:
    """Remember which file a new connection has open. A receiver of django.db.backends.signals.connection_created."""
    path = _path(connection)
    if path and (identity := _identify(path)):
        setattr(connection, "file_identity", identity)  # noqa: B010 - the type does not have it
        _opened_first.setdefault(path, identity)


def check() -> None:
    """Raise DatabaseFileLost unless the file at the path is the one that this process began with."""
    path = _path(connection)
    began_with = _opened_first.get(path)
    present = _identify(path) if began_with else None
    if began_with and present is None:
        raise DatabaseFileLost(f"The database {path} is gone. Stop SMS Admin and restore a backup (docs/backups.md).")
    if present != began_with:
        raise DatabaseFileLost(
            f"The database {path} was replaced by another file. Texts may have been sent of which it does not know: "
            "see that it is the right one, then restart the worker."
        )


def is_gone() -> bool:
    """Whether this thread's connection has a file open that is not there any more."""
    opened = getattr(connection, "file_identity", None)
    return connection.connection is not None and opened is not None and _identify(_path(connection)) is None


def follow(**_: Any) -> None:
    """Let this thread's connection be opened anew where another file has taken the place of the one it has open."""
    opened = getattr(connection, "file_identity", None)
    if connection.connection is None or opened is None or connection.in_atomic_block:
        return
    present = _identify(_path(connection))
    if present is not None and present != opened:
        connection.close()


def _path(connection: Any) -> str:
    """Where the database's file is; "" on PostgreSQL, and where the database is in memory."""
    if connection.vendor != "sqlite" or connection.is_in_memory_db():
        return ""
    return str(connection.settings_dict["NAME"])


def _identify(path: str) -> _Identity | None:
    """What the file at a path is known by, behind any links; None where there is none."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino
