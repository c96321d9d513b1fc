"""What a sender sends, the rows of a blast or the replies of the inbox, and what becomes of their troubles."""

import time
from typing import Final

from django.conf import settings
from django.utils import timezone

from ..error_codes import classify
from ..models import Delivery, MessageLog, SenderSlot
from ..models.deliveries import Receipt
from ..text.personalization import Template, compile_template
from . import breaker, pacing

BREAKER_SECONDS: Final = 1.0


class Stream:
    """Rows that are sent one after the other. It belongs to one sender, whose calling thread alone uses it.

    `log_id` is the blast that lists learn a failure from, None without one. `ahead` is how many seconds before its
    time a slot of the common rate may be reserved.
    """

    log_id: int | None = None
    ahead: float = pacing.AHEAD_SECONDS

    def __str__(self) -> str:
        raise NotImplementedError

    def claim(self, most: int) -> list[Delivery]:
        """Up to `most` rows that this sender alone now sends; [] when none are left."""
        raise NotImplementedError

    def text(self, row: Delivery) -> str:
        """What a claimed row's person is to read. Also called by the threads that call the provider."""
        raise NotImplementedError

    def tell_trouble(self, sentence: str) -> None:
        """A whole round of calls found the provider out of reach; "": one came through again."""

    def judge(self, receipts: list[Receipt]) -> None:
        """Look at results of which some are failures."""

    def has_to_make_room(self) -> bool:
        """Whether something that goes first waits for a worker."""
        return False


class BlastStream(Stream):
    """The rows of one blast, which stops by itself for a fault that meets everyone."""

    def __init__(self, log: MessageLog) -> None:
        self.log = log
        self.log_id = log.pk
        self._template: Template = compile_template(log.message_body)
        self._has_trouble = bool(log.trouble)
        self._fault_checked_at = 0.0
        self._failures_unchecked = 0

    def __str__(self) -> str:
        return f"Blast {self.log.pk}"

    def claim(self, most: int) -> list[Delivery]:
        return Delivery.objects.claim(self.log.pk, most)

    def text(self, row: Delivery) -> str:
        return self._template.render(row.name)

    def tell_trouble(self, sentence: str) -> None:
        if sentence or self._has_trouble:
            MessageLog.objects.filter(pk=self.log.pk).update(trouble=sentence)
            self._has_trouble = bool(sentence)

    def judge(self, receipts: list[Receipt]) -> None:
        """Stop the blast for a fault that meets everyone: at once for one of the account, else on its sample."""
        failures = [receipt for receipt in receipts if receipt.status == "failed"]
        self._failures_unchecked += len(failures)
        now = time.monotonic()
        is_due = now - self._fault_checked_at >= BREAKER_SECONDS
        is_due = is_due or any(classify(receipt.error_code).stops_blast for receipt in failures)
        if is_due or self._failures_unchecked >= settings.SMS_BREAKER_SAMPLE // 5:
            self._fault_checked_at = now
            self._failures_unchecked = 0
            breaker.stop_if_faulty(self.log)

    def has_to_make_room(self) -> bool:
        """A person waits for a reply; everyone of a blast can wait a second longer."""
        return SenderSlot.objects.for_replies().waiting_for_a_task(timezone.now()).exists()


class ReplyStream(Stream):
    """What staff write in conversations. Each text fails for itself: the conversation says why."""

    ahead = pacing.REPLY_AHEAD_SECONDS

    def __str__(self) -> str:
        return "Replies"

    def claim(self, most: int) -> list[Delivery]:
        return Delivery.objects.claim_replies(most)

    def text(self, row: Delivery) -> str:
        return row.inbox_message.body
