"""A conversation's timeline: texts, blasts and consent changes of one phone, in order of time.

Three tables are read, each from a mark on, and merged. A page reads only as many texts as it shows. Blasts and
consent changes are sorted, because there are far fewer.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from heapq import merge
from itertools import islice
from typing import Any, Final

from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce

from contacts.models import ConsentRecord, UnsubscribedContact
from contacts.textability import source_labels

from ..inbound.media import media_preview
from ..models import Delivery, InboxMessage, InboxThread, MessageLog
from ..text.formatting import beginning
from . import replies
from .automation_names import find_authors
from .timeline_entries import BLAST, CONSENT, TEXT, Entry, Mark

SHOWN: Final = 50
MOST_SHOWN: Final = 200

_OPTED_OUT: Final[Mapping[str, str]] = {
    "manual": "Opted out by staff",
    "import": "Opted out by an import",
    "message_failure": "Opted out, reported by Twilio",
    "inbound": "Opted out by texting",
}
_OPTED_IN: Final[Mapping[str, str]] = {"inbound": "Opted in by texting"}
_LONGEST_QUOTE: Final = 80
# How many read entries are shown before the unread ones.
_LEADING: Final = 5


@dataclass(frozen=True)
class Page:
    """Entries of a conversation, oldest first.

    `earlier` is the mark where the previous page ends, `later` the mark where the next page starts; None if there is
    no such page.
    """

    entries: list[Entry]
    earlier: Mark | None
    later: Mark | None = None

    @cached_property
    def last_text(self) -> int:
        """The id of the latest text of the page; 0 if there is none."""
        return max((entry.row.pk for entry in self.entries if entry.kind == TEXT), default=0)


@dataclass(frozen=True)
class Timeline:
    """The entries of one conversation. Without `has_reasons`, staff's notes about consent are left out."""

    thread: InboxThread
    has_reasons: bool = False

    def page(self, before: Mark | None = None, size: int = SHOWN) -> Page:
        """The latest `size` entries, or the last ones before a mark."""
        found = self._read(before, size + 1)
        shown = self._with_reactions(found[:size])[::-1]
        return Page(shown, shown[0].mark if len(found) > size else None, before)

    def page_with(self, text: InboxMessage) -> Page:
        """The latest page, extended to include that text, up to MOST_SHOWN entries."""
        following = len(self._read(_mark_of(text), MOST_SHOWN, is_forwards=True))
        return self.page(size=min(max(SHOWN, following + _LEADING), MOST_SHOWN))

    def page_from(self, since: Mark, size: int = SHOWN) -> Page:
        """The first `size` entries from a mark on."""
        found = self._read(since, size + 1, is_forwards=True)
        earlier = since if self._read(since, 1) else None
        return Page(self._with_reactions(found[:size]), earlier, found[size].mark if len(found) > size else None)

    def page_around(self, text: InboxMessage, size: int = SHOWN) -> Page:
        """A text of the conversation with entries before and after it, up to `size` in all.

        For a reaction, the text that it is about is shown instead.
        """
        mark = self._mark_at(text)
        before, after = self.page(mark, size // 2), self.page_from(mark, size - size // 2)
        return Page(before.entries + after.entries, before.earlier, after.later)

    def _read(self, mark: Mark | None, most: int, *, is_forwards: bool = False) -> list[Entry]:
        """The entries before a mark, or from it on, the nearest first."""
        found = merge(
            self._texts(_Place(mark, TEXT, most, is_forwards)),
            self._blasts(_Place(mark, BLAST, most, is_forwards)),
            self._consents(_Place(mark, CONSENT, most, is_forwards)),
            key=lambda entry: (entry.at, entry.kind, entry.row.pk),
            reverse=not is_forwards,
        )
        return list(islice(found, most))

    def _mark_at(self, text: InboxMessage) -> Mark:
        if text.about_message is not None:
            return _mark_of(text.about_message)
        if text.about_delivery_id is not None:
            for delivery in self._deliveries(MessageLog.objects.all()).filter(pk=text.about_delivery_id):
                return Mark(delivery.at, BLAST, delivery.pk)
        return _mark_of(text)

    def _with_reactions(self, entries: list[Entry]) -> list[Entry]:
        """The entries, our texts with the person's latest reaction to each."""
        texts = [entry.row.pk for entry in entries if entry.kind == TEXT and entry.is_ours]
        blasts = [entry.row.pk for entry in entries if entry.kind == BLAST]
        if not texts and not blasts:
            return entries
        left: dict[tuple[int, int], InboxMessage] = {}
        about = Q(about_message__in=texts) | Q(about_delivery__in=blasts)
        for reaction in InboxMessage.objects.filter(about).order_by("pk"):
            if reaction.about_message_id is not None:
                left[TEXT, reaction.about_message_id] = reaction
            elif reaction.about_delivery_id is not None:
                left[BLAST, reaction.about_delivery_id] = reaction
        return [replace(entry, reaction=left.get((entry.kind, entry.row.pk))) for entry in entries]

    def _texts(self, place: "_Place") -> Iterable[Entry]:
        rows = InboxMessage.objects.filter(thread=self.thread).on_their_own().annotate(at=F("created_at"))
        messages = list(place.nearest(rows.select_related("delivery", "sent_by")))
        authors = find_authors(messages)
        repeated, stalled = replies.repeated(messages), replies.stalled(messages)
        for message in messages:
            is_ours = message.direction == InboxMessage.Direction.OUTBOUND
            yield Entry(
                TEXT,
                message,
                message.at,
                message.shown_body,
                authors.get(message.pk, ""),
                is_ours,
                is_repeated=message.pk in repeated,
                is_stalled=message.pk in stalled,
            )

    def _blasts(self, place: "_Place") -> Iterable[Entry]:
        # One lookup in the unique index for each blast, because there is no index on the phone alone.
        logs = MessageLog.objects.all()
        if place.mark is not None and not place.is_forwards:
            logs = logs.filter(created_at__lte=place.mark.at)
        for delivery in place.nearest(self._deliveries(logs)):
            log = delivery.message_log
            author = log.created_by.get_username() if log.created_by else ""
            yield Entry(BLAST, delivery, delivery.at, delivery.text, author, True)

    def _deliveries(self, logs: QuerySet[MessageLog]) -> QuerySet[Any]:
        """The deliveries of these blasts to the phone, with their time as `at`."""
        rows = Delivery.objects.filter(message_log__in=logs.values("pk"), phone=self.thread.phone).annotate(
            at=Coalesce("accepted_at", "claimed_at", "message_log__created_at")
        )
        return rows.select_related("message_log", "message_log__created_by").defer("message_log__stored_details")

    def _consents(self, place: "_Place") -> Iterable[Entry]:
        rows = ConsentRecord.objects.filter(phone=self.thread.phone).annotate(at=F("created_at"))
        records = list(place.nearest(rows))
        labels = source_labels({record.source for record in records})
        for record in records:
            has_words = self.has_reasons or record.source == UnsubscribedContact.Source.INBOUND
            yield Entry(CONSENT, record, record.at, consent_sentence(record, labels, has_words=has_words))


@dataclass(frozen=True)
class _Place:
    """Which rows of one kind to read: up to `most` before a mark (None: the latest), or from it on."""

    mark: Mark | None
    kind: int
    most: int
    is_forwards: bool

    def nearest(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """The rows, which have the annotation `at`, nearest to the mark first."""
        if (mark := self.mark) is not None:
            # A single condition can use an index; two joined by OR would read all rows.
            rows = rows.filter(**{"at__gte" if self.is_forwards else "at__lte": mark.at})
            if self.kind == mark.kind:
                rows = rows.exclude(**{"at": mark.at, "pk__lt" if self.is_forwards else "pk__gte": mark.pk})
            elif (self.kind < mark.kind) is self.is_forwards:
                rows = rows.exclude(at=mark.at)
        order = ("at", "pk") if self.is_forwards else ("-at", "-pk")
        return rows.order_by(*order)[: self.most]


def _mark_of(text: InboxMessage) -> Mark:
    return Mark(text.created_at, TEXT, text.pk)


def consent_sentence(record: ConsentRecord, labels: Mapping[str, str], *, has_words: bool) -> str:
    """Such as "Opted out by texting “Stop”". `labels` are `contacts.textability.source_labels` of its source."""
    is_out = record.kind == ConsentRecord.Kind.OPT_OUT
    known = _OPTED_OUT if is_out else _OPTED_IN
    said = known.get(record.source)
    if said is None:
        label = labels.get(record.source, record.source)
        said = f"Opted out: {label[:1].lower()}{label[1:]}" if is_out else "Opted in"
    if record.actor:
        said = f"{'Opted out' if is_out else 'Opted in'} by {record.actor}"
    words = beginning(record.words, _LONGEST_QUOTE) if has_words else ""
    return f"{said}: “{words}”" if words else said


def media_previews(texts: Iterable[int | None]) -> dict[int, str]:
    """Text ids to their `media_preview`, for texts with media."""
    wanted = [pk for pk in texts if pk is not None]
    payloads = InboxMessage.objects.filter(pk__in=wanted).values_list("pk", "raw_payload") if wanted else ()
    return {pk: said for pk, payload in payloads if (said := media_preview(payload))}
