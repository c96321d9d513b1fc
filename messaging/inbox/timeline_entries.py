"""Timeline entries: texts, blasts and consent changes, and their marks."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from django.utils import timezone

from ..inbound.media import media_sentence
from ..models import Delivery, InboxMessage
from ..sending import reconciliation

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
# The order of entries with the same time.
BLAST, TEXT, CONSENT = range(3)
_KINDS: Final = {BLAST: "blast", TEXT: "text", CONSENT: "consent"}

STATES: Final[Mapping[str, str]] = {
    Delivery.Status.PENDING: "Waiting to send…",
    Delivery.Status.SENDING: "Sending…",
    Delivery.Status.UNKNOWN: "Not sure it arrived",
    Delivery.Status.ACCEPTED: "On its way",
    Delivery.Status.SENT: "Sent",
    Delivery.Status.DELIVERED: "Delivered",
    Delivery.Status.UNDELIVERED: "Not delivered",
    Delivery.Status.FAILED: "Failed",
    Delivery.Status.SKIPPED: "Not sent",
}


@dataclass(frozen=True, slots=True)
class Mark:
    """A position in a conversation: just before the entry with this time, kind and id."""

    at: datetime
    kind: int
    pk: int

    def __str__(self) -> str:
        return f"{(self.at - _EPOCH) // timedelta(microseconds=1)}-{self.kind}-{self.pk}"


def read_mark(text: str) -> Mark | None:
    """Parse str() of a Mark; None if invalid."""
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
    """One bubble, or a line between bubbles. `row` is the text, the delivery of a blast, or the consent record.
    `body` is what this person got or sent, and `author` who or what wrote it, if we did. `is_repeated` marks a failed
    reply that staff resent, `is_stalled` a reply pending because no worker is running. `reaction` is the person's
    latest one."""

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
        """Whether it is a blast that skipped this person."""
        return self.kind == BLAST and self.row.status == Delivery.Status.SKIPPED

    @property
    def is_in_doubt(self) -> bool:
        """Whether it is a reply with unknown outcome that awaits review."""
        delivery = self.delivery
        if self.kind != TEXT or delivery is None or delivery.claimed_at is None:
            return False
        is_unknown = delivery.status == Delivery.Status.UNKNOWN and not delivery.is_left
        return is_unknown and reconciliation.has_lasted(delivery.claimed_at)

    @property
    def can_be_repeated(self) -> bool:
        """Whether it is a failed reply that staff can resend and haven't."""
        if self.kind != TEXT or self.row.automation_source != InboxMessage.Source.MANUAL or self.is_repeated:
            return False
        if self.row.redacted_at:
            return False
        return self.row.delivery is not None and self.row.delivery.can_be_retried

    @property
    def state(self) -> str:
        """The outcome of a text we sent, in words; "" for a received text."""
        delivery = self.delivery
        if delivery is None:
            return ""
        if delivery.status == Delivery.Status.UNKNOWN and delivery.is_left:
            return "Unconfirmed; not resent"
        if delivery.status == Delivery.Status.SKIPPED:
            return f"Not sent: {delivery.get_skip_reason_display().lower()}"
        if self.is_stalled:
            return "Waiting to send: the worker isn’t running. Ask an admin to start it"
        words = STATES[delivery.status]
        if delivery.status not in Delivery.UNSUCCESSFUL:
            return words
        if delivery.error_message:
            words = f"{words}: {delivery.error_message}"
        return f"{words.rstrip('.')}. Resent." if self.is_repeated else words

    @property
    def emoji(self) -> str:
        """The person's reaction to it; "" if there is none or it was removed."""
        return "" if self.reaction is None or self.reaction.is_removal else self.reaction.reaction or "🙂"

    @property
    def origin(self) -> str:
        """The kind of a text that no person wrote; "" for any other."""
        if self.kind != TEXT or self.is_ours or self.row.kind == InboxMessage.Kind.TEXT:
            return ""
        return self.row.get_kind_display()

    @property
    def is_late(self) -> bool:
        """Whether it is a text that reached us too late to be answered."""
        return self.kind == TEXT and bool(self.row.is_late)

    @property
    def media(self) -> str:
        return media_sentence(self.row.raw_payload) if self.kind == TEXT else ""
