"""Resolves deliveries with unknown outcome: those that Twilio may or may not have accepted.

Only evidence resolves them: a delivery report with the delivery's id, or Twilio's log of messages to that number if
it shows our text, created since the blast started and not after our call. Nothing is ever resent on a guess. A
missing entry proves nothing, because the log may lag. After the grace period staff decide, on the blast's page or in
the conversation (`messaging.inbox.replies`).
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from smsadmin.lib import shared_clock

from ..backends import BaseBackend, Refused, SendError, SentMessage, TryLater, get_backend
from ..models import Delivery, MessageLog
from ..models.deliveries import DeliveryQuerySet
from . import dispatch, status_callbacks

# Twilio's clock may differ from ours, and its times are whole seconds.
CLOCK_SKEW: Final = timedelta(minutes=2)
CALLED_WITHIN: Final = timedelta(minutes=5)
LOOK_UPS_AT_ONCE: Final = 100
FAILURES_AT_MOST: Final = 5
ATTEMPTS: Final = 4
PAUSE_BETWEEN_LOOK_UPS: Final = timedelta(minutes=2)


@dataclass(slots=True)
class Report:
    """Results: the number of accepted deliveries, the ids of those missing from Twilio's log, the number that
    couldn't be looked up, and a sentence on why."""

    accepted: int = 0
    unresolved: list[int] = field(default_factory=list)
    unchecked: int = 0
    problem: str = ""


def reconcile(now: datetime | None = None, most: int = LOOK_UPS_AT_ONCE, *, at_once: bool = False) -> Report:
    """Look for evidence about up to `most` deliveries with unknown outcome, least recently checked first.

    A row is checked every two minutes until the grace period is over, and at least once, because a restore can leave
    any number of them at once. `at_once` checks all.
    """
    now = now or timezone.now()
    rows = Delivery.objects.in_doubt().filter(Q(message_log__isnull=False) | Q(inbox_message__isnull=False))
    if not at_once:
        grace = timedelta(minutes=settings.SMS_UNKNOWN_GRACE_MINUTES) + PAUSE_BETWEEN_LOOK_UPS
        is_new = Q(claimed_at__gte=now - grace) | Q(updated_at__lte=F("claimed_at"))
        rows = rows.filter(is_new, shared_clock.is_past("updated_at", now, PAUSE_BETWEEN_LOOK_UPS))
    report = Report()
    backend = get_backend()
    failures = 0
    for row in rows.select_related("message_log", "inbox_message").order_by("updated_at")[:most]:
        try:
            is_accepted = _find_evidence(row, backend, ATTEMPTS if at_once else 1)
        except SendError as error:
            failures += 1
            report.unchecked += 1
            report.problem = f"Twilio's message log couldn't be read: {str(error).rstrip('.')}."
            if failures == FAILURES_AT_MOST or isinstance(error, Refused):
                break
            continue
        failures = 0
        if is_accepted:
            report.accepted += 1
        else:
            report.unresolved.append(row.pk)
            Delivery.objects.filter(pk=row.pk, status=Delivery.Status.UNKNOWN).update(updated_at=now)
    return report


def _find_evidence(row: Delivery, backend: BaseBackend, attempts: int) -> bool:
    """Whether Twilio's log shows the text of `row`. If so, the row is updated from it.

    It may have been sent more than once, by staff's decision or before a restore; one success is enough.
    """
    claimed_at = row.claimed_at or row.updated_at
    since = _begun_at(row) - CLOCK_SKEW
    body = row.text.strip()
    ours = [
        message
        for message in _list(backend, row.phone, since, attempts)
        if message.body.strip() == body
        and message.created_at <= claimed_at + CALLED_WITHIN
        and not _is_known(message)
    ]
    if len(ours) <= _count_rivals(row, body, since):
        return False
    failures = {status for status, state in status_callbacks.STATES.items() if state in Delivery.UNSUCCESSFUL}
    found = next((message for message in ours if message.status not in failures), ours[0])
    return status_callbacks.apply(row.pk, found.sid, found.status, found.error_code, to=found.to)


def _begun_at(row: Delivery) -> datetime:
    """The earliest time at which `row` can have been called."""
    begun_at: datetime = (row.inbox_message if row.message_log is None else row.message_log).created_at
    return begun_at


def _count_rivals(row: Delivery, body: str, since: datetime) -> int:
    """How many log entries may belong to identical texts of the conversation that have no SID yet.

    We learn the SID of an automatic reply from its first report, and of a staff reply from the response to the call.
    """
    rivals = Delivery.objects.filter(
        Q(accepted_at__gte=since) | Q(status=Delivery.Status.SENDING), phone=row.phone, message_log=None, sid=""
    ).exclude(pk=row.pk)
    return sum(rival.strip() == body for rival in rivals.values_list("inbox_message__body", flat=True) if rival)


def _list(backend: BaseBackend, phone: str, since: datetime, attempts: int) -> list[SentMessage]:
    """Twilio's log for one number, with retries after temporary failures."""
    try:
        return backend.list_messages(phone, since)
    except TryLater:
        if attempts == 1:
            raise
        return _list(backend, phone, since, attempts - 1)


def _is_known(message: SentMessage) -> bool:
    """Whether another delivery to that number already has this message."""
    return Delivery.objects.filter(phone=message.to, sid=message.sid).exists()


def overdue(now: datetime | None = None, grace: timedelta | None = None) -> DeliveryQuerySet:
    """Deliveries with unknown outcome after the grace period (SMS_UNKNOWN_GRACE_MINUTES), for staff to decide."""
    if grace is None:
        grace = timedelta(minutes=settings.SMS_UNKNOWN_GRACE_MINUTES)
    now = now or timezone.now()
    has_lasted = Q(claimed_at__lte=now - grace) | Q(claimed_at__gt=now + CLOCK_SKEW)
    return Delivery.objects.in_doubt().filter(has_lasted)


def has_lasted(claimed_at: datetime) -> bool:
    """Whether an unknown outcome of a call at that time is `overdue`, or the clock was set back since."""
    now = timezone.now()
    return not now - timedelta(minutes=settings.SMS_UNKNOWN_GRACE_MINUTES) < claimed_at <= now + CLOCK_SKEW


def send_again(log: MessageLog, deliveries: list[int]) -> int:
    """Resend to these deliveries with unknown outcome, by staff's decision. Returns how many.

    Skips phones that are live in another blast of the family, and all deliveries of a canceled blast.
    """
    with transaction.atomic():
        log = MessageLog.objects.lock_family(log)
        if log.cancelled_at is not None:
            return 0
        rows = log.deliveries.in_doubt().filter(pk__in=deliveries).not_live_in(log.relatives())
        count = rows.update(status=Delivery.Status.PENDING, error_message="", updated_at=timezone.now())
        if count:
            MessageLog.objects.filter(pk=log.pk).update(
                status=MessageLog.Status.PROCESSING, finished_at=None, sending_since=shared_clock.now()
            )
            transaction.on_commit(lambda: dispatch.nudge(MessageLog.objects.get(pk=log.pk)), robust=True)
    return count


def leave(log: MessageLog, deliveries: list[int]) -> int:
    """Close these deliveries with unknown outcome without resending. Returns how many.

    Nobody is asked again; a late report still resolves them.
    """
    return log.deliveries.in_doubt().filter(pk__in=deliveries).update(is_left=True, updated_at=timezone.now())
