"""Delimited text as lines of cells, in any common encoding and with any common separator.

Follows RFC 4180 as far as the file does. The separator is the one that yields the most phones and columns:
csv.Sniffer and clevercsv 0.8.5 were tried, and picked spaces in lists with a column of notes. A line with an unclosed
quotation mark only costs that line, never those after it.
"""

import codecs
import csv
import io
import re
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, BinaryIO, Final

from . import encodings
from .encodings import Guess
from .tables import Choices, Line, Unreadable

SEPARATORS: Final[dict[str, str]] = {",": "Comma", ";": "Semicolon", "\t": "Tab", "|": "Vertical bar"}

MAX_LINE: Final = 200_000
_SAMPLE_BYTES: Final = 262_144
_SAMPLE_LINES: Final = 200
_TEXT_CONTROLS: Final = frozenset("\t\n\r\v\f\0\x1a")
_BETWEEN_PHONES: Final = re.compile(r"[;,|]")
_PHONE_LIKE: Final = re.compile(r"[\s'\"=+(\[]*(?:\d[\s().\[\]+/,\u2010-\u2015-]*){7,16}[\s'\"]*")


@dataclass
class TextTable:
    """Delimited text."""

    file: BinaryIO
    size: int
    encoding: str
    has_bom: bool
    separator: str
    has_backslashes: bool
    guessed: tuple[str, ...] = ()
    headings: tuple[str, ...] = ()

    @classmethod
    def recognize(cls, file: BinaryIO, size: int, choices: Choices) -> "TextTable":
        head = file.read(4)
        file.seek(0)
        bom = encodings.by_bom(head)
        known = choices.encoding or bom
        found = Guess(known) if known else encodings.guess(file)
        encoding = found.encoding
        sample = _sample(file, encoding)
        if not choices.encoding:
            _refuse_binary(sample)
        separator = choices.separator or _guess_separator(sample)
        return cls(
            file,
            size,
            encoding,
            has_bom=bool(bom) and bom == encoding,
            separator=separator,
            has_backslashes=_escapes_with_backslashes(sample, separator),
            guessed=found.words,
        )

    def form(self) -> dict[str, Any]:
        return {
            "kind": "text",
            "encoding": self.encoding,
            "bom": self.has_bom,
            "separator": self.separator,
            "guessed": list(self.guessed),
        }

    def close(self) -> None:
        """There is nothing to close."""

    def expected(self, done: int) -> int:
        return max(done, done * self.size // self.file.tell()) if self.file.tell() else done

    def lines(self) -> Iterator[Line]:
        self.file.seek(0)
        stream = io.TextIOWrapper(self.file, self.encoding, errors="replace", newline="")
        try:
            # MySQL writes a missing value as \N.
            null = re.compile(rf"(?:^|(?<={re.escape(self.separator)}))\\N(?={re.escape(self.separator)}|[\r\n]|$)")
            feed = _Feed(stream, null if self.has_backslashes else None)
            yield from _records(feed, self.separator, "\\" if self.has_backslashes else None)
        finally:
            # The wrapper would close the file when it is collected, but the file may be read again.
            stream.detach()


class _Feed:
    """The physical lines of a text, each at most MAX_LINE long; remembers those of the current record."""

    def __init__(self, stream: io.TextIOBase, missing: re.Pattern[str] | None = None) -> None:
        self._missing = missing
        self._read = partial(stream.readline, MAX_LINE)
        self._again: deque[str] = deque()
        self.number = 0
        self.record: list[str] = []
        self.overlong: set[int] = set()

    def __iter__(self) -> "_Feed":
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else self._read()
        if not line:
            raise StopIteration
        self.number += 1
        if self.number == 1:
            line = line.removeprefix("\ufeff")
            if line[:4].lower() == "sep=":
                # Excel's own note of the separator, not part of the list.
                return "\n"
        if self._missing:
            line = self._missing.sub("", line)
        if "\0" in line:
            line = line.replace("\0", "")
        if len(line) == MAX_LINE and line[-1] not in "\r\n":
            while (rest := self._read()) and len(rest) == MAX_LINE and rest[-1] not in "\r\n":
                pass
            self.overlong.add(self.number)
            line = line[:200].replace('"', "") + "…\n"
        self.record.append(line)
        return line

    def give_back(self, lines: list[str]) -> None:
        self.number -= len(lines)
        self._again.extendleft(reversed(lines))


def _records(feed: _Feed, separator: str, escape: str | None) -> Iterator[Line]:
    def read_on() -> Iterator[list[str]]:
        return csv.reader(feed, delimiter=separator, escapechar=escape, skipinitialspace=True, strict=True)

    reader = read_on()
    while True:
        feed.record.clear()
        first, problem = feed.number + 1, ""
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            feed.give_back(feed.record[1:])
            cells, problem = _broken(feed.record[0], separator)
            reader = read_on()
        if feed.overlong and not feed.overlong.isdisjoint(range(first, feed.number + 1)):
            problem = f"The row has more than {MAX_LINE:,} characters. Shorten it."
        yield Line(first, cells, problem)


def _broken(line: str, separator: str) -> tuple[list[str], str]:
    """The cells of a malformed line, and the problem if they can't be trusted."""
    if len(line) > csv.field_size_limit():
        return [line[:200] + "…"], f"A cell has more than {csv.field_size_limit():,} characters. Shorten it."
    line = line.rstrip("\r\n")
    if line.count('"') % 2:
        cells = next(csv.reader([line], delimiter=separator, quoting=csv.QUOTE_NONE), [])
        return cells, 'The row has a quotation mark (") that is never closed. Remove it or close it.'
    return next(csv.reader([line], delimiter=separator, skipinitialspace=True), []), ""


def _escapes_with_backslashes(sample: str, separator: str) -> bool:
    """Whether quotation marks are escaped as \\" (MySQL, pandas) instead of doubled: one where no cell can end."""
    return bool(re.search(rf'\\"(?!\s*(?:{re.escape(separator)}|"|[\r\n]|$))', sample))


def _sample(file: BinaryIO, encoding: str) -> str:
    data = file.read(_SAMPLE_BYTES)
    is_whole = not file.read(1)
    file.seek(0)
    text = codecs.getincrementaldecoder(encoding)(errors="replace").decode(data, is_whole).removeprefix("\ufeff")
    if not is_whole and (end := max(text.rfind("\n"), text.rfind("\r"))) > 0:
        text = text[: end + 1]
    return text


def _refuse_binary(sample: str) -> None:
    """Raises Unreadable if the text contains more than the occasional stray control character."""
    controls = sum(1 for character in sample if character < " " and character not in _TEXT_CONTROLS)
    controls += max(0, sample.count("\0") - max(10, len(sample) // 20))
    if controls > max(5, len(sample) / 50):
        raise Unreadable("The file is neither text nor a workbook. Save the list as CSV or .xlsx and upload that.")


def _guess_separator(sample: str) -> str:
    lines = io.StringIO(sample, newline="").readlines()[:_SAMPLE_LINES]
    if lines and lines[0][:4].lower() == "sep=":
        named = lines[0][4:5]
        if named in SEPARATORS:
            return named
    return max(SEPARATORS, key=partial(_fit, lines))


def _fit(lines: list[str], separator: str) -> tuple[float, float, int]:
    """How well a separator fits: it yields phones, it gives all lines the same width, it yields columns."""
    try:
        rows = [
            row for row in csv.reader(lines, delimiter=separator, skipinitialspace=True) if any(map(str.strip, row))
        ]
    except csv.Error:
        return (0, 0, 0)
    if not rows:
        return (0, 0, 0)
    ((width, count),) = Counter(map(len, rows)).most_common(1)
    columns = min(max(map(len, rows)), 200)
    phones = max(sum(1 for row in rows if len(row) > i and _is_phones(row[i])) for i in range(columns))
    return (round(phones / len(rows), 1), count / len(rows) if width > 1 else 0, width)


def _is_phones(cell: str) -> bool:
    """Whether a cell is a phone, or several with what could be another separator between them."""
    return all(map(_PHONE_LIKE.fullmatch, _BETWEEN_PHONES.split(cell)))
