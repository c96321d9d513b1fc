"""A full pass over scheduled blasts for the command line. The worker does the same in steps."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import QuerySet
from django.utils import timezone

from ..models import ScheduledMessage
from . import scheduled_messages

Status = ScheduledMessage.Status


@dataclass(slots=True)
class Pass:
    """What a pass did. `put_off` are those that couldn't start and will be tried again."""

    expired: list[ScheduledMessage] = field(default_factory=list)
    left: list[ScheduledMessage] = field(default_factory=list)
    put_off: list[ScheduledMessage] = field(default_factory=list)
    failed: list[ScheduledMessage] = field(default_factory=list)
    sent: list[ScheduledMessage] = field(default_factory=list)

    @property
    def is_well(self) -> bool:
        """Whether everything due has started, and nothing failed."""
        return not (self.expired or self.put_off or self.failed)


def due(now: datetime) -> QuerySet[ScheduledMessage]:
    """All whose time has come, including those reserved by a worker or waiting for their next attempt."""
    return ScheduledMessage.objects.upcoming().filter(scheduled_at__lte=now)


def run_pass(now: datetime | None = None) -> Pass:
    """Expire those that are too late, start those that are due, and finish those whose blasts are finished.

    Safe to run beside workers; what they do first isn't in the result.
    """
    now = now or timezone.now()
    seen = Pass()
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
