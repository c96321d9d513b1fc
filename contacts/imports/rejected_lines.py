"""The lines that could not be imported, as a file of the same form with the reason next to each.

Once corrected, it can be uploaded as it is: the two added columns aren't read as people.
"""

import codecs
import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import PurePath
from typing import Any, Final

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

from smsadmin.lib.csv_files import defuse

from ..models import ContactImport, ImportRow

ADDED: Final = ("Line", "Reason")
_AT_ONCE: Final = 500


def file_name(contact_import: ContactImport) -> str:
    """ "people.csv" becomes "people - not imported.csv"; a workbook's extension becomes .xlsx, a vCard's .csv."""
    path = PurePath(contact_import.file_name)
    ending = path.suffix or ".csv"
    if _is_workbook(contact_import):
        ending = ".xlsx"
    elif _is_vcard(contact_import):
        ending = ".csv"
    return f"{path.stem} - not imported{ending}"


def content_type(contact_import: ContactImport) -> str:
    if _is_workbook(contact_import):
        return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return f"text/csv; charset={_form(contact_import)['encoding']}"


def content(contact_import: ContactImport) -> Iterator[bytes]:
    """The file in pieces: the headings if there were any, then each rejected line with `ADDED`."""
    if _is_workbook(contact_import):
        return _workbook(contact_import)
    return _text(contact_import)


def _is_workbook(contact_import: ContactImport) -> bool:
    return bool(contact_import.detected.get("kind") == "workbook")


def _is_vcard(contact_import: ContactImport) -> bool:
    return bool(contact_import.detected.get("kind") == "vcard")


def _form(contact_import: ContactImport) -> dict[str, Any]:
    """Encoding, byte order mark and separator: the file's own, if it is delimited text."""
    if _is_vcard(contact_import):
        return {"encoding": "utf-8", "bom": True, "separator": ","}
    return contact_import.detected


def _lines(contact_import: ContactImport) -> Iterator[list[Any]]:
    detected = contact_import.detected
    width = max(len(detected["columns"]), len(detected["header"]))
    if detected["header_line"] or _is_vcard(contact_import):
        yield [*_padded(detected["header"], width), *ADDED]
    rows = ImportRow.objects.filter(contact_import=contact_import).rejected()
    for line, problem, cells in rows.values_list("line", "problem", "cells").iterator(_AT_ONCE):
        yield [*_padded(cells or [], width), line, problem]


def _padded(cells: Sequence[Any], width: int) -> list[Any]:
    return [*cells, *[""] * (width - len(cells))]


def _text(contact_import: ContactImport) -> Iterator[bytes]:
    form = _form(contact_import)
    encoding = form["encoding"]
    if form["bom"]:
        yield {"utf-8": codecs.BOM_UTF8, "utf-16-le": codecs.BOM_UTF16_LE, "utf-16-be": codecs.BOM_UTF16_BE}[encoding]
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, delimiter=form["separator"])
    for line in _lines(contact_import):
        writer.writerow([defuse(cell) if isinstance(cell, str) else cell for cell in line])
        if buffer.tell() > 65_536:
            yield _taken(buffer, encoding)
    yield _taken(buffer, encoding)


def _taken(buffer: io.StringIO, encoding: str) -> bytes:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text.encode(encoding, "replace")


def _workbook(contact_import: ContactImport) -> Iterator[bytes]:
    workbook = Workbook(write_only=True)
    sheet = workbook.create_sheet(contact_import.detected["sheet"][:31])
    for line in _lines(contact_import):
        sheet.append([_cell(sheet, value) for value in line])
    file = io.BytesIO()
    workbook.save(file)
    yield file.getvalue()


def _cell(sheet: Any, value: Any) -> Any:
    if not isinstance(value, str):
        return value
    cell = WriteOnlyCell(sheet, ILLEGAL_CHARACTERS_RE.sub("", value))
    # Text that begins with "=" stays text.
    cell.data_type = "s"
    return cell
