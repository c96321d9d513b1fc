"""Shared types for files of people: tables, their lines, and why one can't be read."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol


class Unreadable(Exception):
    """A file that no people can be read from; `sentence` tells staff why and what to do."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class Line(NamedTuple):
    """One record of a file: the number of its first line (from 1), its cells, and why it can't be read ("" if it
    can).

    The cells of text are strings; those of a workbook can also be numbers, dates and booleans.
    """

    number: int
    cells: Sequence[Any]
    problem: str = ""

    @property
    def is_blank(self) -> bool:
        """Whether it has no letter and no digit: nothing, or a row of dashes."""
        return not self.problem and not any(map(str.isalnum, "".join(map(str, self.cells))))


@dataclass(frozen=True)
class Choices:
    """What staff chose instead of what was detected; "" leaves it to detection."""

    encoding: str = ""
    separator: str = ""
    sheet: str = ""


class Table(Protocol):
    """A file that can be read as lines of cells, repeatedly, but only once at a time."""

    # Those that a file format always has; empty if they may be in one of its lines.
    headings: tuple[str, ...]

    def lines(self) -> Iterator[Line]: ...

    def expected(self, done: int) -> int:
        """The estimated total number of lines, after `done` of them."""

    def close(self) -> None:
        """Stops whatever reads it. The file itself stays open."""

    def form(self) -> dict[str, Any]:
        """The file's form in JSON types: "kind" ("text" or "workbook") and the parameters of that kind."""
