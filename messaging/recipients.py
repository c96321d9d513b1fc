"""The recipients of one blast, page by page and as a table to download, at any size.

Pages go by id, not by number: nothing is counted, and page 10,000 costs what page 1 does.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from django.db.models import Q
from django.utils import timezone

from contacts import phones

from .models import Delivery, MessageLog
from .querysets import DeliveryQuerySet

PAGE: Final = 50
CHUNK: Final = 2_000
DIGITS_OF_A_SEARCH: Final = 3

COLUMNS: Final = ("Name", "Phone", "State", "Explanation", "Error code", "Segments", "Last change", "Twilio SID")


@dataclass(frozen=True, slots=True)
class Page:
    """Some recipients in the order of their ids; `previous` and `next` are the ids to go on from, where there are
    more."""

    rows: list[Delivery]
    previous: int | None
    next: int | None


def find(log: MessageLog, ends: tuple[int, int], status: str = "", query: str = "") -> DeliveryQuerySet:
    """The blast's recipients in that state whose name or phone matches. An empty one matches everyone.

    `ends` are those of its progress. Without them PostgreSQL, which expects to meet the blast's rows anywhere, may
    read all rows of earlier blasts before the first page, and those of later ones after the last.
    """
    rows = log.deliveries.filter(pk__range=ends)
    if status:
        rows = rows.filter(status=status)
    query = query.strip()
    if not query:
        return rows
    try:
        return rows.filter(phone=phones.normalise(query))
    except phones.InvalidPhone:
        digits = "".join(filter(str.isdecimal, query))
        matches = Q(name__icontains=query)
        if len(digits) >= DIGITS_OF_A_SEARCH:
            matches |= Q(phone__contains=digits)
        return rows.filter(matches)


def page(rows: DeliveryQuerySet, after: int | None = None, before: int | None = None) -> Page:
    """The page after one id, or before another, or the first."""
    if before is not None and after is None:
        found = list(rows.filter(pk__lt=before).order_by("-pk")[: PAGE + 1])
        shown = found[:PAGE][::-1]
        has_previous, has_next = len(found) > PAGE, True
    else:
        found = list(rows.filter(pk__gt=after or 0).order_by("pk")[: PAGE + 1])
        shown = found[:PAGE]
        has_previous, has_next = after is not None, len(found) > PAGE
    if not shown:
        return Page([], None, None)
    return Page(shown, shown[0].pk if has_previous else None, shown[-1].pk if has_next else None)


def table(rows: DeliveryQuerySet) -> Iterator[tuple[object, ...]]:
    """A line for each recipient, under COLUMNS; times in the site's zone. In constant memory."""
    states, reasons = dict(Delivery.Status.choices), dict(Delivery.SkipReason.choices)
    fields = ("pk", "name", "phone", "status", "skip_reason", "error_message", "error_code", "segments", "updated_at")
    lines = rows.order_by("pk").values_list(*fields, "sid")
    last = 0
    while chunk := list(lines.filter(pk__gt=last)[:CHUNK]):
        for _, name, phone, status, skip_reason, error, code, segments, updated_at, sid in chunk:
            yield (
                name or "",
                phone,
                states[status],
                reasons.get(skip_reason) or error,
                code,
                segments,
                timezone.localtime(updated_at).isoformat(" ", "seconds"),
                sid,
            )
        last = chunk[-1][0]
