"""The geometry of the bars and columns that templates draw as SVG."""

import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final

# A bar is this wide, whatever its length on the page.
BAR_WIDTH: Final = 1000
COLUMN_HEIGHT: Final = 60
# From one column to the next.
COLUMN_STEP: Final = 10
# What is more than nothing can be seen.
_LEAST_WIDTH: Final = 4
_LEAST_HEIGHT: Final = 1


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a bar, from `x` on; `kind` is its class."""

    kind: str
    label: str
    count: int
    x: int
    width: int


@dataclass(frozen=True, slots=True)
class Column:
    """One day: two columns, one in front of the other, from the top down."""

    day: date
    sent: int
    delivered: int
    x: int
    sent_height: int
    delivered_height: int

    @property
    def sent_y(self) -> int:
        return COLUMN_HEIGHT - self.sent_height

    @property
    def delivered_y(self) -> int:
        return COLUMN_HEIGHT - self.delivered_height


def stack(counts: Iterable[tuple[str, str, int]]) -> list[Part]:
    """The parts that aren't empty, of (kind, label, count), side by side over the whole bar."""
    some = [one for one in counts if one[2] > 0]
    total = sum(count for _, _, count in some)
    widths = [max(round(BAR_WIDTH * count / total), _LEAST_WIDTH) for _, _, count in some]
    if widths:
        # What the narrow ones take, the widest gives.
        widths[widths.index(max(widths))] += BAR_WIDTH - sum(widths)
    starts = itertools.accumulate(widths, initial=0)
    return [Part(*one, x, width) for one, x, width in zip(some, starts, widths, strict=False)]


def columns(days: Iterable[tuple[date, int, int]]) -> list[Column]:
    """Columns for (day, sent, delivered), the highest one as high as the chart."""
    rows = list(days)
    most = max((sent for _, sent, _ in rows), default=0)
    return [
        Column(day, sent, delivered, index * COLUMN_STEP + 1, _height(sent, most), _height(delivered, most))
        for index, (day, sent, delivered) in enumerate(rows)
    ]


def _height(count: int, most: int) -> int:
    return max(round(COLUMN_HEIGHT * count / most), _LEAST_HEIGHT) if count else 0
