"""Tables as CSV files: UTF-8 with a byte order mark, so that Excel reads the letters right.

A cell that a spreadsheet would run as a formula is defused by an apostrophe in front (OWASP, "CSV Injection").
So is each part of a cell that a reader with another separator would take as a cell of its own. Where such a
reader begins one is not known, so that a line break, a semicolon, a tab and the like all count.

Phones are left as they are although they begin with "+": a "+" with nothing but digits behind it is a number
to every spreadsheet and never more, and every other program that takes the file wants the phone, not an
apostrophe. The import undoes exactly what the export did, so that both together change nothing.
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
# Where a cell begins, for a reader with any separator: at the start, and behind what may separate or end lines.
_START: Final = r"(?:^|(?<=[,;|\t\r\n\v\f\x1c-\x1e\x85\u2028\u2029]))"
# What makes a spreadsheet run a cell, also behind quotes, blanks and apostrophes: those must survive the way back.
_RUNS: Final = r"(?=['\" ]*[=+\-@\t\r\n＝＋－＠])"
_TO_DEFUSE: Final = re.compile(_START + _RUNS)
_DEFUSED: Final = re.compile(f"{_START}'{_RUNS}")


def defuse(cell: str) -> str:
    """The cell as a spreadsheet will only show it, whatever separator the file is opened with."""
    return cell if E164.fullmatch(cell) else _TO_DEFUSE.sub("'", cell)


def undefuse(cell: str) -> str:
    """What the cell was before `defuse`: `undefuse(defuse(cell)) == cell` for every text."""
    return _DEFUSED.sub("", cell) if "'" in cell else cell


def moment(at: datetime | None) -> str:
    """A point in time in the site's zone with its offset, such as "2026-05-03 14:05:06-06:00"; "" for none."""
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
