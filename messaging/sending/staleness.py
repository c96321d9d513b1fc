"""Blasts that nobody has sent for so long that staff have to say whether they are still wanted.

Whether it is the middle of the night, or the event is over, a program cannot know. So a blast without a living
sender for BLAST_STALE_MINUTES does not go on by itself: it is paused, and staff resume or cancel it. A sender gives
a sign of life whenever it leases a slot, and every few seconds while it works, also where Twilio is out of reach.
Senders look before they lease a slot: however many start at once, none comes before the pause.
"""

from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db.models import Max

from smsadmin.lib import dates, shared_clock
from smsadmin.lib.plurals import people

from ..models import Delivery, MessageLog

REMEDY: Final = "Resume or cancel it."


def find_idle(log: MessageLog, now: datetime | None = None) -> timedelta | None:
    """For how long nobody has sent a running blast, if that is too long and people are left to text; else None."""
    longest = timedelta(minutes=settings.BLAST_STALE_MINUTES)
    if not longest:
        return None
    now = now or shared_clock.now()
    if not MessageLog.objects.running().left_alone_since(now - longest, now).filter(pk=log.pk).exists():
        return None
    # Senders of an earlier version have left no sign but what they have sent.
    idle = now - _last_sign(log)
    is_left = log.deliveries.filter(status=Delivery.Status.PENDING).exists()
    return idle if idle >= longest and is_left else None


def _last_sign(log: MessageLog) -> datetime:
    seen = log.slots.aggregate(at=Max("sender_seen_at"))["at"]
    claimed = log.deliveries.aggregate(at=Max("claimed_at"))["at"]
    return max(filter(None, (log.created_at, log.sending_since, seen, claimed)))


def pause_if_stale(log: MessageLog, now: datetime | None = None) -> bool:
    """Pause a blast that nobody has sent for too long, with a sentence for staff; whether it was paused."""
    idle = find_idle(log, now)
    if idle is None:
        return False
    left = log.deliveries.filter(status=Delivery.Status.PENDING).count()
    verb = "has" if left == 1 else "have"
    return log.pause(
        f"Nothing was sent for {dates.span(round(idle.total_seconds()))}. "
        f"{people(left)} {verb} not been texted yet. {REMEDY}"
    )
