"""One clock for all processes of an installation, and how leases survive when it is set back.

On PostgreSQL, which several machines may share, it is the server's clock; the machines' own clocks differ by seconds.
SQLite is for a single machine.

Setting a clock back prolongs whatever lasts "until" a time. So a time further ahead than a lease can last, or a start
time in the future, counts as over.
"""

from datetime import datetime, timedelta
from typing import Final

from django.db import connection
from django.db.models import Q
from django.utils import timezone

# Between asking for the time and comparing with it, others write theirs. Being ahead by this little doesn't count.
SKEW: Final = timedelta(seconds=5)


def now() -> datetime:
    """The time in UTC, by the clock that all processes share."""
    if connection.vendor != "postgresql":
        return timezone.now()
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        moment: datetime = cursor.fetchone()[0]
    return moment


def lies_ahead(field: str, at: datetime, longest: timedelta) -> Q:
    """Rows whose `field`, the end of something that lasts at most `longest`, is still ahead at `at`."""
    return Q(**{f"{field}__gt": at, f"{field}__lte": at + longest + SKEW})


def is_past(field: str, at: datetime, age: timedelta, skew: timedelta = SKEW) -> Q:
    """Rows whose `field`, the time of an event, is more than `age` before `at`.

    Events more than `skew` after `at` happened before the clock was set back.
    """
    return Q(**{f"{field}__lt": at - age}) | Q(**{f"{field}__gt": at + skew})
