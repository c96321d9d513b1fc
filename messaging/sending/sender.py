"""Sends claimed deliveries.

A stream says what is sent (`messaging.sending.sources`); how it is sent is the same for all streams.
"""

import logging
import queue
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime

from django.conf import settings
from django.db import OperationalError, connection, transaction

from smsadmin.lib import database_file, shared_clock

from ..backends import BaseBackend, OutcomeUnknown, Refused, TryLater
from ..error_codes import classify
from ..models import Delivery, SenderSlot
from ..models.deliveries import Receipt
from ..models.sender_slots import LEASE_SECONDS
from . import pacing, suppression
from .sources import Stream

logger = logging.getLogger(__name__)

COLLECT_SECONDS = 0.01
WRITE_ATTEMPTS = 5
BACK_OFF_SECONDS = (0.5, 30.0)
# The reason for an unknown outcome if the call failed in our own code.
OWN_FAULT = "SMS Admin had an error during the call to Twilio. See its log."
# How often a sender checks whether to yield.
ROOM_SECONDS = 1.0
# Time slots missed by more than this are given back, or their texts would all be sent at once.
MISSED_BY_SECONDS = 0.5
# The sweep, which runs every second, picks up a resting slot, which then waits for a task process.
WAKING_SECONDS = 1.5
# For a shorter rest, it isn't worth freeing the task process.
SHORTEST_REST_SECONDS = 1.0


class Sender:
    """Sends a stream's rows from one slot, with at most SMS_CONCURRENCY calls in flight.

    Only the calling thread uses the database; the pool's threads only call the provider. No transaction is open
    during a call. Rows are claimed only while the slot's lease lasts and the database file is still in place.

    `rest_until` (time.monotonic()) is until when nothing can be sent, after errors or because the next time slot is
    distant. `is_cut_off` means that the database file was removed or replaced.
    """

    def __init__(self, stream: Stream, slot: SenderSlot, owner: str, backend: BaseBackend) -> None:
        self.stream = stream
        self.slot = slot
        self.owner = owner
        self.backend = backend
        self.concurrency = settings.SMS_CONCURRENCY
        self.limit = min(slot.limit or self.concurrency, self.concurrency)
        self.in_flight = 0
        self.results: queue.SimpleQueue[tuple[Delivery, Receipt | TryLater]] = queue.SimpleQueue()
        self.reservation: pacing.Reservation | None = None
        self.ask_at = self.resume_at = self.rest_until = 0.0
        self.back_off = BACK_OFF_SECONDS[0]
        self.leased_until: datetime | None = slot.leased_until
        self.is_cut_off = False
        self.lease_renewed_at = self.room_asked_at = time.monotonic()

    def run(self, until: float) -> bool:
        """Send until the monotonic time `until`, or until it has to yield. Returns whether rows may be left.

        Ends early if the next time slot is distant, so that the process can do something else.
        """
        has_more = True
        with ThreadPoolExecutor(self.concurrency, thread_name_prefix="send") as pool:
            while True:
                now = time.monotonic()
                if has_more and self.rest_until <= now < until:
                    self._reserve(now)
                if self.reservation is not None:
                    has_more = self._use_reservation(self.reservation, now, pool)
                elif not self.in_flight and not (has_more and now < until and now >= self.rest_until):
                    self.rest_until = max(self.rest_until, self.resume_at)
                    return has_more
                self._collect()
                if not self._keep_slot():
                    until = now
                if self._must_yield():
                    until = now
                    self._give_back()

    def _reserve(self, now: float) -> None:
        """Reserve time slots for as many calls as can start. If it is too early, note when to try again."""
        if self.reservation is not None or now < max(self.ask_at, self.resume_at) or self.in_flight >= self.limit:
            return
        found = pacing.reserve(self.limit - self.in_flight, self.stream.ahead)
        if found.count:
            self.reservation = found
            return
        self.ask_at = found.starts_at - self.stream.ahead
        wake_at = self.ask_at - WAKING_SECONDS
        if wake_at - now >= SHORTEST_REST_SECONDS:
            self.rest_until = wake_at

    def _give_back(self, unused: int | None = None) -> None:
        if self.reservation is not None:
            pacing.give_back(self.reservation, unused)
            self.reservation = None

    def _use_reservation(self, reservation: pacing.Reservation, now: float, pool: ThreadPoolExecutor) -> bool:
        """Claim rows once their time slots have come. Returns False if none are left.

        Unusable time slots, because of lateness or errors, are given back.
        """
        has_missed = now > reservation.starts_at + MISSED_BY_SECONDS and reservation.interval > 0
        if has_missed or self.resume_at > max(now, reservation.starts_at) or self.in_flight >= self.limit:
            self._give_back()
            return True
        if now < reservation.starts_at - COLLECT_SECONDS:
            return True
        if not self._may_claim():
            self._give_back()
            return True
        return self._dispatch(pool, reservation)

    def _may_claim(self) -> bool:
        """Whether this sender's lease is valid and the database file is still in place."""
        try:
            database_file.check()
        except database_file.DatabaseFileLost as lost:
            logger.error("%s: sending stopped. %s", self.stream, lost)
            self.is_cut_off = True
            self.leased_until = None
        if self.leased_until is not None and shared_clock.now() >= self.leased_until:
            self.leased_until = None
        return self.leased_until is not None

    def _dispatch(self, pool: ThreadPoolExecutor, reservation: pacing.Reservation) -> bool:
        """Claim rows for the time slots and submit them to the pool. Returns False if none are left."""
        rows = self.stream.claim(min(reservation.count, self.limit - self.in_flight))
        for index, row in enumerate(rows):
            self.in_flight += 1
            pool.submit(self._call, row, reservation.slot(index))
        self._give_back(reservation.count - len(rows))
        return bool(rows) or self._has_to_wait()

    def _has_to_wait(self) -> bool:
        """Whether rows are left that can't go out yet. If so, the sender rests until the first one can.

        While calls are in flight it doesn't: theirs may have to be tried again before that.
        """
        opens_at = self.stream.opens_at()
        if opens_at is None:
            return False
        if not self.in_flight:
            self.rest_until = time.monotonic() + max(0.0, (opens_at - shared_clock.now()).total_seconds())
        return True

    def _call(self, row: Delivery, leaves_at: float) -> None:
        """Runs in the pool: wait for the time slot, call, and return the result through the queue. Never raises."""
        try:
            time.sleep(max(0.0, leaves_at - time.monotonic()))
            result = self.backend.send(row.phone, self.stream.text(row), callback_url(row.pk, self.backend))
        except Refused as refusal:
            info = classify(refusal.code)
            self.results.put((row, Receipt(row.pk, "failed", error_code=refusal.code, error_message=info.sentence)))
        except TryLater as trouble:
            self.results.put((row, trouble))
        except OutcomeUnknown as doubt:
            self.results.put((row, Receipt(row.pk, "unknown", error_message=doubt.reason)))
        except Exception:
            logger.exception("Delivery %s: the call failed unexpectedly", row.pk)
            self.results.put((row, Receipt(row.pk, "unknown", error_message=OWN_FAULT)))
        else:
            self.results.put((row, Receipt(row.pk, "accepted", sid=result.sid, segments=result.segments)))

    def _collect(self) -> None:
        """Wait briefly for results, and record them in one batch."""
        now = time.monotonic()
        if self.reservation is not None:
            wait = max(0.001, self.reservation.starts_at - now)
        else:
            wait = max(COLLECT_SECONDS, max(self.ask_at, self.resume_at) - now)
        wait = min(wait, pacing.BATCH_SECONDS)
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
        lessons = [
            (row, receipt)
            for (row, _), receipt in zip(batch, receipts, strict=True)
            if receipt.status == "failed" and suppression.meaning(receipt.error_code)
        ]
        teaching = {receipt.delivery_id for _, receipt in lessons}
        self._write(lambda: Delivery.objects.record(one for one in receipts if one.delivery_id not in teaching))
        for row, receipt in lessons:
            self._record_lesson(row, receipt)
        self._adjust(troubles, len(batch))
        if any(receipt.status == "failed" for receipt in receipts):
            self.stream.judge(receipts)

    def _record_lesson(self, row: Delivery, receipt: Receipt) -> None:
        """Record a failure together with the opt-out or suppression that follows from it.

        One person at a time, because bulk changes of people's lists are serialized (`smsadmin.lib.locks`). If only
        the failure can be recorded, `suppression_backfill.catch_up` tries again.
        """

        def record() -> None:
            with transaction.atomic():
                Delivery.objects.record([replace(receipt, is_learned=True)])
                suppression.learn(row.phone, row.name, receipt.error_code, self.stream.log_id)

        try:
            self._write(record)
        except Exception:
            logger.exception("Delivery %s: could not apply its failure to the lists", row.pk)
            self._write(lambda: Delivery.objects.record([receipt]))

    def _write(self, record: Callable[[], None]) -> None:
        """Record results, retrying on temporary database errors: an unrecorded result is an unknown outcome."""
        for attempt in range(1, WRITE_ATTEMPTS + 1):
            try:
                record()
            except OperationalError:
                if attempt == WRITE_ATTEMPTS:
                    raise
                logger.exception("%s: could not write results, retrying", self.stream)
                connection.close_if_unusable_or_obsolete()
                time.sleep(attempt)
            else:
                return

    def _adjust(self, troubles: list[TryLater], results: int) -> None:
        """Lower the concurrency and pause after errors; raise it by one after a round without any."""
        if not troubles:
            self.limit = min(self.concurrency, self.limit + 1)
            self.back_off = BACK_OFF_SECONDS[0]
            self.stream.tell_trouble("")
            return
        self.limit = max(1, self.limit // 2)
        asked = max((trouble.retry_after or 0.0 for trouble in troubles), default=0.0)
        self.resume_at = time.monotonic() + max(asked, self.back_off)
        self.back_off = min(self.back_off * 2, BACK_OFF_SECONDS[1])
        if len(troubles) == results:
            self.stream.tell_trouble(str(troubles[-1]))

    def _keep_slot(self) -> bool:
        """Renew the lease when it is time. Returns False once nothing may be claimed any more.

        An expired lease isn't renewed, because this process may have been suspended for any length of time.
        """
        now = time.monotonic()
        if self.leased_until and now - self.lease_renewed_at >= LEASE_SECONDS / 3:
            self.lease_renewed_at = now
            self.leased_until = SenderSlot.objects.renew(self.slot.pk, self.owner)
        return self.leased_until is not None

    def _must_yield(self) -> bool:
        now = time.monotonic()
        if now - self.room_asked_at < ROOM_SECONDS:
            return False
        self.room_asked_at = now
        return self.stream.must_yield()


def callback_url(delivery_id: int, backend: BaseBackend) -> str | None:
    """The status callback URL. It contains the delivery's id, so that a report proves acceptance even if we died
    before reading the response. None if we have no public URL."""
    base = settings.PUBLIC_BASE_URL or ("http://localhost" if backend.is_simulated else "")
    return f"{base}/webhooks/twilio/status/{delivery_id}" if base else None
