"""Scheduled blasts: each starts once, on time, or records why it didn't.

Every second, the worker's clock queues a task for each one that is due (`queue_due`), and the task turns it into a
blast (`send`). Both can run any number of times in any number of processes: the change of status, the new blast and
the link between them are one transaction, so that a scheduled blast has at most one blast.
"""

import logging
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db import DatabaseError, transaction
from django.utils import timezone
from django_q.tasks import async_task

from accounts.models import AppUser
from contacts.models import Event
from smsadmin.lib.plurals import counted

from ..composing.audience import Audience
from ..composing.merge_fields import NO_FIELDS, MergeFields, compile_message
from ..composing.own_phone import own_test_phone
from ..models import Delivery, Draft, MessageLog, ScheduledMessage, Target
from ..models.scheduled import ATTEMPT_LASTS, PAUSES
from ..sending import dispatch
from ..text.personalization import UnknownToken
from . import quiet_hours

logger = logging.getLogger(__name__)

LONGEST_AHEAD: Final = timedelta(days=366)
NO_TEST_PHONE: Final = (
    "There is no test phone. Enter your own number under My account, or set ADMIN_TEST_PHONE, "
    "then schedule the blast again."
)


class BadTime(ValueError):
    """Nothing can be scheduled for this time; str() is a sentence for staff."""


class AlreadySent(Exception):
    """The draft has already become a blast."""


class Changed(Exception):
    """The message or draft has changed since the user saw it."""


class AudienceLost(Exception):
    """The intended audience was deleted; str() is a sentence for staff."""


def check_time(at: datetime, now: datetime | None = None) -> None:
    """Raise BadTime if `at` (aware) is in the past or more than a year away."""
    now = now or timezone.now()
    if at <= now:
        raise BadTime("This time is in the past. Choose a later one, or send the blast now.")
    if at > now + LONGEST_AHEAD:
        raise BadTime("This time is more than a year away. Choose an earlier one.")


def schedule(
    body: str, audience: Audience, at: datetime, created_by: AppUser | None = None, draft: Draft | None = None
) -> ScheduledMessage:
    """Schedule a blast. `body` is the whole text with its fields.

    Whoever lacks a value for one of these by then is left out, unless it has a fallback: one person more on a list
    mustn't keep the text from all others. Raises BadTime and UnknownToken.
    """
    check_time(at)
    compile_message(body)
    return ScheduledMessage.objects.create(
        message_body=body,
        target=audience.target,
        event=audience.event,
        definition=audience.stored_definition,
        scheduled_at=at,
        test_mode=audience.test_phone is not None,
        created_by=created_by,
        draft=draft,
        is_selection=audience.selection is not None or audience.retry_of is not None,
    )


def schedule_draft(draft: Draft, at: datetime, created_by: AppUser | None) -> tuple[ScheduledMessage, bool]:
    """Turn a draft into a scheduled blast, once. Returns it, and whether it is new.

    Raises BadTime, and AlreadySent if the draft has become a blast.
    """
    with transaction.atomic():
        draft = Draft.objects.select_for_update().get(pk=draft.pk)
        known = ScheduledMessage.objects.filter(draft=draft).first()
        if known is not None:
            return known, False
        if draft.sent_at is not None:
            raise AlreadySent
        message = schedule(draft.whole_body, Audience.of_draft(draft), at, created_by, draft)
        Draft.objects.filter(pk=draft.pk).update(sent_at=timezone.now())
    return message, True


def queue_due(now: datetime | None = None) -> int:
    """Queue an attempt for each one that is due. Returns how many. Called by the worker's clock."""
    now = now or timezone.now()
    queued = 0
    for pk in list(ScheduledMessage.objects.due(now).order_by("scheduled_at").values_list("pk", flat=True)):
        if ScheduledMessage.objects.reserve(pk, now, now + ATTEMPT_LASTS):
            async_task("messaging.tasks.send_scheduled", pk, group="scheduled messages")
            queued += 1
    return queued


def send(pk: int, now: datetime | None = None) -> MessageLog | None:
    """Start one if it is due. Returns its blast, or None if it isn't due, has started before, or can't start.

    If it can't be sent, it becomes "failed" with the reason. On temporary errors it is tried again after growing
    pauses, until it expires.
    """
    now = now or timezone.now()
    try:
        return _send(pk, now)
    except DatabaseError as trouble:
        logger.warning("Scheduled message %s could not start: %s", pk, type(trouble).__name__)
        _put_off(pk, now, str(trouble))
        return None


def _send(pk: int, now: datetime) -> MessageLog | None:
    with transaction.atomic():
        message = (
            ScheduledMessage.objects.select_for_update(of=("self",))
            .select_related("event", "draft", "created_by")
            .filter(pk=pk, status=ScheduledMessage.Status.PENDING, scheduled_at__lte=now)
            .first()
        )
        if message is None or is_too_late(message, now):
            return None
        problem = find_problem(message)
        log = None
        if not problem:
            try:
                log = dispatch.start(message.message_body, audience_of(message), message.created_by, message.token)
            except (dispatch.EmptyAudience, UnknownToken) as reason:
                problem = str(reason)
        changes = {"processing_started_at": now, "message_log": log, "error_message": problem or None}
        status = ScheduledMessage.Status.FAILED if problem else ScheduledMessage.Status.PROCESSING
        ScheduledMessage.objects.filter(pk=pk).update(status=status, **changes)
    return log


def is_too_late(message: ScheduledMessage, now: datetime) -> bool:
    """Whether it is later than SCHEDULED_MESSAGE_MAX_LAG allows, counted from the end of quiet hours."""
    return is_beyond_lag(message.scheduled_at, now)


def is_beyond_lag(at: datetime, now: datetime) -> bool:
    lag = timedelta(minutes=settings.SCHEDULED_MESSAGE_MAX_LAG)
    return bool(lag) and now - quiet_hours.counts_from(at) > lag


def find_problem(message: ScheduledMessage) -> str:
    """Why it can't be sent as it is, as a sentence; "" if it can."""
    if message.test_mode and not own_test_phone(message.created_by):
        return NO_TEST_PHONE
    try:
        audience_of(message)
        compile_message(message.message_body)
    except (AudienceLost, UnknownToken) as problem:
        return str(problem)
    return ""


def audience_of(message: ScheduledMessage) -> Audience:
    """Who would get it now, without people who lack a value for one of its fields.

    Raises AudienceLost rather than falling back to a whole list.
    """
    return replace(_people(message), leaves_out_incomplete=True)


def _people(message: ScheduledMessage) -> Audience:
    test_phone = own_test_phone(message.created_by) if message.test_mode else None
    if message.is_selection:
        if message.draft is None:
            raise AudienceLost("The list of people it was for was deleted. Schedule a new blast.")
        return replace(Audience.of_draft(message.draft), test_phone=test_phone)
    if message.target == Target.EVENT and message.event is None:
        raise AudienceLost("The event was deleted. Choose another audience.")
    if message.target == Target.AUDIENCE:
        audience = Audience.defined(message.definition, test_phone)
        if audience.problem:
            raise AudienceLost(f"{audience.problem} Choose another audience.")
        return audience
    return Audience(message.target, message.event, test_phone=test_phone)


def name_audience(message: ScheduledMessage) -> str:
    """Its audience's name. Counts nobody."""
    try:
        return audience_of(message).name
    except AudienceLost:
        return _lost_name(message)


def _lost_name(message: ScheduledMessage) -> str:
    return f"{message.get_target_display()} (since deleted)"


def describe_audience(message: ScheduledMessage) -> tuple[str, int | None]:
    """Its audience's name, and how many would get it now; None if it is no longer pending."""
    try:
        audience = audience_of(message)
    except AudienceLost:
        return _lost_name(message), 0 if message.is_pending else None
    if not message.is_pending:
        return audience.name, None
    return audience.name, audience.recent_headcount(fields_of(message)).recipients


def fields_of(message: ScheduledMessage) -> MergeFields:
    """The profile fields that it uses; none if one has been deleted."""
    try:
        return MergeFields.of(compile_message(message.message_body))
    except UnknownToken:
        return NO_FIELDS


def edit(
    message: ScheduledMessage,
    seen: str,
    *,
    body: str,
    target: str,
    event: Event | None,
    definition: dict[str, Any] | None,
    test_mode: bool,
) -> bool:
    """Change a message whose `version` the editor has `seen`. Returns False if it has started or is finished.

    Raises Changed if someone else was faster, and UnknownToken.
    """
    compile_message(body)
    with transaction.atomic():
        if not _lock_pending(message, seen):
            return False
        ScheduledMessage.objects.filter(pk=message.pk).update(
            message_body=body, target=target, event=event, definition=definition, test_mode=test_mode
        )
    message.refresh_from_db()
    return True


def _lock_pending(message: ScheduledMessage, seen: str) -> bool:
    """Lock the message until the transaction ends. Returns whether it is still pending. Raises Changed."""
    current = ScheduledMessage.objects.select_for_update().get(pk=message.pk)
    if current.status != ScheduledMessage.Status.PENDING:
        message.refresh_from_db()
        return False
    if current.version != seen:
        raise Changed(message.pk)
    return True


def _put_off(pk: int, now: datetime, reason: str) -> None:
    message = ScheduledMessage.objects.filter(pk=pk, status=ScheduledMessage.Status.PENDING).first()
    if message is None:
        return
    pause = PAUSES[min(message.attempt_count, len(PAUSES) - 1)]
    ScheduledMessage.objects.filter(pk=pk, status=ScheduledMessage.Status.PENDING).update(
        attempt_count=message.attempt_count + 1,
        next_attempt_at=now + pause,
        error_message=f"It couldn’t start yet. We’ll keep trying. ({reason})",
    )


def send_now(message: ScheduledMessage, seen: str, now: datetime | None = None) -> MessageLog | None:
    """Send a pending message now, whose `version` the user has `seen`. Returns its blast.

    Returns None if it has started, is finished, or can't be sent; `message` says which. Raises Changed.
    """
    now = now or timezone.now()
    with transaction.atomic():
        is_waiting = _lock_pending(message, seen) and message.reschedule(now)
    log = send(message.pk, now) if is_waiting else None
    message.refresh_from_db()
    return log


def expire(now: datetime | None = None) -> int:
    """Expire those that couldn't start within SCHEDULED_MESSAGE_MAX_LAG minutes (0: never). Returns how many."""
    now = now or timezone.now()
    minutes = settings.SCHEDULED_MESSAGE_MAX_LAG
    if not minutes:
        return 0
    pending = ScheduledMessage.objects.upcoming().filter(scheduled_at__lt=now - timedelta(minutes=minutes))
    return ScheduledMessage.objects.expire(
        [pk for pk, at in pending.values_list("pk", "scheduled_at") if is_beyond_lag(at, now)],
        f"It couldn’t be sent within {counted(minutes, 'minute', 'minutes')} of its time, so it wasn’t sent. "
        "The worker wasn’t running, or the database was unreachable.",
    )


def follow_blasts() -> int:
    """Finish those whose blasts are finished. Returns how many."""
    ended = 0
    left = ScheduledMessage.objects.filter(status=ScheduledMessage.Status.PROCESSING).select_related("message_log")
    for message in left:
        log = message.message_log
        if log is not None and log.status == MessageLog.Status.PROCESSING:
            continue
        status, reason = _outcome(log)
        sent_at = log.finished_at if log is not None and status == ScheduledMessage.Status.SENT else None
        ended += ScheduledMessage.objects.filter(pk=message.pk, status=ScheduledMessage.Status.PROCESSING).update(
            status=status, sent_at=sent_at, error_message=reason or None
        )
    return ended


def _outcome(log: MessageLog | None) -> tuple[ScheduledMessage.Status, str]:
    """The final status for a closed or deleted blast, and a sentence on why it wasn't sent."""
    if log is None:
        return ScheduledMessage.Status.FAILED, "Its blast was deleted."
    if log.status != MessageLog.Status.SENT:
        return ScheduledMessage.Status.FAILED, log.stop_reason or "Nobody got it. See the blast for the reasons."
    may_have_it = (*Delivery.SUCCESSFUL, Delivery.Status.UNKNOWN)
    if log.cancelled_at is not None and not log.deliveries.filter(status__in=may_have_it).exists():
        return ScheduledMessage.Status.CANCELLED, "Its blast was canceled before anybody got it."
    return ScheduledMessage.Status.SENT, ""
