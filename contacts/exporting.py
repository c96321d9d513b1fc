"""Lists of people as CSV: UTF-8 with a byte order mark, so that Excel reads the letters right.

A cell that a spreadsheet would run as a formula is defused by an apostrophe in front (OWASP, "CSV Injection").
Phones are left as they are although they begin with "+": a "+" with nothing but digits behind it is a number
to every spreadsheet and never more, and every other program that takes the file wants the phone, not an
apostrophe. The import undoes exactly what the export did, so that both together change nothing.
"""

import csv
import re
from collections.abc import Callable, Iterator
from typing import Any, Final

from django.db.models import Model, QuerySet
from django.utils import timezone
from django.utils.text import slugify

from .models import (
    CommunityMember,
    ConsentRecord,
    Event,
    EventRegistration,
    SuppressedContact,
    UnsubscribedContact,
)
from .phones import E164

BYTE_ORDER_MARK: Final = "\ufeff"
_ROWS_AT_ONCE: Final = 2000
_LINES_A_PIECE: Final = 500
# What makes a spreadsheet run a cell, also behind apostrophes of its own: those must survive the way back.
_FORMULA: Final = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")


def defuse(cell: str) -> str:
    """The cell as a spreadsheet will only show it."""
    if _FORMULA.match(cell) and not E164.fullmatch(cell):
        return f"'{cell}"
    return cell


def undefuse(cell: str) -> str:
    """What the cell was before `defuse`: `undefuse(defuse(cell)) == cell` for every text."""
    if cell.startswith("'") and _FORMULA.match(cell):
        return cell[1:]
    return cell


def _moment(value: Any) -> str:
    return timezone.localtime(value).strftime("%Y-%m-%d %H:%M:%S")


# For each list its columns: header, field, and how the value is written.
_Column = tuple[str, str, Callable[[Any], str]]
_COLUMNS: Final[dict[type[Model], tuple[_Column, ...]]] = {
    CommunityMember: (("Name", "name", str), ("Phone", "phone", str), ("Added", "created_at", _moment)),
    EventRegistration: (
        ("Name", "name", str),
        ("Phone", "phone", str),
        ("Event", "event__title", str),
        ("Registered", "created_at", _moment),
    ),
    UnsubscribedContact: (
        ("Name", "name", str),
        ("Phone", "phone", str),
        ("Reason", "reason", str),
        ("Source", "source", str),
        ("Unsubscribed", "created_at", _moment),
    ),
    SuppressedContact: (
        ("Phone", "phone", str),
        ("Reason", "reason", str),
        ("Category", "category", str),
        ("Source", "source", str),
        ("Suppressed", "created_at", _moment),
    ),
    ConsentRecord: (
        ("When", "created_at", _moment),
        ("Phone", "phone", str),
        ("Kind", "kind", str),
        ("Source", "source", str),
        ("Words", "words", str),
        ("SID", "message_sid", str),
        ("By", "actor", str),
    ),
}


class _Echo:
    """A file that hands back what is written."""

    def write(self, text: str) -> str:
        return text


def write_csv(people: QuerySet[Any]) -> Iterator[str]:
    """The CSV file of `people` in pieces: the header, then one line a person, oldest first.

    Times are in the site's zone. Memory does not grow with the list.
    """
    columns = _COLUMNS[people.model]
    writer = csv.writer(_Echo())
    yield BYTE_ORDER_MARK + writer.writerow([header for header, _, _ in columns])
    fields = [field for _, field, _ in columns]
    writers = [write for _, _, write in columns]
    lines = []
    for row in people.order_by("pk").values_list(*fields).iterator(chunk_size=_ROWS_AT_ONCE):
        cells = ["" if value is None else defuse(write(value)) for value, write in zip(row, writers, strict=True)]
        lines.append(writer.writerow(cells))
        if len(lines) == _LINES_A_PIECE:
            yield "".join(lines)
            lines = []
    yield "".join(lines)


def file_name(model: type[Model], event: Event | None = None) -> str:
    """Such as "community-members-2026-05-03.csv"."""
    name = slugify(str(model._meta.verbose_name_plural))
    if event:
        name = f"{slugify(event.title) or f'event-{event.pk}'}-{name}"
    return f"{name[:80]}-{timezone.localdate():%Y-%m-%d}.csv"
