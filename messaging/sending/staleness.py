"""Pauses blasts that had no sender for so long that they may no longer be wanted.

By now it may be the middle of the night, or the event may be over. So a blast without a live sender for
BLAST_STALE_MINUTES is paused, and staff resume or cancel it. A sender reports in when it leases a slot, and every few
seconds while it works, even if Twilio is unreachable. Senders check before they lease a slot, so none starts before
the pause.
"""

from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db.models import Max, Min, Q

from smsadmin.lib import dates, shared_clock
from smsadmin.lib.plurals import people

from ..models import Delivery, MessageLog

REMEDY: Final = "Resume or cancel it."


def find_idle(log: MessageLog, now: datetime | None = None) -> timedelta | None:
    """How long a running blast with people left to text has had no sender, if that is too long; else None."""
    longest = timedelta(minutes=settings.BLAST_STALE_MINUTES)
    if not longest:
        return None
    now = now or shared_clock.now()
    if not MessageLog.objects.running().left_alone_since(now - longest, now).filter(pk=log.pk).exists():
        return None
    # Senders of older versions left only the times of their calls.
    idle = now - _last_sign(log, now)
    is_left = log.deliveries.filter(
        Q(not_before=None) | Q(not_before__lte=now), status=Delivery.Status.PENDING
    ).exists()
    return idle if idle >= longest and is_left else None


def _last_sign(log: MessageLog, now: datetime) -> datetime:
    seen = log.slots.aggregate(at=Max("sender_seen_at"))["at"]
    claimed = log.deliveries.aggregate(at=Max("claimed_at"))["at"]
    # Nobody could be texted before quiet hours ended for the first of those who are left.
    opened = log.deliveries.filter(status=Delivery.Status.PENDING, not_before__lte=now).aggregate(
        at=Min("not_before")
    )["at"]
    return max(filter(None, (log.created_at, log.sending_since, seen, claimed, opened)))


def pause_if_stale(log: MessageLog, now: datetime | None = None) -> bool:
    """Pause a blast that had no sender for too long, with a sentence for staff. Returns whether it was paused."""
    idle = find_idle(log, now)
    if idle is None:
        return False
    left = log.deliveries.filter(status=Delivery.Status.PENDING).count()
    verb = "hasn’t" if left == 1 else "haven’t"
    return log.pause(
        f"Nothing was sent for {dates.span(round(idle.total_seconds()))}. "
        f"{people(left)} {verb} been texted yet. {REMEDY}"
    )
