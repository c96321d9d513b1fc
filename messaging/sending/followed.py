"""What followed a blast: who wrote back, and who opted out, within three days after it reached them.

A page shows it, so it costs the same whatever the size of the blast and of the inbox: a small blast's recipients are
looked up one by one; for a large one, only the first texts and opt-outs of those days are read.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import Exists, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from contacts.models import UnsubscribedContact
from contacts.models.opt_outs import unsubscribed

from ..models import Delivery, InboxMessage, MessageLog

WITHIN: Final = timedelta(days=3)
# People found at most.
MOST: Final = 1_000
# Recipients of a small blast, and texts or opt-outs that are read for a large one.
FEW: Final = 2_000
READ: Final = 20_000


@dataclass(frozen=True, slots=True)
class Followers:
    """The phones of some people. `has_more`: there may be others."""

    phones: list[str]
    has_more: bool

    @property
    def count(self) -> str:
        """Such as "12", or "1,000+" if there may be more."""
        return f"{len(self.phones):,}{'+' if self.has_more else ''}"


def replies(log: MessageLog) -> Followers:
    """Those who wrote back and haven't opted out since."""
    written = InboxMessage.objects.written()
    if log.total_recipients <= FEW:
        return _find_one_by_one(log, written.filter(thread__phone=OuterRef("phone")), ~unsubscribed())
    return _find_among_first(log, written, ~unsubscribed())


def opt_outs(log: MessageLog) -> Followers:
    """Those who opted out, by text or through staff; imported opt-outs have nothing to do with the blast."""
    said = UnsubscribedContact.objects.exclude(source=UnsubscribedContact.Source.IMPORT)
    if log.total_recipients <= FEW:
        return _find_one_by_one(log, said.filter(phone=OuterRef("phone")))
    return _find_among_first(log, said)


def _find_one_by_one(log: MessageLog, events: QuerySet[Any], *conditions: Any) -> Followers:
    """The recipients with one of these `events` (with `created_at`; of the outer row's phone) after they were
    reached."""
    at = OuterRef("reached_at")
    followed = events.filter(created_at__gt=at, created_at__lte=at + WITHIN)
    rows = _reached(log).filter(Exists(followed), *conditions)
    return _found(list(rows.values_list("phone", flat=True)[: MOST + 1]))


def _find_among_first(log: MessageLog, events: QuerySet[Any], *conditions: Any) -> Followers:
    """The phones of those `events` (with `created_at` and `phone`) that the blast had reached shortly before."""
    until = (log.finished_at or timezone.now()) + WITHIN
    events = events.filter(created_at__gt=log.created_at)
    times = events.filter(created_at__lt=until).order_by("created_at").values_list("created_at", flat=True)
    last: datetime | None = times[READ : READ + 1].first()
    reached = _reached(log).filter(
        phone=OuterRef("phone"),
        reached_at__lt=OuterRef("created_at"),
        reached_at__gte=OuterRef("created_at") - WITHIN,
    )
    # As a scalar, so that a database looks up one phone at a time instead of reading all of the blast's rows.
    found = events.filter(created_at__lt=last or until).annotate(reached=Subquery(reached.values("pk")[:1]))
    phones = found.filter(*conditions, reached__isnull=False).order_by().values_list("phone", flat=True).distinct()
    return _found(list(phones[: MOST + 1]), has_more=last is not None)


def _found(phones: list[str], *, has_more: bool = False) -> Followers:
    return Followers(phones[:MOST], has_more or len(phones) > MOST)


def _reached(log: MessageLog) -> QuerySet[Any]:
    """The blast's texts that went out, with `reached_at`."""
    rows = Delivery.objects.filter(message_log=log.pk, status__in=Delivery.SUCCESSFUL).order_by()
    return rows.annotate(reached_at=Coalesce("accepted_at", "claimed_at", Value(log.created_at)))
