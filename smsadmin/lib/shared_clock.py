"""One clock for all processes of an installation, and what becomes of leases when it is set back.

On PostgreSQL, which several machines may share, it is the server's clock; the clocks of the machines differ by
seconds. SQLite is for one machine alone.

A clock that is set back stretches whatever lasts "until" a time. So a time that lies further ahead than a lease
lasts, or a beginning that lies in the future, counts as over.
"""

from datetime import datetime, timedelta
from typing import Final

from django.db import connection
from django.db.models import Q
from django.utils import timezone

# Between asking for the time and comparing with it, others write theirs. Nobody is in the future for so little.
SKEW: Final = timedelta(seconds=5)


def now() -> datetime:
    """The time by the clock that all processes share, in UTC."""
    if connection.vendor != "postgresql":
        return timezone.now()
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        moment: datetime = cursor.fetchone()[0]
    return moment


def lies_ahead(field: str, at: datetime, longest: timedelta) -> Q:
    """Rows whose `field`, the end of something that lasts for `longest` at most, has not come at `at`."""
    return Q(**{f"{field}__gt": at, f"{field}__lte": at + longest + SKEW})


def is_past(field: str, at: datetime, age: timedelta, skew: timedelta = SKEW) -> Q:
    """Rows whose `field`, a time at which something happened, is longer ago than `age` at `at`.

    What seems to have happened more than `skew` after `at` happened before the clock was set back.
    """
    return Q(**{f"{field}__lt": at - age}) | Q(**{f"{field}__gt": at + skew})
