"""What a conversation's page shows: texts, blasts and changes of consent of one phone, in the order of time.

Three tables are read, each from its newest row that is older than a mark, and merged: however long a conversation
has grown, a page of it costs the same few rows.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from heapq import merge
from typing import Any, Final

from django.conf import settings
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.text import get_text_list
from django.utils.translation import ngettext

from contacts.models import ConsentRecord
from contacts.standing import source_labels

from .authors import find_authors
from .models import Delivery, InboxMessage, InboxThread, MessageLog
from .personalisation import UnknownToken, compile_template
from .wording import beginning

SHOWN: Final = 50
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
# What happened at the same moment, in this order.
_BLAST, _TEXT, _CONSENT = range(3)
_KINDS: Final = {_BLAST: "blast", _TEXT: "text", _CONSENT: "consent"}

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
_OPTED_OUT: Final[Mapping[str, str]] = {
    "manual": "Opted out by staff",
    "import": "Opted out by an import",
    "message_failure": "Opted out: Twilio reported it",
    "inbound": "Opted out by texting",
}
_OPTED_IN: Final[Mapping[str, str]] = {"inbound": "Opted in by texting"}
_LONGEST_QUOTE: Final = 80


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
    the consent record. `body` of a blast is what this person got. `author` is who or what wrote it, where we did."""

    kind: int
    row: Any
    at: datetime
    body: str = ""
    author: str = ""
    is_ours: bool = False

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
        if self.kind == _CONSENT:
            return None
        return self.row if self.kind == _BLAST else self.row.delivery

    @property
    def is_skipped(self) -> bool:
        """Whether it is about a blast that left this person out."""
        return self.kind == _BLAST and self.row.status == Delivery.Status.SKIPPED

    @property
    def is_in_doubt(self) -> bool:
        """Whether staff are to decide about a reply of which nobody can find out any more whether it left."""
        delivery = self.delivery
        if self.kind != _TEXT or delivery is None or delivery.claimed_at is None:
            return False
        is_unknown = delivery.status == Delivery.Status.UNKNOWN and not delivery.is_left
        grace = timedelta(minutes=settings.SMS_UNKNOWN_GRACE_MINUTES)
        return is_unknown and delivery.claimed_at <= timezone.now() - grace

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
        words = STATES[delivery.status]
        has_failed = delivery.status in Delivery.UNSUCCESSFUL
        return f"{words}: {delivery.error_message}" if has_failed and delivery.error_message else words

    @property
    def media(self) -> str:
        return media_sentence(self.row.raw_payload) if self.kind == _TEXT else ""


@dataclass(frozen=True)
class Page:
    """Entries of a conversation, the oldest first; `earlier` is the mark for the page before it, if there is one."""

    entries: list[Entry]
    earlier: Mark | None

    @cached_property
    def last_text(self) -> int:
        """The id of the latest text of the page; 0 without one."""
        return max((entry.row.pk for entry in self.entries if entry.kind == _TEXT), default=0)


def page(thread: InboxThread, before: Mark | None = None, size: int = SHOWN) -> Page:
    """The latest `size` entries, or those just before a mark."""
    found = merge(
        _texts(thread, before, size + 1),
        _blasts(thread.phone, before, size + 1),
        _consents(thread.phone, before, size + 1),
        key=lambda entry: (entry.at, entry.kind, entry.row.pk),
        reverse=True,
    )
    entries = [entry for entry, _ in zip(found, range(size + 1), strict=False)]
    shown = entries[:size][::-1]
    return Page(shown, shown[0].mark if len(entries) > size else None)


def _newest(rows: QuerySet[Any], kind: int, before: Mark | None, most: int) -> QuerySet[Any]:
    """Of rows with the annotation `at`, the latest before the mark."""
    if before is not None:
        is_before = Q(at__lt=before.at)
        if kind < before.kind:
            is_before = Q(at__lte=before.at)
        elif kind == before.kind:
            is_before |= Q(at=before.at, pk__lt=before.pk)
        rows = rows.filter(is_before)
    return rows.order_by("-at", "-pk")[:most]


def _texts(thread: InboxThread, before: Mark | None, most: int) -> Iterable[Entry]:
    rows = InboxMessage.objects.filter(thread=thread).annotate(at=F("created_at"))
    messages = list(_newest(rows.select_related("delivery", "sent_by"), _TEXT, before, most))
    authors = find_authors(messages)
    for message in messages:
        is_ours = message.direction == InboxMessage.Direction.OUTBOUND
        yield Entry(_TEXT, message, message.at, message.body, authors.get(message.pk, ""), is_ours)


def _blasts(phone: str, before: Mark | None, most: int) -> Iterable[Entry]:
    # A probe of the unique index for each blast: there is no index on the phone alone.
    logs = MessageLog.objects.all()
    if before is not None:
        logs = logs.filter(created_at__lte=before.at)
    rows = Delivery.objects.filter(message_log__in=logs.values("pk"), phone=phone).annotate(
        at=Coalesce("accepted_at", "claimed_at", "message_log__created_at")
    )
    rows = rows.select_related("message_log", "message_log__created_by").defer("message_log__stored_details")
    for delivery in _newest(rows, _BLAST, before, most):
        log = delivery.message_log
        author = log.created_by.get_username() if log.created_by else ""
        yield Entry(_BLAST, delivery, delivery.at, _rendered(log, delivery.name), author, True)


def _rendered(log: MessageLog, name: str | None) -> str:
    try:
        return compile_template(log.message_body).render(name)
    except UnknownToken:
        return log.message_body


def _consents(phone: str, before: Mark | None, most: int) -> Iterable[Entry]:
    rows = ConsentRecord.objects.filter(phone=phone).annotate(at=F("created_at"))
    records = list(_newest(rows, _CONSENT, before, most))
    labels = source_labels({record.source for record in records})
    for record in records:
        yield Entry(_CONSENT, record, record.at, consent_sentence(record, labels))


def consent_sentence(record: ConsentRecord, labels: Mapping[str, str]) -> str:
    """Such as "Opted out by texting “Stop”". `labels` are `contacts.standing.source_labels` of its source."""
    is_out = record.kind == ConsentRecord.Kind.OPT_OUT
    known = _OPTED_OUT if is_out else _OPTED_IN
    said = known.get(record.source)
    if said is None:
        label = labels.get(record.source, record.source)
        said = f"Opted out: {label[:1].lower()}{label[1:]}" if is_out else "Opted in"
    if record.actor:
        said = f"{'Opted out' if is_out else 'Opted in'} by {record.actor}"
    words = beginning(record.words, _LONGEST_QUOTE)
    return f"{said}: “{words}”" if words else said


def media_sentence(payload: str | None) -> str:
    """Such as "2 pictures and 1 video: open them in the Twilio console"; "" for a text without any.

    `payload` is a JSON object of the fields of Twilio's request (NumMedia, MediaContentType0, …); what cannot be
    read has no media.
    """
    try:
        fields = json.loads(payload or "{}")
        count = int(fields.get("NumMedia") or 0)
    except (ValueError, TypeError, AttributeError, OverflowError, RecursionError):
        return ""
    if count < 1:
        return ""
    # Twilio takes ten at most; whatever else comes is somebody else's invention.
    count = min(count, 10)
    types = [str(fields.get(f"MediaContentType{index}") or "").partition("/")[0] for index in range(count)]
    kinds = Counter({"image": "picture", "video": "video", "audio": "recording"}.get(each, "file") for each in types)
    parts = [f"{number} {kind}{'' if number == 1 else 's'}" for kind, number in kinds.items()]
    them = ngettext("it", "them", count)
    return f"{get_text_list(parts, 'and')}: open {them} in the Twilio console"
