"""Reads a workbook or the tables of a web page from standard input and writes their rows to standard output.

A separate program without Django, started by its path with hard limits on memory, time and output
(`contacts.imports.formats.workbooks`): whatever a crafted file does to a parser ends this process and no other.

    sheet_reader.py KIND MEMORY SECONDS OUTPUT SAMPLE [SHEET]

KIND is "workbook" or "html"; MEMORY and OUTPUT are bytes, SECONDS of processor time. Standard input is a seekable
file. Each line written is JSON:

    {"is_sample": true | false}         true: SAMPLE rows of each of several sheets follow; false: one whole sheet
    {"sheet": NAME, "height": ROWS}     the following rows are from this sheet, which is not empty
    [NUMBER, CELL, …]                   a row that is not empty, with its number from 1
    {"end": true}
    {"problem": CODE}                   instead of the end: "damaged", "encrypted", "empty", "too much", "no table",
                                        or what a zip archive is instead of a workbook: "zip", "word", "numbers"

Cells are strings, numbers and booleans; dates and times are written as strings.
"""

import json
import resource
import signal
import sys
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO, Final

MOST_SHEETS: Final = 40
MOST_COLUMNS: Final = 1_000
LONGEST_ROW: Final = 200_000
LONGEST_CELL: Final = 1_000
_BLOCK: Final = 1_048_576
# The name of the stream that contains an encrypted workbook, as in its directory (MS-OFFCRYPTO 1.3).
_ENCRYPTED_PACKAGE: Final = "EncryptedPackage".encode("utf-16-le")

# (name, height, rows)
Sheet = tuple[str, int, Iterable[list[Any]]]


class Problem(Exception):
    """Why there are no rows: a code from the module docstring."""


def main(arguments: list[str]) -> None:
    kind, memory, seconds, output, sample, *sheet = arguments
    for limit, most in (
        (resource.RLIMIT_AS, int(memory)),
        (resource.RLIMIT_CPU, int(seconds)),
        (resource.RLIMIT_FSIZE, int(output)),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(limit, (most, most))
    # Python ignores SIGXFSZ, and would continue with a half-written line.
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    file = sys.stdin.buffer
    file.seek(0)
    try:
        names, open_sheet = (_open_workbook if kind == "workbook" else _open_web_page)(file)
        wanted = [name for name in names if name in sheet] or names
        is_sample = len(wanted) > 1
        _write({"is_sample": is_sample})
        found = False
        for name in wanted[:MOST_SHEETS]:
            height, rows = open_sheet(name)
            if height:
                found = True
                _write({"sheet": name, "height": height})
                _write_rows(rows, int(sample) if is_sample else None)
        if not found:
            raise Problem("empty")
        _write({"end": True})
    except Problem as problem:
        _write({"problem": str(problem)})
    except MemoryError:
        _write({"problem": "too much"})
    except BaseException as error:
        # A panic of the Rust code in calamine is not an Exception.
        if isinstance(error, KeyboardInterrupt | SystemExit):
            raise
        _write({"problem": "damaged"})
    sys.stdout.flush()


def _write(message: Any) -> None:
    sys.stdout.write(json.dumps(message, default=str) + "\n")


def _write_rows(rows: Iterable[list[Any]], most: int | None) -> None:
    write, encode = sys.stdout.write, json.JSONEncoder(default=str).encode
    written = 0
    for number, cells in enumerate(rows, start=1):
        while cells and cells[-1] == "":
            cells.pop()
        if not cells:
            continue
        line = encode([number, *cells[:MOST_COLUMNS]])
        if len(line) > LONGEST_ROW:
            cut = [cell[:LONGEST_CELL] if isinstance(cell, str) else cell for cell in cells[:MOST_COLUMNS]]
            line = encode([number, *cut])
        write(line + "\n")
        written += 1
        if written == most:
            return


# Workbooks --------------------------------------------------------------------------------------------------


def _open_workbook(file: BinaryIO) -> tuple[list[str], Any]:
    """The names of the visible sheets that have cells, and a function that opens one: (height, rows)."""
    from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetTypeEnum

    try:
        workbook = CalamineWorkbook.from_filelike(file)
    except PasswordError:
        raise Problem("encrypted") from None
    except CalamineError:
        raise Problem(_why_no_workbook(file)) from None
    sheets = [
        each for each in workbook.sheets_metadata if each.typ in (SheetTypeEnum.WorkSheet, SheetTypeEnum.MacroSheet)
    ]
    shown = [each.name for each in sheets if "Hidden" not in str(each.visible)]

    def open_sheet(name: str) -> tuple[int, Iterator[list[Any]]]:
        sheet = workbook.get_sheet_by_name(name)
        return sheet.end[0] + 1 if sheet.end else 0, sheet.iter_rows()

    return shown or [each.name for each in sheets], open_sheet


def _why_no_workbook(file: BinaryIO) -> str:
    import zipfile

    file.seek(0)
    if not zipfile.is_zipfile(file):
        file.seek(0)
        return "encrypted" if _is_encrypted(file) else "damaged"
    with zipfile.ZipFile(file) as archive:
        names = set(archive.namelist())
        kind = b""
        if "mimetype" in names:
            with archive.open("mimetype") as content:
                kind = content.read(100)
    if names & {"xl/workbook.xml", "xl/workbook.bin"} or b"opendocument.spreadsheet" in kind:
        return "damaged"
    if any(name.startswith("word/") for name in names) or b"opendocument.text" in kind:
        return "word"
    return "numbers" if any(name.endswith(".iwa") for name in names) else "zip"


def _is_encrypted(file: BinaryIO) -> bool:
    tail = b""
    while block := file.read(_BLOCK):
        if _ENCRYPTED_PACKAGE in tail + block:
            return True
        tail = block[-len(_ENCRYPTED_PACKAGE) :]
    return False


# Web pages --------------------------------------------------------------------------------------------------


def _open_web_page(file: BinaryIO) -> tuple[list[str], Any]:
    """Like `_open_workbook`, for the tables of a web page that have more than one row or column."""
    from html.parser import HTMLParser

    class Tables(HTMLParser):
        """`found` has each table as a list of rows, including those inside another table's cell."""

        def __init__(self) -> None:
            super().__init__()
            self.found: list[list[list[str]]] = []
            self._open: list[_OpenTable] = []
            self._hidden = 0

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            if tag in {"script", "style", "title"}:
                self._hidden += 1
            elif tag == "table":
                self._open.append(_OpenTable())
                self.found.append(self._open[-1].rows)
            elif self._open and tag == "tr":
                self._open[-1].begin_row()
            elif self._open and tag in {"td", "th"}:
                spans = {name: int(value) for name, value in attrs if value and value.isdecimal() and len(value) < 5}
                self._open[-1].begin_cell(spans.get("colspan", 1), spans.get("rowspan", 1))
            elif self._open and tag in {"br", "p", "div", "li"}:
                self._open[-1].text.append("\n")

        def handle_endtag(self, tag: str) -> None:
            if tag in {"script", "style", "title"}:
                self._hidden = max(0, self._hidden - 1)
            elif tag == "table" and self._open:
                self._open.pop().end_row()
            elif self._open and tag in {"td", "th"}:
                self._open[-1].end_cell()
            elif self._open and tag == "tr":
                self._open[-1].end_row()

        def handle_data(self, data: str) -> None:
            if self._open and not self._hidden:
                self._open[-1].text.append(data)

    tables = Tables()
    for text in _decoded(file):
        tables.feed(text)
    tables.close()
    kept = [rows for rows in tables.found if len(rows) > 1 or any(len(row) > 1 for row in rows)]
    if not kept:
        raise Problem("no table")
    named = {f"Table {number}": rows for number, rows in enumerate(kept, start=1)}
    return list(named), lambda name: (len(named[name]), named[name])


class _OpenTable:
    """A table being read: its rows, and the cell that text belongs to."""

    def __init__(self) -> None:
        self.rows: list[list[str]] = []
        self.text: list[str] = []
        self._row: list[str] | None = None
        self._spans: tuple[int, int] | None = None
        self._from_above: dict[int, tuple[int, str]] = {}

    def begin_row(self) -> None:
        self.end_row()
        self._row = []

    def begin_cell(self, columns: int, rows: int) -> None:
        self.end_cell()
        self._row = [] if self._row is None else self._row
        self._spans = (columns, rows)
        self.text.clear()

    def end_cell(self) -> None:
        if self._row is None or self._spans is None:
            return
        (columns, rows), self._spans = self._spans, None
        lines = (" ".join(line.split()) for line in "".join(self.text).split("\n"))
        text = "\n".join(filter(None, lines))
        self._fill_from_above()
        for position in range(min(columns, MOST_COLUMNS)):
            if rows > 1 and len(self._row) < MOST_COLUMNS:
                self._from_above[len(self._row)] = (rows - 1, text)
            self._row.append("" if position else text)

    def _fill_from_above(self) -> None:
        assert self._row is not None  # noqa: S101 - called within a row
        while left := self._from_above.pop(len(self._row), None):
            rows, text = left
            if rows > 1:
                self._from_above[len(self._row)] = (rows - 1, text)
            self._row.append(text)

    def end_row(self) -> None:
        self.end_cell()
        if self._row is not None:
            self.rows.append(self._row)
        self._row = None


def _decoded(file: BinaryIO) -> Iterator[str]:
    import codecs
    import re

    head = file.read(4096)
    named = re.search(rb"(?i)charset\s*=\s*[\"']?\s*([\w-]+)", head)
    encoding = "utf-16" if head[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else ""
    try:
        encoding = encoding or codecs.lookup((named[1] if named else b"utf-8").decode("ascii")).name
        codecs.getincrementaldecoder(encoding)().decode(b"")
    except (LookupError, TypeError, AttributeError, UnicodeError):
        encoding = "utf-8"
    if encoding == "utf-8" and not _is_utf_8(file):
        encoding = "cp1252"
    file.seek(0)
    decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
    while block := file.read(65_536):
        yield decoder.decode(block)
    yield decoder.decode(b"", True)


def _is_utf_8(file: BinaryIO) -> bool:
    import codecs

    file.seek(0)
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        while block := file.read(_BLOCK):
            decoder.decode(block)
    except UnicodeDecodeError:
        return False
    return True


if __name__ == "__main__":
    main(sys.argv[1:])
