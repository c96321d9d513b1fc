"""One entry of a conversation: a text, a blast, or a change of consent, and its place in the order of time."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from django.utils import timezone

from ..inbound.media import media_sentence
from ..models import Delivery, InboxMessage
from ..sending import reconciliation

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
# What happened at the same moment, in this order.
BLAST, TEXT, CONSENT = range(3)
_KINDS: Final = {BLAST: "blast", TEXT: "text", CONSENT: "consent"}

STATES: Final[Mapping[str, str]] = {
    Delivery.Status.PENDING: "Waiting…",
    Delivery.Status.SENDING: "Being sent…",
    Delivery.Status.UNKNOWN: "In doubt: it may have arrived or not",
    Delivery.Status.ACCEPTED: "Accepted by Twilio",
    Delivery.Status.SENT: "Sent",
    Delivery.Status.DELIVERED: "Delivered",
    Delivery.Status.UNDELIVERED: "Not delivered",
    Delivery.Status.FAILED: "Failed",
    Delivery.Status.SKIPPED: "Not sent",
}


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in a conversation: just before the entry of that kind and id at that moment."""

    at: datetime
    kind: int
    pk: int

    def __str__(self) -> str:
        return f"{(self.at - _EPOCH) // timedelta(microseconds=1)}-{self.kind}-{self.pk}"


def read_mark(text: str) -> Mark | None:
    """What str() of a Mark gives; None for anything else."""
    parts = text.split("-")
    if len(parts) != 3 or not all(part.isascii() and part.isdecimal() and len(part) < 18 for part in parts):
        return None
    micros, kind, pk = map(int, parts)
    try:
        return Mark(_EPOCH + timedelta(microseconds=micros), kind, pk) if kind in _KINDS else None
    except OverflowError:
        return None


@dataclass(frozen=True)
class Entry:
    """One bubble, or one line between the bubbles. `row` is what it is about: the text, the delivery of a blast, or
    the consent record. `body` of a blast is what this person got. `author` is who or what wrote it, where we did.
    `is_repeated` says that staff have written a failed reply once more, `is_stalled` that a reply waits for a worker
    to be started. `reaction` is the latest one that the person has sent about it."""

    kind: int
    row: Any
    at: datetime
    body: str = ""
    author: str = ""
    is_ours: bool = False
    is_repeated: bool = False
    is_stalled: bool = False
    reaction: InboxMessage | None = None

    @property
    def name(self) -> str:
        """ "text", "blast" or "consent"."""
        return _KINDS[self.kind]

    @property
    def key(self) -> str:
        return f"{self.name}-{self.row.pk}"

    @property
    def mark(self) -> Mark:
        return Mark(self.at, self.kind, self.row.pk)

    @property
    def day(self) -> date:
        """In the site's zone."""
        return timezone.localtime(self.at).date()

    @property
    def zone(self) -> str:
        return timezone.localtime(self.at).tzname() or ""

    @property
    def delivery(self) -> Delivery | None:
        if self.kind == CONSENT:
            return None
        return self.row if self.kind == BLAST else self.row.delivery

    @property
    def is_skipped(self) -> bool:
        """Whether it is about a blast that left this person out."""
        return self.kind == BLAST and self.row.status == Delivery.Status.SKIPPED

    @property
    def is_in_doubt(self) -> bool:
        """Whether staff are to decide about a reply of which nobody can find out any more whether it left."""
        delivery = self.delivery
        if self.kind != TEXT or delivery is None or delivery.claimed_at is None:
            return False
        is_unknown = delivery.status == Delivery.Status.UNKNOWN and not delivery.is_left
        return is_unknown and reconciliation.has_lasted(delivery.claimed_at)

    @property
    def can_be_repeated(self) -> bool:
        """Whether it is a reply that has failed, that staff may write once more, and have not."""
        if self.kind != TEXT or self.row.automation_source != InboxMessage.Source.MANUAL or self.is_repeated:
            return False
        return self.row.delivery is not None and self.row.delivery.can_be_retried

    @property
    def state(self) -> str:
        """What became of what we sent, in words; "" of what we received."""
        delivery = self.delivery
        if delivery is None:
            return ""
        if delivery.status == Delivery.Status.UNKNOWN and delivery.is_left:
            return "In doubt, and left at that"
        if delivery.status == Delivery.Status.SKIPPED:
            return f"Not sent: {delivery.get_skip_reason_display().lower()}"
        if self.is_stalled:
            return "Waiting: the worker is not running. An admin can start it, then this leaves by itself"
        words = STATES[delivery.status]
        if delivery.status not in Delivery.UNSUCCESSFUL:
            return words
        if delivery.error_message:
            words = f"{words}: {delivery.error_message}"
        return f"{words.rstrip('.')}. Sent again." if self.is_repeated else words

    @property
    def emoji(self) -> str:
        """The reaction that the person has left on it; "" for none, and for one that was taken back."""
        return "" if self.reaction is None or self.reaction.is_removal else self.reaction.reaction or "🙂"

    @property
    def origin(self) -> str:
        """Of a text that no person wrote: what it is; "" of any other."""
        if self.kind != TEXT or self.is_ours or self.row.kind == InboxMessage.Kind.TEXT:
            return ""
        return self.row.get_kind_display()

    @property
    def media(self) -> str:
        return media_sentence(self.row.raw_payload) if self.kind == TEXT else ""
