"""Text with separated values as lines of cells, in any usual encoding and with any usual separator.

RFC 4180 as far as the file keeps to it. A line with a quotation mark that is never closed costs that line
alone, never those after it.
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

from .tables import Choices, Line, Unreadable

# Python's name of each encoding that staff can choose, and what staff know it by.
ENCODINGS: Final[dict[str, str]] = {
    "utf-8": "UTF-8",
    "utf-16-le": "UTF-16 (Excel’s “Unicode text”)",
    "utf-16-be": "UTF-16, big-endian",
    "cp1252": "Windows-1252 (Western European)",
    "cp1250": "Windows-1250 (Central European)",
    "cp1251": "Windows-1251 (Cyrillic)",
    "mac_roman": "Mac Roman",
    "cp932": "Shift JIS (Japanese)",
    "gb18030": "GB 18030 (Chinese)",
    "big5": "Big5 (Chinese)",
    "cp949": "EUC-KR (Korean)",
}
SEPARATORS: Final[dict[str, str]] = {",": "Comma", ";": "Semicolon", "\t": "Tab", "|": "Vertical bar"}

MAX_LINE: Final = 200_000
_SAMPLE_BYTES: Final = 262_144
_SAMPLE_LINES: Final = 200
_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_TEXT_CONTROLS: Final = frozenset("\t\n\r\v\f\0\x1a")
_PHONE_LIKE: Final = re.compile(r"[\s'\"=+(\[]*(?:\d[\s().\[\]+/,\u2010-\u2015-]*){7,16}[\s'\"]*")


@dataclass
class TextTable:
    """Text with separated values."""

    file: BinaryIO
    size: int
    encoding: str
    has_bom: bool
    separator: str

    @classmethod
    def recognise(cls, file: BinaryIO, size: int, choices: Choices) -> "TextTable":
        head = file.read(4)
        file.seek(0)
        bom = next((encoding for mark, encoding in _BOMS if head.startswith(mark)), "")
        encoding = choices.encoding or bom or _guess_encoding(file)
        sample = _sample(file, encoding)
        if not choices.encoding:
            _refuse_binary(sample)
        separator = choices.separator or _guess_separator(sample)
        return cls(file, size, encoding, has_bom=bool(bom) and bom == encoding, separator=separator)

    def form(self) -> dict[str, Any]:
        return {"kind": "text", "encoding": self.encoding, "bom": self.has_bom, "separator": self.separator}

    def close(self) -> None:
        """Nothing reads it beside the caller."""

    def expected(self, done: int) -> int:
        return max(done, done * self.size // self.file.tell()) if self.file.tell() else done

    def lines(self) -> Iterator[Line]:
        self.file.seek(0)
        stream = io.TextIOWrapper(self.file, self.encoding, errors="replace", newline="")
        try:
            yield from _records(_Feed(stream), self.separator)
        finally:
            # The wrapper would close the file when it is collected, and the file may be read again.
            stream.detach()


class _Feed:
    """The physical lines of a text, each at most MAX_LINE long; remembers those of the present record."""

    def __init__(self, stream: io.TextIOBase) -> None:
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
                # Excel's own note of the separator, not a line of the list.
                return "\n"
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


def _records(feed: _Feed, separator: str) -> Iterator[Line]:
    reader = csv.reader(feed, delimiter=separator, skipinitialspace=True, strict=True)
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
            reader = csv.reader(feed, delimiter=separator, skipinitialspace=True, strict=True)
        if feed.overlong and not feed.overlong.isdisjoint(range(first, feed.number + 1)):
            problem = f"The line has more than {MAX_LINE:,} characters. Shorten it."
        yield Line(first, cells, problem)


def _broken(line: str, separator: str) -> tuple[list[str], str]:
    """The cells of a line that is not well-formed, and the problem if they cannot be trusted."""
    if len(line) > csv.field_size_limit():
        return [line[:200] + "…"], f"A cell has more than {csv.field_size_limit():,} characters. Shorten it."
    line = line.rstrip("\r\n")
    if line.count('"') % 2:
        cells = next(csv.reader([line], delimiter=separator, quoting=csv.QUOTE_NONE), [])
        return cells, 'The line has a quotation mark (") that is opened and not closed. Remove it or close it.'
    return next(csv.reader([line], delimiter=separator, skipinitialspace=True), []), ""


def _guess_encoding(file: BinaryIO) -> str:
    """UTF-8 where the whole file is (nearly) that, UTF-16 by the zero bytes of its digits, else Windows-1252."""
    sample = file.read(_SAMPLE_BYTES)
    file.seek(0)
    pairs = max(len(sample) // 2, 1)
    zeros = sample[0::2].count(0) / pairs, sample[1::2].count(0) / pairs
    if max(zeros) > 0.25 and min(zeros) < 0.05:
        return "utf-16-be" if zeros[0] > zeros[1] else "utf-16-le"
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    good = bad = 0
    while block := file.read(1_048_576):
        text = decoder.decode(block)
        if not text.isascii():
            broken = text.count("\ufffd")
            bad += broken
            good += len(text) - len(text.encode("ascii", "ignore")) - broken
    file.seek(0)
    # A single broken byte in a long UTF-8 file is a broken byte, and no reason to misread every accent in it.
    return "utf-8" if bad * 10 <= good else "cp1252"


def _sample(file: BinaryIO, encoding: str) -> str:
    data = file.read(_SAMPLE_BYTES)
    is_whole = not file.read(1)
    file.seek(0)
    text = codecs.getincrementaldecoder(encoding)(errors="replace").decode(data, is_whole).removeprefix("\ufeff")
    if not is_whole and (end := max(text.rfind("\n"), text.rfind("\r"))) > 0:
        text = text[: end + 1]
    return text


def _refuse_binary(sample: str) -> None:
    """Raise Unreadable when the text holds more control characters than a stray one here and there."""
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
    """How well a separator fits: it frees phones, it gives all lines the same width, it gives columns."""
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
    phones = max(sum(1 for row in rows if len(row) > i and _PHONE_LIKE.fullmatch(row[i])) for i in range(columns))
    return (round(phones / len(rows), 1), count / len(rows) if width > 1 else 0, width)
