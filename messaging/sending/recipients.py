"""The recipients of one blast, page by page and as a table to download, at any size."""

from collections.abc import Iterator
from typing import Final

from django.db.models import Q

from contacts import phones
from smsadmin.lib import csv_files, keyset
from smsadmin.lib.keyset import Page

from ..models import Delivery, MessageLog
from ..models.deliveries import DeliveryQuerySet

PAGE: Final = 50
CHUNK: Final = 2_000
DIGITS_OF_A_SEARCH: Final = 3

COLUMNS: Final = ("Name", "Phone", "State", "Explanation", "Error code", "Segments", "Last change", "Twilio SID")


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
        return rows.filter(phone=phones.normalize(query))
    except phones.InvalidPhone:
        digits = "".join(filter(str.isdecimal, query))
        matches = Q(name__mentions=query)
        if len(digits) >= DIGITS_OF_A_SEARCH:
            matches |= Q(phone__contains=digits)
        return rows.filter(matches)


def page(rows: DeliveryQuerySet, after: int = 0, before: int = 0) -> Page[Delivery]:
    """The page after one id, or before another, or the first."""
    return keyset.page(rows, PAGE, after, before)


def write_csv(rows: DeliveryQuerySet) -> Iterator[str]:
    """The CSV file of these recipients in pieces; times in the site's zone. Memory does not grow with the list."""
    return csv_files.write(COLUMNS, _lines(rows))


def _lines(rows: DeliveryQuerySet) -> Iterator[tuple[object, ...]]:
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
                csv_files.moment(updated_at),
                sid,
            )
        last = chunk[-1][0]
