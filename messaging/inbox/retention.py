"""Redacting old texts: INBOX_RETENTION_DAYS after a text, its words go, and the fact that there was one stays.

So conversations, counts of unread texts, and the recognition of repeats from Twilio stay as they were.
"""

from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from ..models import Delivery, InboxMessage, InboxThread

_BATCH: Final = 500


def redact_old(now: datetime | None = None) -> int:
    """Redact all texts that are old enough, and return how many. To be run daily; does nothing with 0 days.

    A possible opt-out that nobody has decided about stays, and so does a reply of ours whose sending isn't settled:
    both are still read.
    """
    if not settings.INBOX_RETENTION_DAYS:
        return 0
    now = now or timezone.now()
    before = now - timedelta(days=settings.INBOX_RETENTION_DAYS)
    unsettled = Q(delivery__status__in=(Delivery.Status.PENDING, Delivery.Status.SENDING)) | Q(
        delivery__status=Delivery.Status.UNKNOWN, delivery__is_left=False
    )
    old = InboxMessage.objects.filter(redacted_at=None, created_at__lt=before, is_flagged=False).exclude(unsettled)
    ordered = old.order_by("pk").values_list("pk", "thread")
    redacted = last = 0
    while batch := list(ordered.filter(pk__gt=last)[:_BATCH]):
        redacted += _redact([pk for pk, _ in batch], {thread for _, thread in batch}, now)
        last = batch[-1][0]
    return redacted


def _redact(texts: list[int], threads: set[int], now: datetime) -> int:
    """One transaction. The conversations are locked first, as by a text that comes in."""
    with transaction.atomic():
        locked = InboxThread.objects.select_for_update().filter(pk__in=threads).order_by("pk")
        list(locked.values_list("pk", flat=True))
        # Flagged meanwhile: somebody has to read it.
        rows = InboxMessage.objects.filter(pk__in=texts, is_flagged=False)
        count = rows.update(body="", raw_payload=None, flag_reason="", reaction="", redacted_at=now)
        shown: Any = InboxThread.objects.filter(pk__in=threads).with_newest_text()
        newest = dict(shown.values_list("newest_text", "pk"))
        latest = rows.filter(pk__in=[pk for pk in newest if pk]).values_list("pk", flat=True)
        InboxThread.objects.filter(pk__in=[newest[pk] for pk in latest]).update(
            last_message_preview=InboxMessage.REDACTED
        )
    return count
