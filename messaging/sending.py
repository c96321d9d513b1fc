"""How a blast is sent: one story, from the click to the last row.

`start` writes the blast and all of its delivery rows in one transaction, and `nudge` queues a sender for each
free slot. A sender claims as many rows as it can call at once, commits, calls, and records what came back.
After some seconds it makes room for others and queues its own continuation (`send_slice`).

The queue is a nudge, the database is the truth: a lost task, a killed worker or a second delivery of the same
task change nothing but the time at which the next sweep finds what is left to do (`messaging.tasks.nudge`).
"""

import logging
import queue
import random
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.utils import timezone
from django_q.tasks import async_task

from accounts.events import record
from accounts.models import AppUser
from accounts.security_events import Kind

from . import breaker, healing, pacing
from .audience import Audience
from .backends import BaseBackend, OutcomeUnknown, Refused, TryLater, get_backend
from .classification import classify
from .models import Delivery, Draft, MessageLog, SenderSlot
from .personalisation import Template, compile_template
from .querysets import Receipt

logger = logging.getLogger(__name__)

SLICE_SECONDS = 10.0
# A dead sender's slot is free again after this; a living one renews it three times as often.
LEASE_SECONDS = 9.0
# How long a task may wait in the queue before another one is queued in its place.
QUEUED_SECONDS = 30.0
COLLECT_SECONDS = 0.01
BREAKER_SECONDS = 1.0
WRITE_ATTEMPTS = 5
BACK_OFF_SECONDS = (0.5, 30.0)
LONGEST_REST_SECONDS = 300.0
# Longer than any call can take (5 s to connect, 15 s to answer) with the wait for its time slot.
ABANDONED_AFTER = timedelta(seconds=60)


class EmptyAudience(Exception):
    """There is nobody to text."""

    def __str__(self) -> str:
        return "There is nobody in this audience. Nothing was sent."


def start(
    body: str,
    audience: Audience,
    created_by: AppUser | None = None,
    token: uuid.UUID | None = None,
) -> MessageLog:
    """Make a blast with a delivery row for everyone in the audience, and have it sent.

    `body` is the whole text with its fields. Raises personalisation.UnknownToken, and EmptyAudience where
    nobody would get it; then nothing is written.
    """
    compile_template(body)
    with transaction.atomic():
        if audience.retry_of is not None:
            # Two retries at once: the second one looks after the first has written its rows.
            MessageLog.objects.select_for_update().get(pk=audience.retry_of.pk)
        log = MessageLog.objects.create(
            message_body=body,
            target=audience.target,
            event=audience.event,
            audience_name=audience.name,
            status=MessageLog.Status.PROCESSING,
            test_mode=audience.test_phone is not None,
            created_by=created_by,
            token=token or uuid.uuid4(),
            retry_of=audience.retry_of,
        )
        if not audience.expand(log):
            raise EmptyAudience
        record(Kind.BLAST_SENT, user=created_by, blast=log.pk, to=audience.name)
        log.write_totals()
        SenderSlot.objects.bulk_create(
            SenderSlot(message_log=log, number=number) for number in range(settings.SMS_SENDERS_PER_BLAST)
        )
        # Robust: where the queue is out of reach, the blast is written all the same, and the sweep has it sent.
        transaction.on_commit(lambda: nudge(log), robust=True)
    return log


def send_draft(draft: Draft, created_by: AppUser | None) -> tuple[MessageLog | None, bool]:
    """Turn a draft into a blast, once: (the blast, whether it is new).

    A second call finds the first one's blast, or None where that has been deleted since.
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
    """Queue a sender for each slot of the blast that nobody holds; how many. Closes a blast with nothing left."""
    if log.settle():
        return 0
    if not (log.is_running and log.deliveries.filter(status=Delivery.Status.PENDING).exists()):
        return 0
    now = timezone.now()
    slots = list(log.slots.free(now))
    return sum(_queue_slice(slot) for slot in slots)


def _queue_slice(slot: SenderSlot) -> bool:
    """Reserve a slot for a task, and queue the task. Whoever takes long to come finds the slot gone."""
    owner = uuid.uuid4().hex
    if not SenderSlot.objects.lease(slot.pk, owner, QUEUED_SECONDS):
        return False
    async_task("messaging.tasks.send", slot.pk, owner, group=f"blast {slot.message_log_id}")
    return True


def send_slice(slot_id: int, owner: str, seconds: float | None = None) -> None:
    """Send for some seconds as the holder of a slot, then queue the continuation, or close the blast.

    A slot that has to rest longer (429 with a long Retry-After, no connection) keeps nobody waiting for it: it is
    left to the sweep, and goes on where it was, with as few calls at once.
    """
    if not SenderSlot.objects.lease(slot_id, owner, LEASE_SECONDS):
        return
    slot = SenderSlot.objects.select_related("message_log").get(pk=slot_id)
    log = slot.message_log
    sender = Sender(log, slot, owner, get_backend())
    if seconds is None:
        # Of different lengths, so that the senders of a blast do not all pause at the same time.
        seconds = SLICE_SECONDS * random.uniform(0.6, 1.0)
    has_more = sender.run(time.monotonic() + seconds)
    rest = min(sender.resume_at - time.monotonic(), LONGEST_REST_SECONDS)
    SenderSlot.objects.release(slot_id, owner, sender.limit, rest if has_more else 0)
    try:
        log.refresh_from_db()
    except MessageLog.DoesNotExist:
        return
    log.write_totals()
    if not (has_more and log.is_running):
        log.settle()
    elif rest <= 0:
        _queue_slice(slot)


class Sender:
    """One worker's part in a blast: never more than SMS_CONCURRENCY rows in its hands.

    The calling thread alone talks to the database; the pool's threads only call the provider. No transaction is
    open during a call.
    """

    def __init__(self, log: MessageLog, slot: SenderSlot, owner: str, backend: BaseBackend) -> None:
        self.log = log
        self.slot = slot
        self.owner = owner
        self.backend = backend
        self.template: Template = compile_template(log.message_body)
        self.concurrency = settings.SMS_CONCURRENCY
        self.limit = min(slot.limit or self.concurrency, self.concurrency)
        self.in_flight = 0
        self.results: queue.SimpleQueue[tuple[Delivery, Receipt | TryLater]] = queue.SimpleQueue()
        self.resume_at = 0.0
        self.back_off = BACK_OFF_SECONDS[0]
        self.lease_renewed_at = time.monotonic()
        self.fault_checked_at = 0.0
        self.failures_unchecked = 0
        self.has_trouble = bool(log.trouble)

    def run(self, until: float) -> bool:
        """Send until the monotonic time `until`; whether rows may be left."""
        has_more = True
        with ThreadPoolExecutor(self.concurrency, thread_name_prefix="send") as pool:
            reservation: pacing.Reservation | None = None
            while True:
                now = time.monotonic()
                may_claim = has_more and now < until and now >= self.resume_at
                if may_claim and self.in_flight < self.limit:
                    reservation = reservation or pacing.reserve(self.limit - self.in_flight)
                    if time.time() >= reservation.starts_at - COLLECT_SECONDS:
                        has_more = self._dispatch(pool, reservation)
                        reservation = None
                elif not self.in_flight and not (has_more and now < until):
                    return has_more
                self._collect(reservation)
                self._renew_lease()

    def _dispatch(self, pool: ThreadPoolExecutor, reservation: pacing.Reservation) -> bool:
        """Claim a row for each time slot that fits and hand them to the pool; False when none are left."""
        most = min(reservation.count, self.limit - self.in_flight)
        rows = Delivery.objects.claim(self.log.pk, most)
        for index, row in enumerate(rows):
            self.in_flight += 1
            pool.submit(self._call, row, reservation.slot(index))
        return bool(rows)

    def _call(self, row: Delivery, leaves_at: float) -> None:
        """Runs in the pool: wait for the time slot, call, and hand the result back. Never raises."""
        try:
            time.sleep(max(0.0, leaves_at - time.time()))
            result = self.backend.send(row.phone, self.template.render(row.name), callback_url(row.pk, self.backend))
        except Refused as refusal:
            info = classify(refusal.code)
            self.results.put((row, Receipt(row.pk, "failed", error_code=refusal.code, error_message=info.sentence)))
        except TryLater as trouble:
            self.results.put((row, trouble))
        except OutcomeUnknown as doubt:
            self.results.put((row, Receipt(row.pk, "unknown", error_message=f"In doubt: {doubt.reason}")))
        except Exception:
            logger.exception("Delivery %s: the call broke off", row.pk)
            self.results.put((row, Receipt(row.pk, "unknown", error_message="In doubt: the call broke off.")))
        else:
            self.results.put((row, Receipt(row.pk, "accepted", sid=result.sid, segments=result.segments)))

    def _collect(self, reservation: pacing.Reservation | None) -> None:
        """Wait a moment for results, and record those that are there in one batch."""
        wait = COLLECT_SECONDS
        if reservation is not None:
            wait = min(max(0.001, reservation.starts_at - time.time()), pacing.BATCH_SECONDS)
        batch: list[tuple[Delivery, Receipt | TryLater]] = []
        deadline = time.monotonic() + wait
        while len(batch) < self.in_flight:
            left = deadline - time.monotonic()
            try:
                batch.append(self.results.get(timeout=left) if left > 0 else self.results.get_nowait())
            except queue.Empty:
                break
        else:
            if not self.in_flight:
                time.sleep(wait)
        if batch:
            self.in_flight -= len(batch)
            self._record(batch)

    def _record(self, batch: list[tuple[Delivery, Receipt | TryLater]]) -> None:
        receipts = [Receipt(row.pk, "pending") if isinstance(result, TryLater) else result for row, result in batch]
        troubles = [result for _, result in batch if isinstance(result, TryLater)]
        self._write(receipts)
        for (row, _), receipt in zip(batch, receipts, strict=True):
            if receipt.status == "failed":
                healing.learn(row.phone, row.name, receipt.error_code, self.log.pk)
        self._adjust(troubles, len(batch))
        if any(receipt.status == "failed" for receipt in receipts):
            self._check_faults(receipts)

    def _write(self, receipts: list[Receipt]) -> None:
        """Record receipts, through a passing failure of the database: what is not recorded is in doubt."""
        for attempt in range(1, WRITE_ATTEMPTS + 1):
            try:
                Delivery.objects.record(receipts)
            except OperationalError:
                if attempt == WRITE_ATTEMPTS:
                    raise
                logger.exception(
                    "Blast %s: %s results could not be written, trying again", self.log.pk, len(receipts)
                )
                connection.close_if_unusable_or_obsolete()
                time.sleep(attempt)
            else:
                return

    def _adjust(self, troubles: list[TryLater], results: int) -> None:
        """Fewer calls at once and a pause after trouble, one more at once after a round without."""
        if not troubles:
            self.limit = min(self.concurrency, self.limit + 1)
            self.back_off = BACK_OFF_SECONDS[0]
            if self.has_trouble:
                MessageLog.objects.filter(pk=self.log.pk).update(trouble="")
                self.has_trouble = False
            return
        self.limit = max(1, self.limit // 2)
        asked = max((trouble.retry_after or 0.0 for trouble in troubles), default=0.0)
        self.resume_at = time.monotonic() + max(asked, self.back_off)
        self.back_off = min(self.back_off * 2, BACK_OFF_SECONDS[1])
        if len(troubles) == results:
            MessageLog.objects.filter(pk=self.log.pk).update(trouble=str(troubles[-1]))
            self.has_trouble = True

    def _check_faults(self, receipts: list[Receipt]) -> None:
        """Stop the blast for a fault that meets everyone: at once for one of the account, else on its sample."""
        for receipt in receipts:
            info = classify(receipt.error_code)
            if receipt.status == "failed" and info.code is not None and info.stops_blast:
                self.log.stop(info.code, info.sentence)
                return
        self.failures_unchecked += sum(receipt.status == "failed" for receipt in receipts)
        now = time.monotonic()
        is_due = now - self.fault_checked_at >= BREAKER_SECONDS
        if is_due or self.failures_unchecked >= settings.SMS_BREAKER_SAMPLE // 5:
            self.fault_checked_at = now
            self.failures_unchecked = 0
            stop_if_faulty(self.log)

    def _renew_lease(self) -> None:
        now = time.monotonic()
        if now - self.lease_renewed_at >= LEASE_SECONDS / 3:
            self.lease_renewed_at = now
            SenderSlot.objects.lease(self.slot.pk, self.owner, LEASE_SECONDS)


def stop_if_faulty(log: MessageLog) -> bool:
    """Stop a running blast whose results so far speak against going on; whether it was stopped."""
    fault = breaker.find_fault(log)
    return fault is not None and log.stop(fault.code, fault.reason)


def callback_url(delivery_id: int, backend: BaseBackend) -> str | None:
    """Where Twilio reports on a delivery. It carries the delivery's id, so that a report proves acceptance even
    if we died before reading the answer. None where nobody could reach us."""
    base = settings.PUBLIC_BASE_URL or ("http://localhost" if backend.is_simulated else "")
    return f"{base}/webhooks/twilio/status/{delivery_id}" if base else None
