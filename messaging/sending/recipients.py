"""The recipients of one blast, in pages and as a CSV download, at any size."""

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

COLUMNS: Final = ("Name", "Phone", "Status", "Details", "Error code", "Segments", "Last change", "Twilio SID")


def find(log: MessageLog, ends: tuple[int, int], status: str = "", query: str = "") -> DeliveryQuerySet:
    """The blast's recipients with that status whose name or phone matches. Empty values match everyone.

    `ends` come from its progress. Without them, PostgreSQL may read all rows of earlier and later blasts to find a
    page.
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
    """The page after one id, or before another, or the first page."""
    return keyset.page(rows, PAGE, after, before)


def write_csv(rows: DeliveryQuerySet) -> Iterator[str]:
    """Yields a CSV file of these recipients, with times in the site's zone, in constant memory."""
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
