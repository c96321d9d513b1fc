"""Reads a stored file: each of its lines becomes a staged row, and the effect of importing them is counted."""

import logging
import tempfile
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import Any, BinaryIO, Final

from django.db import connection, transaction
from django.utils import timezone

from ..models import ContactImport, ImportChunk, ImportRow, ImportValue
from ..models.imports import MOST_STARTS, SLICE, StagedLine, as_json
from . import columns, field_columns, merge
from .column_samples import text_of
from .columns import Layout, Role
from .field_values import ValueStaging
from .formats import Choices, Line, Table, Unreadable, open_table
from .people import NoPerson, reader

logger = logging.getLogger(__name__)

MAX_LINES: Final = 2_000_000
GIVEN_UP: Final = (
    f"We tried to read the file {MOST_STARTS} times, and each time the program crashed. Nothing was "
    "imported. Copy just the list into a new file, save it as CSV, and upload that."
)
_DID_NOT_OPT_OUT: Final = (
    "The file doesn’t say that this person opted out. To opt out everyone in it, choose “Not imported” for the "
    "column that says who did."
)
_EXAMPLES: Final = 3

Status = ContactImport.Status
Report = Callable[[int, int], None]


class Overtaken(Exception):
    """The import was read again in the meantime, or discarded: this reading has to stop."""


def read(import_id: int, report: Report | None = None) -> None:
    """Reads a waiting import into staged rows and counts what importing them would do.

    Safe to call again and concurrently: only whoever moves it on from waiting reads it, and a reader that was
    overtaken stops. A read import ends up ready, or failed with a sentence. `report` is called with (lines done,
    lines expected) after each batch.
    """
    contact_import = _claim(import_id)
    if contact_import is None:
        return
    try:
        _read(contact_import, report or (lambda done, expected: None))
    except Overtaken:
        logger.warning("Import %s: stopped, because it is being read again.", import_id)
    except Unreadable as problem:
        if _advance(contact_import):
            _forget_lines(contact_import)
        _advance(contact_import, status=Status.FAILED, error_message=problem.sentence, starts=0)
    except Exception:
        _advance(
            contact_import,
            status=Status.FAILED,
            error_message="The file could not be read. The log says why. Nothing was imported.",
            starts=0,
        )
        raise


def _claim(import_id: int) -> ContactImport | None:
    contact_import = ContactImport.objects.filter(pk=import_id).first()
    if contact_import is None:
        return None
    waiting = ContactImport.objects.filter(pk=import_id, status=Status.WAITING, attempt=contact_import.attempt)
    if contact_import.starts >= MOST_STARTS:
        logger.error("Import %s: gave up after its process died %s times.", import_id, MOST_STARTS)
        waiting.update(status=Status.FAILED, starts=0, error_message=GIVEN_UP, updated_at=timezone.now())
        return None
    # Counted before the first byte is read: a process that dies from it counts nothing afterward.
    taken = waiting.update(
        status=Status.READING,
        attempt=contact_import.attempt + 1,
        starts=contact_import.starts + 1,
        rows_done=0,
        rows_expected=0,
        detected={},
        counts={},
        error_message="",
        updated_at=timezone.now(),
    )
    if not taken:
        return None
    contact_import.attempt += 1
    return contact_import


def _advance(contact_import: ContactImport, **values: Any) -> bool:
    """Writes what this reading found, unless it was overtaken."""
    mine = ContactImport.objects.filter(pk=contact_import.pk, status=Status.READING, attempt=contact_import.attempt)
    return bool(mine.update(updated_at=timezone.now(), **values))


def _read(contact_import: ContactImport, report: Report) -> None:
    _forget_lines(contact_import)
    adjustments = contact_import.adjustments
    with _opened(contact_import) as file:
        choices = Choices(*(adjustments.get(key, "") for key in ("encoding", "separator", "sheet")))
        with closing(open_table(file, contact_import.file_size, choices, partial(_go_on, contact_import))) as table:
            with closing(_content(table)) as content:
                sample = list(islice(content, columns.SAMPLE + columns.HEADER_WITHIN))
            if not sample:
                raise Unreadable("The file is empty: it only has blank rows.")
            layout = _layout(sample, adjustments, table.headings)
            detected = _description(table, sample, layout)
            _advance(contact_import, detected=detected)
            if not layout.has_phone:
                raise Unreadable(_no_phone_column(sample, layout))
            values = ValueStaging(contact_import, field_columns.kept(contact_import, layout.headings))
            done, unsaid = _stage_lines(contact_import, table, layout, values, report)
    detected["fields"] = values.finish(partial(_go_on, contact_import))
    contact_import.detected = detected
    counts = {"lines": done, "unsaid": unsaid} | merge.count(contact_import)
    if not counts["people"] + counts["invalid"]:
        raise Unreadable("The file has headings but no people below them.")
    _advance(
        contact_import,
        status=Status.READY,
        detected=detected,
        counts=counts,
        rows_done=done,
        rows_expected=done,
        starts=0,
    )


def _forget_lines(contact_import: ContactImport) -> None:
    ImportRow.objects.filter(contact_import=contact_import).delete_in_slices()
    ImportValue.objects.filter(contact_import=contact_import).delete_in_slices()


def _go_on(contact_import: ContactImport) -> None:
    """Shows that this reading is alive. Raises Overtaken if it is no longer wanted."""
    if not _advance(contact_import):
        raise Overtaken


@contextmanager
def _opened(contact_import: ContactImport) -> Iterator[BinaryIO]:
    """The stored file as a seekable one. Raises Unreadable if its upload was interrupted."""
    with tempfile.TemporaryFile() as file:
        chunks = ImportChunk.objects.filter(contact_import=contact_import).order_by("position")
        for position in range(chunks.count()):
            file.write(chunks.values_list("data", flat=True).get(position=position))
        if file.tell() != contact_import.file_size:
            raise Unreadable("The upload was interrupted, and part of the file is missing. Upload it again.")
        file.seek(0)
        yield file


def _content(table: Table) -> Generator[Line]:
    return (line for line in table.lines() if not line.is_blank)


def _layout(sample: list[Line], adjustments: dict[str, Any], fixed: Sequence[str]) -> Layout:
    layout = columns.detect(sample, adjustments.get("header_line"), fixed)
    chosen = adjustments.get("roles")
    if chosen and len(chosen) == len(layout.roles):
        layout = replace(layout, roles=[Role(role) for role in chosen])
    return layout


def _description(table: Table, sample: list[Line], layout: Layout) -> dict[str, Any]:
    """The value of `ContactImport.detected`: the form of the file (see Table.form), `header_line`, `header` (its
    cells), `roles`, `columns` (heading and examples of each), `first_lines` to choose the headings from, and
    `fields`, which is filled in once all lines are read (see FieldColumn.described)."""
    lines = (line.cells for line in sample if line.number == layout.header_line)
    header: Sequence[Any] = table.headings or next(lines, ())
    body = [line.cells for line in sample if line.number > layout.header_line]
    described = []
    for index, heading in enumerate(layout.headings):
        texts = (text_of(cells[index]) for cells in body if index < len(cells))
        examples = dict.fromkeys(text[:40] for text in texts if text)
        described.append({"heading": heading[:80], "examples": list(islice(examples, _EXAMPLES))})
    first = [
        [line.number, ", ".join(filter(None, map(text_of, line.cells)))[:60]]
        for line in sample[: columns.HEADER_WITHIN]
    ]
    return table.form() | {
        "header_line": layout.header_line,
        "header": [text_of(cell) for cell in header],
        "roles": [role.value for role in layout.roles],
        "columns": described,
        "first_lines": first,
        "fields": [],
    }


def _no_phone_column(sample: list[Line], layout: Layout) -> str:
    if len(sample) == 1 and layout.header_line:
        return "The file has headings but no people below them."
    names = [f"“{heading[:40]}”" for heading in layout.headings if heading][:8]
    found = f" Its columns are {', '.join(names)}." if names else ""
    return f"We found no column of phone numbers.{found} Choose the column that has them."


def _stage_lines(
    contact_import: ContactImport, table: Table, layout: Layout, values: ValueStaging, report: Report
) -> tuple[int, int]:
    """Stages each line of the file as a row; returns how many lines were not blank, and how many of those people gave
    no answer to the file's question about consent."""
    read_person = reader(layout)
    is_unsubscribed = contact_import.target == ContactImport.Target.UNSUBSCRIBED
    seen: set[int] = set()
    nameless: dict[int, int] = {}
    found_names: list[tuple[str, int, int]] = []
    textable: dict[int, int] = {}  # first lines whose number a later line may opt out
    found_refusals: list[tuple[bool, int, int]] = []
    batch: list[StagedLine] = []
    done = unsaid = 0
    for line in table.lines():
        if line.number <= layout.header_line:
            continue
        try:
            if line.problem:
                raise NoPerson(line.problem)
            person = read_person(line.cells)
            if is_unsubscribed and layout.has_refusals and not person.opts_out:
                raise NoPerson(_DID_NOT_OPT_OUT)
        except NoPerson as problem:
            if line.is_blank:
                continue
            cells = as_json(list(line.cells))
            batch.append(StagedLine(contact_import.pk, line.number, None, "", problem.sentence, False, cells))
        else:
            phone, name, opts_out, note, is_unsaid = person
            key = int(phone[1:])
            is_repeat = key in seen
            unfit = ""
            if not is_repeat:
                seen.add(key)
                unfit = values.take(line.number, key, line.cells)
                unsaid += is_unsaid
                if name is None:
                    nameless[key] = line.number
                if layout.has_refusals and not opts_out:
                    textable[key] = line.number
            else:
                values.fill_in(key, line.cells)
                if name and key in nameless:
                    found_names.append((name, contact_import.pk, nameless.pop(key)))
                if opts_out and key in textable:
                    found_refusals.append((True, contact_import.pk, textable.pop(key)))
            row = (contact_import.pk, line.number, name, phone, "", is_repeat, None, opts_out, note, unfit)
            batch.append(StagedLine(*row))
        done += 1
        if len(batch) == SLICE:
            _write(contact_import, batch, values, done, table, report)
            batch = []
        if done > MAX_LINES:
            raise Unreadable(
                f"The file has more than {MAX_LINES:,} rows. Split it and import the parts one at a time."
            )
    _write(contact_import, batch, values, done, table, report)
    _change_first_lines(contact_import, "name", found_names)
    _change_first_lines(contact_import, "opts_out", found_refusals)
    return done, unsaid


def _write(
    contact_import: ContactImport,
    batch: list[StagedLine],
    values: ValueStaging,
    done: int,
    table: Table,
    report: Report,
) -> None:
    expected = table.expected(done)
    with transaction.atomic():
        if not _advance(contact_import, rows_done=done, rows_expected=expected):
            raise Overtaken
        ImportRow.objects.insert(batch)
        values.write()
    report(done, expected)


def _change_first_lines(contact_import: ContactImport, column: str, values: Sequence[tuple[Any, int, int]]) -> None:
    """Updates the first line with a number with what only a later line says: (value, import, line)."""
    for start in range(0, len(values), SLICE):
        with transaction.atomic(), connection.cursor() as cursor:
            if not _advance(contact_import):
                raise Overtaken
            cursor.executemany(
                f"UPDATE import_rows SET {column} = %s WHERE contact_import_id = %s AND line = %s",  # noqa: S608
                values[start : start + SLICE],
            )
