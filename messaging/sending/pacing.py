"""One sending rate for the whole installation, across all workers and machines.

The generic cell rate algorithm (ITU-T I.371, annex A) with a single row: the time at which the next text may be sent.
A sender reserves the time slots of a batch with one UPDATE, so 1 or 10 workers send the same number of texts per
second, and no sender waits for another one's calls.

Slots are reserved only shortly before their time. A sender that is too early learns when to ask again and holds
nothing; unused slots are given back. So a slot is lost only if a process dies.
"""

import time
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.conf import settings
from django.db import transaction
from django.db.models import F

from smsadmin.lib import shared_clock

from ..models import Pace

MICROSECONDS: Final = 1_000_000
# The maximum time span of a reservation, unless a single slot takes longer.
BATCH_SECONDS: Final = 0.25
# How long before its time a slot can be reserved. Replies can reserve earlier than blasts, so they go first.
AHEAD_SECONDS: Final = 1.0
REPLY_AHEAD_SECONDS: Final = 3.0
# Lateness up to this, or up to this share of the interval between two texts, doesn't delay the following texts.
TOLERATED_SECONDS: Final = 0.25
TOLERATED_SHARE: Final = 0.05


@dataclass(frozen=True, slots=True)
class Reservation:
    """`count` time slots, the first at `starts_at` (time.monotonic()), the others `interval` seconds apart.

    Without any slots, `starts_at` is the next slot's time. `ends_at` is the value of the Pace row after them, in
    microseconds since 1970.
    """

    starts_at: float
    interval: float
    count: int
    ends_at: int = 0

    def slot(self, index: int) -> float:
        """When text number `index` of the batch may be sent (time.monotonic())."""
        return self.starts_at + index * self.interval


def reserve(most: int, ahead: float = AHEAD_SECONDS, now: datetime | None = None) -> Reservation:
    """Reserve the next free slots for up to `most` texts, at most BATCH_SECONDS' worth.

    Reserves none (`count` is 0) if the next slot is more than `ahead` seconds after `now`.
    """
    rate = settings.SMS_RATE_PER_SECOND
    if not rate:
        return Reservation(time.monotonic(), 0.0, most)
    count = max(1, min(most, int(rate * BATCH_SECONDS)))
    # At a slow rate many callers are too early. Reading first takes no lock.
    found = _look(ahead, now) if rate * ahead < 1 else None
    return found or _advance(count, ahead, now)


def give_back(reservation: Reservation, unused: int | None = None) -> None:
    """Free the last `unused` slots of a reservation (None: all), unless later ones have been reserved since."""
    unused = reservation.count if unused is None else unused
    if reservation.ends_at and unused:
        span = round(unused * reservation.interval * MICROSECONDS)
        Pace.objects.filter(pk=1, next_at=reservation.ends_at).update(next_at=F("next_at") - span)


def _look(ahead: float, now: datetime | None) -> Reservation | None:
    """The time of the next slot, if it is too early to reserve it."""
    next_at = Pace.objects.filter(pk=1).values_list("next_at", flat=True).first() or 0
    at = _now(now)
    return None if _starts_at(next_at, at) <= at + ahead else _closed(next_at, at)


def _advance(count: int, ahead: float, now: datetime | None) -> Reservation:
    """Advance the row by `count` slots if it isn't too early. Others wait meanwhile."""
    interval = 1 / settings.SMS_RATE_PER_SECOND
    with transaction.atomic():
        rows = Pace.objects.filter(pk=1)
        next_at = rows.select_for_update().values_list("next_at", flat=True).first()
        if next_at is None:
            Pace.objects.bulk_create([Pace(pk=1)], ignore_conflicts=True)
            next_at = rows.select_for_update().values_list("next_at", flat=True).get()
        # Read only now: an earlier time, from before waiting for the row, would look like a clock that was set back.
        at = _now(now)
        starts_at = _starts_at(next_at, at)
        if starts_at > at + ahead:
            return _closed(next_at, at)
        ends_at = round((starts_at + count * interval) * MICROSECONDS)
        rows.update(next_at=ends_at)
    return Reservation(time.monotonic() + starts_at - at, interval, count, ends_at)


def _now(now: datetime | None) -> float:
    return (now or shared_clock.now()).timestamp()


def _closed(next_at: int, at: float) -> Reservation:
    return Reservation(time.monotonic() + next_at / MICROSECONDS - at, 1 / settings.SMS_RATE_PER_SECOND, 0)


def _starts_at(next_at: int, at: float) -> float:
    """The time of the next slot in seconds since 1970, given the row's `next_at` (microseconds).

    A row further ahead than anyone can reserve is from before the clock was set back, and starts again from now. So
    does a row that hasn't moved for some time.
    """
    standing, interval = next_at / MICROSECONDS, 1 / settings.SMS_RATE_PER_SECOND
    latest = at + REPLY_AHEAD_SECONDS + max(interval, BATCH_SECONDS) + shared_clock.SKEW.total_seconds()
    earliest = at - max(TOLERATED_SECONDS, TOLERATED_SHARE * interval)
    return standing if earliest <= standing <= latest else at
