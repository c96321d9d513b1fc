"""Locks for the whole installation, most of them held until the transaction ends.

On PostgreSQL they are advisory locks, whose numbers are all listed here; SQLite has only one writer at a time anyway.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import IntEnum

from django.db import Error, connection


class AdvisoryLock(IntEnum):
    """Numbers that no other program on the database uses for pg_advisory_lock."""

    KEYWORDS = 7_205_550_105
    BULK_CHANGES = 7_205_550_106
    CATCH_UP = 7_205_550_107
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


@contextmanager
def hold_alone(lock: AdvisoryLock) -> Iterator[bool]:
    """Whether no other process has the lock. If so, it is ours until the block ends, or this process does.

    Independent of transactions, for work that makes outgoing calls. On SQLite it is on a file beside the database.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [lock])
            is_ours = bool(cursor.fetchone()[0])
        try:
            yield is_ours
        finally:
            # The server releases it itself when the connection ends.
            with suppress(Error):
                if is_ours and connection.is_usable():
                    with connection.cursor() as cursor:
                        cursor.execute("SELECT pg_advisory_unlock(%s)", [lock])
    elif connection.is_in_memory_db():  # type: ignore[attr-defined]
        yield True
    else:
        # Readable by all, whatever the umask: root may create it, and a service has to open it. It stays empty.
        path = f"{connection.settings_dict['NAME']}-{lock.name.lower().replace('_', '-')}"
        file = os.open(path, os.O_RDONLY | os.O_CREAT, 0o644)
        try:
            with suppress(PermissionError):
                os.fchmod(file, 0o644)
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
        finally:
            os.close(file)


def _wait_for(lock: AdvisoryLock) -> None:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [lock])
