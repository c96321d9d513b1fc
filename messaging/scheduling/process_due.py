"""One whole look at the scheduled messages, for an operator at the prompt; the worker does the same bit by bit."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import QuerySet
from django.utils import timezone

from ..models import ScheduledMessage
from . import scheduled_messages

Status = ScheduledMessage.Status


@dataclass(slots=True)
class CaughtUp:
    """What one look did. `put_off` are those that could not start and are tried again."""

    expired: list[ScheduledMessage] = field(default_factory=list)
    left: list[ScheduledMessage] = field(default_factory=list)
    put_off: list[ScheduledMessage] = field(default_factory=list)
    failed: list[ScheduledMessage] = field(default_factory=list)
    sent: list[ScheduledMessage] = field(default_factory=list)

    @property
    def is_well(self) -> bool:
        """Whether everything that was due has left, and nothing failed."""
        return not (self.expired or self.put_off or self.failed)


def due(now: datetime) -> QuerySet[ScheduledMessage]:
    """All whose time has come, also those that a worker has in hand or that wait for their next attempt."""
    return ScheduledMessage.objects.leaving_next().filter(scheduled_at__lte=now)


def catch_up(now: datetime | None = None) -> CaughtUp:
    """Expire what is too late, let leave what is due, and let those end whose blasts have ended.

    Safe beside any number of workers: what one of them is quicker with is not in the report.
    """
    now = now or timezone.now()
    seen = CaughtUp()
    waiting = [message.pk for message in due(now)]
    scheduled_messages.expire(now)
    seen.expired = _read(waiting, status=Status.EXPIRED)
    seen.left = _read([message.pk for message in due(now) if scheduled_messages.send(message.pk, now) is not None])
    seen.put_off = _read(waiting, status=Status.PENDING)
    processing = list(ScheduledMessage.objects.filter(status=Status.PROCESSING).values_list("pk", flat=True))
    scheduled_messages.follow_blasts()
    seen.failed = _read({*waiting, *processing}, status=Status.FAILED)
    seen.sent = _read(processing, status=Status.SENT)
    return seen


def _read(ids: Iterable[int], **state: str) -> list[ScheduledMessage]:
    return list(ScheduledMessage.objects.filter(pk__in=ids, **state).order_by("scheduled_at", "pk"))
