"""Streams of deliveries for senders: the rows of a blast, or the replies of the inbox."""

import time
from datetime import datetime
from typing import Final

from django.conf import settings
from django.db.models import Min
from django.utils import timezone

from smsadmin.lib import shared_clock

from ..error_codes import classify
from ..models import Delivery, MessageLog, SenderSlot
from ..models.deliveries import Receipt
from ..text.personalization import Template
from . import breaker, holds, pacing

BREAKER_SECONDS: Final = 1.0


class Stream:
    """Rows to send. Used only by the calling thread of one sender.

    `log_id` is the blast recorded with opt-outs and suppressions, None without one. `ahead` is how many seconds
    before its time a slot of the shared rate may be reserved.
    """

    log_id: int | None = None
    ahead: float = pacing.AHEAD_SECONDS

    def __str__(self) -> str:
        raise NotImplementedError

    def claim(self, most: int) -> list[Delivery]:
        """Claim up to `most` rows; [] if none are left that can go out now."""
        raise NotImplementedError

    def opens_at(self) -> datetime | None:
        """When the first of the rows can go out that have to wait; None if none has to."""
        return None

    def text(self, row: Delivery) -> str:
        """The text for a claimed row. Also called from the pool's threads."""
        raise NotImplementedError

    def tell_trouble(self, sentence: str) -> None:
        """Report that a whole round of calls couldn't reach the provider, or with "" that calls succeed again."""

    def judge(self, receipts: list[Receipt]) -> None:
        """Check results that include failures."""

    def must_yield(self) -> bool:
        """Whether to yield to higher-priority work."""
        return False


class BlastStream(Stream):
    """The rows of one blast, which stops for faults that affect everyone."""

    def __init__(self, log: MessageLog) -> None:
        self.log = log
        self.log_id = log.pk
        self._template: Template = log.template
        self._has_trouble = bool(log.trouble)
        self._claimed_up_to = 0
        self._is_held = not (log.test_mode or log.ignores_quiet_hours)
        self._fault_checked_at = 0.0
        self._failures_unchecked = 0

    def __str__(self) -> str:
        return f"Blast {self.log.pk}"

    def claim(self, most: int) -> list[Delivery]:
        """Claim the next rows, then those further up that have come back or may go out by now.

        So that rows that have to wait are passed once, not with each claim.
        """
        rows = self._claim(most)
        if not rows and self._claimed_up_to:
            self._claimed_up_to = 0
            rows = self._claim(most)
        if rows:
            self._claimed_up_to = rows[-1].pk
        return rows

    def _claim(self, most: int) -> list[Delivery]:
        find_holds = holds.find if self._is_held and holds.holds else None
        return Delivery.objects.claim(self.log.pk, most, after=self._claimed_up_to, find_holds=find_holds)

    def opens_at(self) -> datetime | None:
        waiting = self.log.deliveries.held(shared_clock.now())
        return waiting.aggregate(first=Min("not_before"))["first"] if self.log.is_running else None

    def text(self, row: Delivery) -> str:
        return self._template.render(row.name, row.merge_values)

    def tell_trouble(self, sentence: str) -> None:
        if sentence or self._has_trouble:
            MessageLog.objects.filter(pk=self.log.pk).update(trouble=sentence)
            self._has_trouble = bool(sentence)

    def judge(self, receipts: list[Receipt]) -> None:
        """Stop the blast for a fault that affects everyone: at once for account faults, otherwise after a sample."""
        failures = [receipt for receipt in receipts if receipt.status == "failed"]
        self._failures_unchecked += len(failures)
        now = time.monotonic()
        is_due = now - self._fault_checked_at >= BREAKER_SECONDS
        is_due = is_due or any(classify(receipt.error_code).stops_blast for receipt in failures)
        if is_due or self._failures_unchecked >= settings.SMS_BREAKER_SAMPLE // 5:
            self._fault_checked_at = now
            self._failures_unchecked = 0
            breaker.stop_if_faulty(self.log)

    def must_yield(self) -> bool:
        """Replies go first: a person is waiting for them."""
        return SenderSlot.objects.for_replies().waiting_for_a_task(timezone.now()).exists()


class ReplyStream(Stream):
    """Replies by staff. Each one fails separately, as its conversation shows."""

    ahead = pacing.REPLY_AHEAD_SECONDS

    def __str__(self) -> str:
        return "Replies"

    def claim(self, most: int) -> list[Delivery]:
        return Delivery.objects.claim_replies(most)

    def text(self, row: Delivery) -> str:
        return row.inbox_message.body
