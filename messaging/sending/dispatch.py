"""How a blast is sent, from the click to the last row.

`start` writes the blast and all of its delivery rows in one transaction, and `nudge` queues a sender for each free
slot. A sender claims as many rows as it can call at once, commits, calls, and records the results. After some seconds
it yields and queues its own continuation (`send_slice`).

The queue is a nudge, the database is the truth: after a lost task, a killed worker or a repeated task, the next sweep
finds what is left to do.
"""

import math
import random
import time
import uuid
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django_q.tasks import async_task

from accounts.events import record
from accounts.models import AppUser
from accounts.security_events import Kind
from smsadmin.lib import shared_clock

from ..backends import get_backend
from ..composing.audience import Audience
from ..composing.merge_fields import MergeFields, compile_message
from ..models import Delivery, Draft, MessageLog, SenderSlot
from ..models.sender_slots import LONGEST_REST_SECONDS
from . import staleness
from .sender import Sender, callback_url
from .sources import BlastStream, ReplyStream

__all__ = [
    "EmptyAudience",
    "MissingValues",
    "callback_url",
    "nudge",
    "nudge_replies",
    "send_draft",
    "send_slice",
    "start",
]

SLICE_SECONDS = 10.0
# How long to wait for a queued task before queueing another one.
QUEUED_SECONDS = 30.0
# The duration of calls at which a blast's senders still keep up with the rate.
LONG_CALL_SECONDS = 5.0
# If nothing was picked up for this long, no worker is running.
WAITS_AT_MOST = timedelta(seconds=20)


class EmptyAudience(Exception):
    """Nobody in the audience can be texted, or nobody knows who is in it; str() is a sentence for staff."""

    def __init__(self, sentence: str = "This audience is empty. Nothing was sent.") -> None:
        super().__init__(sentence)


class MissingValues(Exception):
    """People have no value for a field of the message, and nobody has decided about them; str() is a sentence."""


def start(
    body: str,
    audience: Audience,
    created_by: AppUser | None = None,
    token: uuid.UUID | None = None,
) -> MessageLog:
    """Create a blast with a delivery row for everyone in the audience, and queue its senders.

    `body` is the whole text with its fields. Raises UnknownToken, EmptyAudience and MissingValues without writing
    anything.
    """
    template = compile_message(body)
    if audience.problem:
        raise EmptyAudience(audience.problem)
    with transaction.atomic():
        log = MessageLog.objects.create(
            created_at=shared_clock.now(),
            message_body=body,
            target=audience.target,
            event=audience.event,
            definition=audience.stored_definition,
            merge_fields=list(template.keys) or None,
            audience_name=audience.name,
            status=MessageLog.Status.PROCESSING,
            test_mode=audience.test_phone is not None,
            created_by=created_by,
            token=token or uuid.uuid4(),
            retry_of=audience.retry_of,
            family=_join_family(audience),
        )
        if not audience.expand(log):
            raise EmptyAudience
        if template.required_keys:
            _check_left_out(log, audience)
        record(Kind.BLAST_SENT, user=created_by, blast=log.pk, to=audience.name)
        log.write_totals()
        SenderSlot.objects.bulk_create(
            SenderSlot(message_log=log, number=number) for number in range(settings.SMS_SENDERS_PER_BLAST)
        )
        # Robust: if the queue is unavailable, the blast is still written, and the sweep queues it.
        transaction.on_commit(lambda: nudge(log), robust=True)
    return log


def _check_left_out(log: MessageLog, audience: Audience) -> None:
    """Raises MissingValues if people lack values and staff haven't decided, EmptyAudience if nobody has them."""
    rows = log.deliveries.filter(skip_reason=Delivery.SkipReason.NO_VALUE)
    left_out = rows.count()
    if not left_out:
        return
    merge = MergeFields.of(log.template)
    merge = merge.requiring(
        field for field in merge.required if rows.filter(**{f"merge_values__{field.key}": None}).exists()
    )
    if not audience.leaves_out_incomplete:
        raise MissingValues(merge.choice(left_out))
    if not log.deliveries.in_progress().exists():
        raise EmptyAudience(f"{merge.lacking(left_out)}, so nobody would get this. Nothing was sent.")


def _join_family(audience: Audience) -> int | None:
    """Lock the family of the blast that `audience` retries, before its people are queried. Returns the family's id.

    Concurrent retries and resumes run one after the other, so the second sees the first one's rows.
    """
    if audience.retry_of is None or audience.test_phone is not None:
        return None
    first = MessageLog.objects.lock_family(audience.retry_of)
    if first.family is None:
        first.family = first.pk
        MessageLog.objects.filter(pk=first.pk).update(family=first.pk)
    return first.family


def send_draft(draft: Draft, created_by: AppUser | None) -> tuple[MessageLog | None, bool]:
    """Turn a draft into a blast, once. Returns the blast, and whether it is new.

    A second call returns the first one's blast, or None if that was deleted.
    """
    with transaction.atomic():
        draft = Draft.objects.select_for_update().get(pk=draft.pk)
        if draft.sent_at is not None:
            return draft.message_log, False
        log = start(draft.whole_body, Audience.of_draft(draft), created_by, draft.token)
        draft.sent_at = timezone.now()
        draft.message_log = log
        draft.save(update_fields=["sent_at", "message_log"])
    return log, True


def nudge(log: MessageLog) -> int:
    """Queue a sender for each free slot of the blast, or close it if nothing is left. Returns how many were queued.

    Only as many senders as keep up with the rate: more would only wait for time slots, each in a task process.
    """
    if log.settle():
        return 0
    if not (log.is_running and log.deliveries.filter(status=Delivery.Status.PENDING).exists()):
        return 0
    now = shared_clock.now()
    free = list(log.slots.free(now).order_by("number"))
    wanted = len(free)
    if settings.SMS_RATE_PER_SECOND:
        enough = math.ceil(settings.SMS_RATE_PER_SECOND * LONG_CALL_SECONDS / settings.SMS_CONCURRENCY)
        wanted = max(0, enough - log.slots.held(now).count())
    return sum(_queue_slice(slot) for slot in free[:wanted])


def nudge_replies() -> bool:
    """Queue a sender for pending replies unless they have one. Returns whether one was queued."""
    if not Delivery.objects.replies().filter(status=Delivery.Status.PENDING).exists():
        return False
    SenderSlot.objects.get_or_create(message_log=None, number=0)
    return any(_queue_slice(slot) for slot in SenderSlot.objects.for_replies().free(shared_clock.now()))


def _queue_slice(slot: SenderSlot) -> bool:
    """Reserve a slot for a task and queue the task. A late task finds the slot taken."""
    owner = uuid.uuid4().hex
    if not SenderSlot.objects.reserve(slot.pk, owner, QUEUED_SECONDS):
        return False
    group = "replies" if slot.message_log_id is None else f"blast {slot.message_log_id}"
    async_task("messaging.tasks.send", slot.pk, owner, group=group)
    return True


def send_slice(slot_id: int, owner: str, seconds: float | None = None) -> None:
    """Send for some seconds as the holder of a slot, then queue the continuation or close the blast.

    Replies that are queued behind slices of blasts go first. A slot that has to rest (429 with a long Retry-After, no
    connection, a distant time slot) blocks no process: the sweep picks it up later with the same concurrency.
    """
    for waiting in SenderSlot.objects.for_replies().waiting_for_a_task(shared_clock.now()).exclude(pk=slot_id):
        replier = uuid.uuid4().hex
        if SenderSlot.objects.take_over(waiting.pk, waiting.owner, replier):
            send_slice(waiting.pk, replier, seconds)
    slot = SenderSlot.objects.select_related("message_log").filter(pk=slot_id).first()
    if slot is None or (slot.message_log and staleness.pause_if_stale(slot.message_log)):
        return
    slot.leased_until = SenderSlot.objects.hold(slot_id, owner)
    if slot.leased_until is None:
        return
    log = slot.message_log
    sender = Sender(BlastStream(log) if log else ReplyStream(), slot, owner, get_backend())
    if seconds is None:
        # Random, so that a blast's senders don't all pause at the same time.
        seconds = SLICE_SECONDS * random.uniform(0.6, 1.0)
    has_more = sender.run(time.monotonic() + seconds)
    if sender.is_cut_off:
        return
    rest = min(sender.rest_until - time.monotonic(), LONGEST_REST_SECONDS)
    SenderSlot.objects.release(slot_id, owner, sender.limit, rest if has_more else 0)
    if log is None:
        # One may have been written between the last claim and the release of the slot.
        nudge_replies()
    else:
        _continue(log, slot, has_more, rest)


def _continue(log: MessageLog, slot: SenderSlot, has_more: bool, rest: float) -> None:
    """After a slice: update the counters, then close the blast or queue the next slice."""
    try:
        log.refresh_from_db()
    except MessageLog.DoesNotExist:
        return
    log.write_totals()
    if not (has_more and log.is_running):
        log.settle()
    elif rest <= 0:
        _queue_slice(slot)
