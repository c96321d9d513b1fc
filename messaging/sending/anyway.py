"""Sending within quiet hours, as an admin decided, with a reason that is on record."""

from typing import Final

from django.db import transaction

from accounts.events import record
from accounts.models import AppUser
from accounts.security_events import Kind

from ..models import Delivery, MessageLog, SenderSlot
from . import dispatch

PERMISSION: Final = "messaging.ignore_quiet_hours"
LONGEST_REASON: Final = 200


class NoReason(ValueError):
    """Sending anyway needs a reason in writing."""

    def __str__(self) -> str:
        return "Write down why this can’t wait. The reason is kept."


def send_anyway(log: MessageLog, user: AppUser, reason: str) -> bool:
    """Let a running blast text everybody at any hour. Returns False if it isn't running. Raises NoReason."""
    reason = " ".join(reason.split())
    if not reason:
        raise NoReason
    with transaction.atomic():
        if not MessageLog.objects.running().filter(pk=log.pk).update(ignores_quiet_hours=True):
            return False
        waiting = log.deliveries.filter(status=Delivery.Status.PENDING, not_before__isnull=False)
        count = waiting.update(not_before=None)
        SenderSlot.objects.wake(log.pk)
        record(Kind.QUIET_HOURS_IGNORED, user=user, blast=log.pk, people=count, reason=reason[:LONGEST_REASON])
        transaction.on_commit(lambda: dispatch.nudge(log), robust=True)
    log.refresh_from_db()
    return True
