"""The words that files of people are spoken of in: tables, their lines, and why one cannot be read."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol


class Unreadable(Exception):
    """A file that no people can be read from; `sentence` tells staff why and what to do."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class Line(NamedTuple):
    """One record of a file: the line it begins on (from 1), its cells, and why it cannot be read ("" if it can).

    The cells of text are strings; those of a workbook can be numbers, dates and booleans too.
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
    """What staff chose over what would be detected; "" leaves it to the detection."""

    encoding: str = ""
    separator: str = ""
    sheet: str = ""


class Table(Protocol):
    """A file that can be read as lines of cells, any number of times, one time after the other."""

    # Those that a kind of file has by its nature; empty where a line of it may have them.
    headings: tuple[str, ...]

    def lines(self) -> Iterator[Line]: ...

    def expected(self, done: int) -> int:
        """How many lines it will have been in the end, judged after `done` of them."""

    def close(self) -> None:
        """End what reads it. The file itself stays open."""

    def form(self) -> dict[str, Any]:
        """The file's own form in JSON's types: "kind" ("text" or "workbook") and what that kind is written by."""
