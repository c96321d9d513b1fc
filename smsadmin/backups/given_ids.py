"""Makes migrations on SQLite keep count of the ids already issued.

To change a table on SQLite, Django creates a new one and copies the rows, and SQLite continues from the highest
remaining id: the ids of deleted rows, and those skipped by a restore (`smsadmin.backups.restoring`), would be reused.
PostgreSQL's sequences are not affected.
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
        for statement in sqlite.continue_ids_after(_before):
            cursor.execute(statement)
    _before.clear()
