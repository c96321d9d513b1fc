"""Lets migrations on SQLite keep count of the ids given out.

Where Django changes a table there, it makes a new one and copies the rows, and SQLite counts on from the highest id
that is left: the ids of deleted rows, and those that a restore has passed over (`smsadmin.backups.restoring`), would
be given out again. PostgreSQL's sequences stay as they are.
"""

from typing import Any

from django.db import connections

from . import sqlite

_before: dict[str, int] = {}


def remember(using: str, **_: Any) -> None:
    """Receives pre_migrate."""
    if connections[using].vendor != "sqlite":
        return
    with connections[using].cursor() as cursor:
        cursor.execute("SELECT 1 FROM sqlite_master WHERE name = 'sqlite_sequence'")
        if cursor.fetchone():
            cursor.execute("SELECT name, seq FROM sqlite_sequence WHERE seq > 0")
            _before.update(cursor.fetchall())


def keep(using: str, **_: Any) -> None:
    """Receives post_migrate."""
    if connections[using].vendor != "sqlite":
        return
    with connections[using].cursor() as cursor:
        for statement in sqlite.going_on_after(_before):
            cursor.execute(statement)
    _before.clear()
