"""Tables as CSV files: UTF-8 with a byte order mark, so that Excel reads them correctly.

A cell that a spreadsheet would run as a formula is defused by a leading apostrophe (OWASP, "CSV Injection"). So is
each part of a cell that a reader with another separator would treat as a cell of its own. Since we can't know which
separator that would be, line breaks, semicolons, tabs and the like all count.

Phones are left unchanged although they begin with "+": to every spreadsheet, a "+" followed only by digits is a
number, and every other program that reads the file wants the phone, not an apostrophe. The import undoes exactly what
the export did, so that both together change nothing.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice
from typing import Final

from django.utils import timezone

from .e164 import E164

BYTE_ORDER_MARK: Final = "\ufeff"
_LINES_A_PIECE: Final = 500
# Where a cell begins, for a reader with any separator: at the start, and after anything that may separate cells or
# lines.
_START: Final = r"(?:^|(?<=[,;|\t\r\n\v\f\x1c-\x1e\x85\u2028\u2029]))"
# What makes a spreadsheet run a cell, even after quotes, blanks and apostrophes, which must survive the round trip.
_RUNS: Final = r"(?=['\" ]*[=+\-@\t\r\n＝＋－＠])"
_TO_DEFUSE: Final = re.compile(_START + _RUNS)
_DEFUSED: Final = re.compile(f"{_START}'{_RUNS}")


def defuse(cell: str) -> str:
    """The cell in a form that spreadsheets only display, whatever separator the file is opened with."""
    return cell if E164.fullmatch(cell) else _TO_DEFUSE.sub("'", cell)


def undefuse(cell: str) -> str:
    """The cell as it was before `defuse`: `undefuse(defuse(cell)) == cell` for every text."""
    return _DEFUSED.sub("", cell) if "'" in cell else cell


def moment(at: datetime | None) -> str:
    """A time in the site's zone with its offset, such as "2026-05-03 14:05:06-06:00"; "" for None."""
    return timezone.localtime(at).isoformat(" ", "seconds") if at else ""


def write(header: Iterable[str], rows: Iterable[Iterable[object]]) -> Iterator[str]:
    """The file in pieces, the header first; None is an empty cell. Memory does not grow with the number of rows."""
    yield BYTE_ORDER_MARK + _lines([header])
    remaining = iter(rows)
    while piece := list(islice(remaining, _LINES_A_PIECE)):
        yield _lines(piece)


def _lines(rows: Iterable[Iterable[object]]) -> str:
    lines = io.StringIO()
    csv.writer(lines).writerows([defuse(cell) if isinstance(cell, str) else cell for cell in row] for row in rows)
    return lines.getvalue()
