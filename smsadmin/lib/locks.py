"""Locks for the whole installation, held until the transaction ends.

On PostgreSQL they are advisory locks, whose numbers are all listed here; SQLite has only one writer at a time anyway.
"""

from enum import IntEnum

from django.db import connection


class AdvisoryLock(IntEnum):
    """Numbers that no other program on the database uses for pg_advisory_lock."""

    KEYWORDS = 7_205_550_105
    BULK_CHANGES = 7_205_550_106
    MIGRATIONS = 7_205_550_100_007


def lock_bulk_changes() -> None:
    """Serializes bulk changes of people. Call it first in the transaction; the lock is released when that ends.

    Opt-outs, restorations, imports and deletions lock rows of people in several tables, in any order. Two at once
    would deadlock, and PostgreSQL would abort one. Changes of a single person only wait for others that change that
    person.
    """
    _wait_for(AdvisoryLock.BULK_CHANGES)


def lock_keywords() -> None:
    """Serializes assigning keywords.

    Surveys and keyword replies are in two tables, so nothing else would keep them from getting the same keyword.
    """
    if connection.in_atomic_block:
        _wait_for(AdvisoryLock.KEYWORDS)


def _wait_for(lock: AdvisoryLock) -> None:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [lock])
