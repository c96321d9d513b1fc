"""The recipients of one blast, in pages and as a CSV download, at any size."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from django.db.models import Q

from contacts import phones
from smsadmin.lib import csv_files, keyset
from smsadmin.lib.keyset import Page

from ..error_codes import Reason
from ..models import Delivery, MessageLog
from ..models.deliveries import DeliveryQuerySet
from . import followed
from .outcomes import STATUSES, Outcome, label_of

PAGE: Final = 50
CHUNK: Final = 2_000
DIGITS_OF_A_SEARCH: Final = 3

COLUMNS: Final = ("Name", "Phone", "Status", "Details", "Error code", "Segments", "Last change", "Twilio SID")
# Those who opted out after they got it (`followed.opt_outs`).
OPTED_OUT_AFTER: Final = "opted-out-after"
REASONS: Final = (*Reason.values, *Delivery.SkipReason.values)
# What the recipients can be filtered by, in words: outcomes, exact statuses, reasons, and what followed.
FILTERS: Final[Mapping[str, str]] = {
    **dict(Delivery.Status.choices),
    **dict(Outcome.choices),
    **dict(Reason.choices),
    **dict(Delivery.SkipReason.choices),
    OPTED_OUT_AFTER: "Opted out afterwards",
}


def find(log: MessageLog, ends: tuple[int, int], status: str = "", query: str = "") -> list[DeliveryQuerySet]:
    """The blast's recipients whose name or phone matches. Empty values match everyone.

    `status` is one of FILTERS. Several querysets without common rows: each is read from its index in the order of the
    ids. `ends` come from the blast's progress. Without them, PostgreSQL may read all rows of earlier and later blasts
    to find a page.
    """
    matches = _matches(query.strip())
    return [rows.filter(matches) for rows in _filter(log, log.deliveries.filter(pk__range=ends), status)]


def _filter(log: MessageLog, rows: DeliveryQuerySet, status: str) -> Sequence[DeliveryQuerySet]:
    if not status:
        return [rows]
    if status == OPTED_OUT_AFTER:
        return [rows.filter(phone__in=followed.opt_outs(log).phones)]
    if status in Reason.values:
        return [rows.filter(status=one).because(status) for one in Delivery.UNSUCCESSFUL]
    if status in Delivery.SkipReason.values:
        return [rows.because(status)]
    return [rows.filter(status=one) for one in STATUSES.get(status, [status])]


def _matches(query: str) -> Q:
    if not query:
        return Q()
    try:
        return Q(phone=phones.normalize(query))
    except phones.InvalidPhone:
        digits = "".join(filter(str.isdecimal, query))
        matches = Q(name__mentions=query)
        return matches | Q(phone__contains=digits) if len(digits) >= DIGITS_OF_A_SEARCH else matches


def page(rows: Sequence[DeliveryQuerySet], after: int = 0, before: int = 0) -> Page[Delivery]:
    """The page after one id, or before another, or the first page."""
    return keyset.page(rows, PAGE, after, before)


def choices(reasons: Sequence[str], skip_reasons: Sequence[str]) -> list[tuple[str, list[tuple[str, str]]]]:
    """What a form offers to filter by, in groups (name, values with labels): of the reasons, those that occur."""
    exact = [choice for choice in Delivery.Status.choices if choice[0] not in Outcome.values]
    groups = [
        ("Outcome", list(Outcome.choices)),
        ("Not reached because", [(reason, label_of(reason)) for reason in reasons]),
        ("Skipped because", [(reason, label_of(reason)) for reason in skip_reasons]),
        ("Exact status", exact),
        ("Afterwards", [(OPTED_OUT_AFTER, FILTERS[OPTED_OUT_AFTER])]),
    ]
    return [group for group in groups if group[1]]


def write_csv(parts: Sequence[DeliveryQuerySet]) -> Iterator[str]:
    """Yields a CSV file of these recipients, with times in the site's zone, in constant memory."""
    return csv_files.write(COLUMNS, (line for rows in parts for line in _lines(rows)))


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
