"""One rate for the whole installation, however many workers and machines send.

The generic cell rate algorithm (ITU-T I.371, annex A) with a single row: the time at which the next text may
leave. A sender reserves the time slots of a whole batch with one UPDATE, so that 1 or 10 workers add up to
the same number of messages a second, and nobody waits for anybody else's call.
"""

import time
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.db.models import BigIntegerField, Case, F, Value, When
from django.db.models.functions import Greatest

from .models import Pace

BATCH_SECONDS = 0.25
SENDERS_AT_MOST = 100


@dataclass(frozen=True, slots=True)
class Reservation:
    """`count` time slots, the first at `starts_at` (seconds since 1970), the others `interval` seconds apart."""

    starts_at: float
    interval: float
    count: int

    def slot(self, index: int) -> float:
        """When the text number `index` of the batch may leave, in seconds since 1970."""
        return self.starts_at + index * self.interval


def reserve(most: int, now: float | None = None) -> Reservation:
    """Reserve the next free slots for up to `most` texts, at most a quarter of a second's worth at once."""
    now = time.time() if now is None else now
    rate = settings.SMS_RATE_PER_SECOND
    if not rate:
        return Reservation(now, 0.0, most)
    count = max(1, min(most, int(rate * BATCH_SECONDS)))
    span = round(count * 1_000_000 / rate)
    with transaction.atomic():
        _advance(round(now * 1_000_000), span)
        next_at = Pace.objects.values_list("next_at", flat=True).get(pk=1)
    return Reservation((next_at - span) / 1_000_000, 1 / rate, count)


def _advance(now: int, span: int) -> None:
    """Move the row `span` microseconds on from where it stands, or from now if that is later.

    A row that stands further ahead than all senders together can have reserved was written before the clock
    was set back: it starts again from now.
    """
    ahead = now + max(60_000_000, SENDERS_AT_MOST * span)
    this_moment = Value(now, BigIntegerField())
    standing = Case(When(next_at__gt=ahead, then=this_moment), default=F("next_at"))
    moved = Greatest(standing, this_moment) + span
    if not Pace.objects.filter(pk=1).update(next_at=moved):
        Pace.objects.bulk_create([Pace(pk=1)], ignore_conflicts=True)
        Pace.objects.filter(pk=1).update(next_at=moved)
