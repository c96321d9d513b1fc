"""Who changes many people at a time does it alone.

Opt-outs, restorations, imports and deletions lock the rows of people in whatever order they come by them, in several
tables. Two of them at once would wait for each other for ever, and PostgreSQL would undo one. Changes of one person
wait for nobody but whoever has that person.
"""

from typing import Final

from django.db import connection

# Any number that no other program on the database uses for pg_advisory_lock.
_ADVISORY_LOCK: Final = 7_205_550_106


def take_turn() -> None:
    """Wait until nobody else changes many people. It comes first in its transaction, with which the turn ends.

    SQLite has one writer at a time.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_ADVISORY_LOCK])
