"""Lists of people as CSV files."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from django.db.models import Model, QuerySet
from django.utils import timezone
from django.utils.text import slugify

from smsadmin.lib import csv_files

from .models import (
    CommunityMember,
    ConsentRecord,
    Event,
    EventRegistration,
    Group,
    GroupMember,
    SuppressedContact,
    UnsubscribedContact,
)

_ROWS_AT_ONCE: Final = 2000

# The columns of each list: header, field, and how the value is formatted.
_Column = tuple[str, str, Callable[[Any], str]]
_COLUMNS: Final[dict[type[Model], tuple[_Column, ...]]] = {
    CommunityMember: (("Name", "name", str), ("Phone", "phone", str), ("Added", "created_at", csv_files.moment)),
    EventRegistration: (
        ("Name", "name", str),
        ("Phone", "phone", str),
        ("Event", "event__title", str),
        ("Registered", "created_at", csv_files.moment),
    ),
    GroupMember: (
        ("Name", "name", str),
        ("Phone", "phone", str),
        ("Group", "group__name", str),
        ("Added", "created_at", csv_files.moment),
    ),
    UnsubscribedContact: (
        ("Name", "name", str),
        ("Phone", "phone", str),
        ("Reason", "reason", str),
        ("Source", "source", str),
        ("Unsubscribed", "created_at", csv_files.moment),
    ),
    SuppressedContact: (
        ("Phone", "phone", str),
        ("Reason", "reason", str),
        ("Category", "category", str),
        ("Source", "source", str),
        ("Suppressed", "created_at", csv_files.moment),
    ),
    ConsentRecord: (
        ("When", "created_at", csv_files.moment),
        ("Phone", "phone", str),
        ("Kind", "kind", str),
        ("Source", "source", str),
        ("Words", "words", str),
        ("SID", "message_sid", str),
        ("By", "actor", str),
    ),
}


def write_csv(people: QuerySet[Any]) -> Iterator[str]:
    """The CSV file of `people` in pieces: the header, then one line per person, oldest first.

    Times are in the site's time zone. Memory does not grow with the list.
    """
    columns = _COLUMNS[people.model]
    return csv_files.write([header for header, _, _ in columns], _rows(people, columns))


def _rows(people: QuerySet[Any], columns: Sequence[_Column]) -> Iterator[list[str]]:
    writers = [write for _, _, write in columns]
    rows = people.order_by("pk").values_list(*[field for _, field, _ in columns])
    for row in rows.iterator(chunk_size=_ROWS_AT_ONCE):
        yield ["" if value is None else write(value) for value, write in zip(row, writers, strict=True)]


def file_name(model: type[Model], of: Event | Group | None = None) -> str:
    """Such as "people-2026-05-03.csv"; with the list that they are on, "picnic-registrations-2026-05-03.csv"."""
    name = slugify(str(model._meta.verbose_name_plural))
    if of:
        title = of.title if isinstance(of, Event) else of.name
        name = f"{slugify(title) or f'{of._meta.model_name}-{of.pk}'}-{name}"
    return f"{name[:80]}-{timezone.localdate():%Y-%m-%d}.csv"
