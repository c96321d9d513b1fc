"""Workbooks and saved web pages as lines of cells: .xlsx, .xlsm, .xlsb, .xls and .ods, and HTML named .xls.

A separate process with hard limits reads them (`contacts.imports.formats.sheet_reader`). A crafted file can make its
parser take all memory or never end, and inspecting it beforehand, by rules other than the parser's own, can't tell.
However that process ends, staff get one sentence.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Final

from .tables import Line, Unreadable

PROGRAM: Final = Path(__file__).with_name("sheet_reader.py")
# A list of 1,000,000 people with 20 columns takes half of each.
MEMORY: Final = 1024**3
PROCESSOR_SECONDS: Final = 60
SECONDS: Final = 150
OUTPUT: Final = 1024**3
SAMPLE: Final = 250
# How many of the first lines of a sheet are people, and whether it is certainly a list of people.
CountPeople = Callable[[Sequence[Line]], tuple[int, bool]]
_WAIT: Final = 0.05
_LONGEST_MESSAGE: Final = 2_000_000

_TOO_MUCH: Final = (
    "The workbook takes more memory or time to read than a list of people should. Something may be far away from "
    "the list, or the file contains much else. Copy just the list into a new workbook, or save it as CSV, and upload "
    "that."
)
_DAMAGED: Final = (
    "The workbook is damaged and can’t be opened. Open it in your spreadsheet program, save it again as .xlsx, "
    "and upload the new file."
)
_SENTENCES: Final = {
    "damaged": _DAMAGED,
    "too much": _TOO_MUCH,
    "encrypted": "The workbook is password-protected. Save it without a password, or as CSV, and upload that.",
    "empty": "The workbook is empty: there is nothing on any of its sheets.",
    "zip": "The file is a zip archive. Unzip it and upload the list inside.",
    "word": "The file is a word processor document. Save the list as CSV or as an Excel workbook (.xlsx) and "
    "upload that.",
    "numbers": "The file is an Apple Numbers document. Export it as CSV or Excel and upload that.",
    "no table": "The file is a web page without a table of people. If your spreadsheet program shows a list when it "
    "opens the file, save it from there as an Excel workbook (.xlsx) and upload that.",
}


class _Reading:
    """One run of the reader program on a file. Its messages can be read while it runs, and again afterward."""

    def __init__(self, file: BinaryIO, kind: str, sheet: str, on_wait: Callable[[], None]) -> None:
        self._on_wait = on_wait
        with tempfile.NamedTemporaryFile(prefix="rows-") as written:
            limits = map(str, (MEMORY, PROCESSOR_SECONDS, OUTPUT, SAMPLE))
            self._written: BinaryIO = open(written.name, "rb")  # noqa: SIM115 - closed by close()
            self._process = subprocess.Popen(  # noqa: S603 - a program of our own, without a shell
                [sys.executable, "-I", str(PROGRAM), kind, *limits, *([sheet] if sheet else [])],
                stdin=file,
                stdout=written,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        self._deadline = time.monotonic() + SECONDS

    def messages(self) -> Iterator[Any]:
        """Each message of `sheet_reader` up to the end. Raises Unreadable if the run ends otherwise."""
        self._written.seek(0)
        told = time.monotonic()
        while True:
            start = self._written.tell()
            has_ended = self._process.poll() is not None
            line = self._written.readline(_LONGEST_MESSAGE)
            if not line.endswith(b"\n"):
                if has_ended or len(line) == _LONGEST_MESSAGE:
                    raise Unreadable(self._why_ended())
                self._written.seek(start)
                with suppress(subprocess.TimeoutExpired):
                    self._process.wait(_WAIT)
                now = time.monotonic()
                if now > self._deadline:
                    self.close_process()
                    raise Unreadable(_TOO_MUCH)
                if now - told >= 1:
                    told = now
                    self._on_wait()
                continue
            try:
                message = json.loads(line)
            except (ValueError, RecursionError):
                raise Unreadable(_DAMAGED) from None
            if isinstance(message, dict):
                if "problem" in message:
                    raise Unreadable(_SENTENCES.get(str(message["problem"]), _DAMAGED))
                if "end" in message:
                    return
            elif not isinstance(message, list):
                raise Unreadable(_DAMAGED)
            yield message

    def _why_ended(self) -> str:
        # By a signal: a limit, a failed allocation (SIGABRT), or the machine is out of memory (SIGKILL).
        return _TOO_MUCH if (self._process.returncode or 0) < 0 else _DAMAGED

    def close_process(self) -> None:
        """Ends the program and everything that it may have started."""
        if self._process.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def close(self) -> None:
        self.close_process()
        self._written.close()


@dataclass
class SheetTable:
    """One sheet of a workbook, or one table of a web page; `others` are the names of the others with people."""

    name: str
    names: list[str]
    others: list[str]
    reading: _Reading
    height: int
    headings: tuple[str, ...] = ()

    def form(self) -> dict[str, Any]:
        return {"kind": "workbook", "sheet": self.name, "sheets": self.names, "others": self.others}

    def expected(self, done: int) -> int:
        return max(done, self.height)

    def lines(self) -> Iterator[Line]:
        for message in self.reading.messages():
            if isinstance(message, list):
                yield _line(message)

    def close(self) -> None:
        self.reading.close()


def open_sheet(
    file: BinaryIO,
    kind: str,
    sheet: str,
    count_people: CountPeople,
    on_wait: Callable[[], None],
) -> SheetTable:
    """The sheet with that name, or the first of several visible ones in which `count_people` finds a list of people.

    `kind` is "workbook" or "html". `on_wait` is called about once a second while there is nothing to read; if it
    raises, reading ends. Raises Unreadable with a sentence for staff: damaged, encrypted, empty, too large.
    """
    reading = _Reading(file, kind, "", on_wait)
    try:
        samples = _samples(reading)
        chosen, others = _choose(samples, sheet, count_people)
        if len(samples) > 1 or samples[chosen].is_cut:
            reading.close()
            reading = _Reading(file, kind, chosen, on_wait)
        return SheetTable(chosen, list(samples), others, reading, samples[chosen].height)
    except BaseException:
        reading.close()
        raise


@dataclass
class _Sample:
    """The beginning of a sheet, for workbooks with several: a single sheet is read at once, without a sample."""

    height: int
    is_cut: bool
    lines: list[Line] = field(default_factory=list)


def _samples(reading: _Reading) -> dict[str, _Sample]:
    """The samples of all non-empty sheets, by name."""
    samples: dict[str, _Sample] = {}
    is_sample = False
    for message in reading.messages():
        if isinstance(message, list):
            if not samples:
                raise Unreadable(_DAMAGED)
            if not is_sample:
                break
            list(samples.values())[-1].lines.append(_line(message))
        elif "is_sample" in message:
            is_sample = bool(message["is_sample"])
        elif "sheet" in message:
            height = message.get("height")
            samples[str(message["sheet"])] = _Sample(height if type(height) is int else 0, is_sample)
    if not samples:
        raise Unreadable(_DAMAGED)
    return samples


def _choose(samples: dict[str, _Sample], sheet: str, count_people: CountPeople) -> tuple[str, list[str]]:
    """The sheet to read, and the others that contain people."""
    if len(samples) == 1:
        return next(iter(samples)), []
    people = {name: count_people(sample.lines) for name, sample in samples.items()}
    # A page of notes may contain a phone or two next to a sheet with the list.
    lists = [name for name, (count, is_sure) in people.items() if count and (is_sure or count > 2)]
    likely = lists or [name for name, (count, _) in people.items() if count] or list(samples)
    likely.sort(key=lambda name: not people[name][1])
    chosen = sheet if sheet in samples else likely[0]
    return chosen, [name for name in lists if name != chosen]


def _line(message: list[Any]) -> Line:
    if not message or type(message[0]) is not int:
        raise Unreadable(_DAMAGED)
    return Line(message[0], message[1:])
