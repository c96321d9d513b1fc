"""What became of each row of the old database: counts for all, and details where something was unusual."""

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, TextIO

from smsadmin.lib.csv_files import BYTE_ORDER_MARK, defuse

from .values import OldRow

EXAMPLES: Final = 3
HEADINGS: Final = ("table", "row", "outcome", "reason", "detail")


class Outcome(StrEnum):
    """A fixed row was also imported."""

    FIXED = "fixed"
    PRESENT = "already there"
    REJECTED = "rejected"


@dataclass(slots=True)
class Count:
    """The rows of one table. Always read = taken + present + refused; `mended` are among those taken."""

    read: int = 0
    taken: int = 0
    present: int = 0
    mended: int = 0
    refused: int = 0


@dataclass(slots=True)
class Group:
    """The rows with the same outcome for the same reason, and the first of them as (label, detail)."""

    count: int = 0
    examples: list[tuple[str, str]] = field(default_factory=list)


class Report:
    """`counts` by table, `groups` by (table, outcome, reason), and sentences about what was not imported (`left`) and
    what operators should know (`notes`). With `file`, each line is also written there as CSV; `on_row` is called for
    each row."""

    def __init__(self, file: TextIO | None = None, on_row: Callable[[], object] = lambda: None) -> None:
        self.counts: dict[str, Count] = {}
        self.groups: dict[tuple[str, Outcome, str], Group] = {}
        self.left: list[str] = []
        self.notes: list[str] = []
        self.lines = 0
        self._on_row = on_row
        self._writer: Any = None
        if file:
            file.write(BYTE_ORDER_MARK)
            self._writer = csv.writer(file)
            self._writer.writerow(HEADINGS)

    def of(self, table: str) -> Count:
        return self.counts.setdefault(table, Count())

    def taken(self, row: OldRow) -> None:
        count = self._count(row)
        count.taken += 1
        if row.mends:
            count.mended += 1
        for reason, detail in row.mends:
            self._tell(row, Outcome.FIXED, reason, detail)

    def present(self, row: OldRow, reason: str = "", detail: str = "") -> None:
        """Without `reason` it was imported before, which is only counted."""
        count = self._count(row)
        count.present += 1
        if reason:
            self._tell(row, Outcome.PRESENT, reason, detail)

    def refused(self, row: OldRow, reason: str, detail: str = "") -> None:
        count = self._count(row)
        count.refused += 1
        self._tell(row, Outcome.REJECTED, reason, detail)

    def _count(self, row: OldRow) -> Count:
        count = self.of(row.table)
        count.read += 1
        self._on_row()
        return count

    @property
    def total(self) -> Count:
        counts = self.counts.values()
        return Count(
            sum(one.read for one in counts),
            sum(one.taken for one in counts),
            sum(one.present for one in counts),
            sum(one.mended for one in counts),
            sum(one.refused for one in counts),
        )

    def _tell(self, row: OldRow, outcome: Outcome, reason: str, detail: str) -> None:
        self.lines += 1
        group = self.groups.setdefault((row.table, outcome, reason), Group())
        group.count += 1
        if len(group.examples) < EXAMPLES:
            group.examples.append((row.label, detail))
        if self._writer:
            self._writer.writerow([row.table, row.label, outcome.value, reason, defuse(detail)])


def in_words(report: Report) -> Iterator[str]:
    """The report as lines for a terminal: the counts of each table, then each reason with its first rows."""
    width = max((len(table) for table in report.counts), default=5)
    yield f"{'':{width}}  {'read':>9}  {'imported':>9}  {'fixed':>9}  {'already there':>13}  {'rejected':>9}"
    for table, count in report.counts.items():
        yield (
            f"{table:{width}}  {count.read:>9,}  {count.taken:>9,}  {count.mended:>9,}  {count.present:>13,}  "
            f"{count.refused:>9,}"
        )
    for outcome in (Outcome.REJECTED, Outcome.FIXED, Outcome.PRESENT):
        groups = {key: group for key, group in report.groups.items() if key[1] == outcome}
        if groups:
            yield ""
            yield f"{outcome.capitalize()}:"
        for (table, _, reason), group in groups.items():
            yield f"  {table}: {reason} ({group.count:,})"
            yield from (f"    {label}: {detail}" if detail else f"    {label}" for label, detail in group.examples)
            if (more := group.count - len(group.examples)) > 0:
                yield f"    … and {more:,} more"
    for heading, sentences in (("Not imported:", report.left), ("Notes:", report.notes)):
        if sentences:
            yield ""
            yield heading
            yield from (f"  {sentence}" for sentence in sentences)
