"""Locks of the whole installation that last as long as a transaction.

On PostgreSQL they are advisory locks, whose numbers stand here together; SQLite has one writer at a time anyway.
"""

from enum import IntEnum

from django.db import connection


class AdvisoryLock(IntEnum):
    """Numbers that no other program on the database uses for pg_advisory_lock."""

    KEYWORDS = 7_205_550_105
    BULK_CHANGES = 7_205_550_106
    MIGRATIONS = 7_205_550_100_007


def lock_bulk_changes() -> None:
    """Serialize changes of many people. It comes first in its transaction, with which the lock ends.

    Opt-outs, restorations, imports and deletions lock the rows of people in whatever order they come by them, in
    several tables. Two of them at once would wait for each other for ever, and PostgreSQL would undo one. Changes of
    one person wait for nobody but whoever has that person.
    """
    _wait_for(AdvisoryLock.BULK_CHANGES)


def lock_keywords() -> None:
    """Serialize giving out keywords.

    A survey and a keyword reply are in two tables: nothing else would keep them from getting the same one.
    """
    if connection.in_atomic_block:
        _wait_for(AdvisoryLock.KEYWORDS)


def _wait_for(lock: AdvisoryLock) -> None:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [lock])
