"""Workbooks as lines of cells: Excel's .xlsx, .xlsm and .xls.

The cells are read by calamine, which is fast but lays a sheet out in memory from corner to corner. What
such a sheet would take is therefore measured first, and a file that would burst the machine is refused.
"""

import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any, BinaryIO, Final

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, PasswordError, SheetTypeEnum

from .tables import Line, Unreadable

MAX_UNPACKED: Final = 600 * 1024 * 1024
MAX_CELLS: Final = 16_000_000
_BLOCK: Final = 1_048_576

# An Excel cell that holds something; empty ones that merely carry a format close themselves.
_CELL: Final = re.compile(rb'<(?:\w+:)?c [^>]*?\br="([A-Z]{1,3})([0-9]{1,7})"[^>]*(?<!/)>')
_DAMAGED: Final = (
    "The workbook is damaged and cannot be opened. Open it in your spreadsheet program, save it again as .xlsx, "
    "and upload the new file."
)

_ENCRYPTED: Final = "The workbook is encrypted with a password. Save it without one, or as CSV, and upload that."
# The name of the stream that holds an encrypted workbook, as its directory has it (MS-OFFCRYPTO 1.3).
_ENCRYPTED_PACKAGE: Final = "EncryptedPackage".encode("utf-16-le")


def open_workbook(file: BinaryIO, sheet: str = "") -> "SheetTable":
    """The sheet of that name, or the first visible one that holds anything.

    Raises Unreadable with a sentence for staff: damaged, encrypted, empty, or larger inside than can be read.
    """
    if zipfile.is_zipfile(file):
        _measure(file)
    file.seek(0)
    try:
        workbook = CalamineWorkbook.from_filelike(file)
        names = [
            each.name
            for each in workbook.sheets_metadata
            if each.typ in (SheetTypeEnum.WorkSheet, SheetTypeEnum.MacroSheet)
        ]
        hidden = {each.name for each in workbook.sheets_metadata if "Hidden" in str(each.visible)}
        shown = [name for name in names if name not in hidden] or names
        for name in [sheet] if sheet in names else shown:
            found = workbook.get_sheet_by_name(name)
            if found.height:
                return SheetTable(found, name, shown)
    except PasswordError:
        raise Unreadable(_ENCRYPTED) from None
    except CalamineError:
        raise Unreadable(_ENCRYPTED if _is_encrypted(file) else _DAMAGED) from None
    except BaseException as error:
        # A panic of the Rust code under it is no Exception.
        if type(error).__name__ != "PanicException":
            raise
        raise Unreadable(_DAMAGED) from None
    raise Unreadable("The workbook is empty: none of its sheets holds anything.")


def _is_encrypted(file: BinaryIO) -> bool:
    file.seek(0)
    tail = b""
    while block := file.read(_BLOCK):
        if _ENCRYPTED_PACKAGE in tail + block:
            return True
        tail = block[-len(_ENCRYPTED_PACKAGE) :]
    return False


def _measure(file: BinaryIO) -> None:
    """Raise Unreadable when the workbook unpacks to too much, or a sheet spans too far.

    Every part is unpacked once and thrown away: the sizes that an archive declares can be wrong.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            parts = archive.infolist()
            if sum(part.file_size for part in parts) > MAX_UNPACKED:
                raise Unreadable(
                    f"The workbook unpacks to more than {MAX_UNPACKED // 1024**2} MB, which is no list of people. "
                    "Save the list alone as CSV and upload that."
                )
            for part in parts:
                with archive.open(part) as content:
                    _measure_part(content, is_sheet=part.filename.startswith("xl/worksheets/"))
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError, RuntimeError):
        raise Unreadable(_DAMAGED) from None


def _measure_part(content: IO[bytes], is_sheet: bool) -> None:
    bottom = right = 0
    tail = b""
    while block := content.read(_BLOCK):
        if not is_sheet:
            continue
        block = tail + block
        cells = set(_CELL.findall(block))
        tail = block[-256:]
        bottom = max(bottom, max((int(row) for _, row in cells), default=0))
        right = max(right, max((_column_number(letters) for letters in {letters for letters, _ in cells}), default=0))
        if bottom * right > MAX_CELLS:
            raise Unreadable(
                f"A sheet of the workbook spans {right:,} columns and {bottom:,} lines, more than can be read. "
                "Something stands far away from the list: copy the list alone into a new workbook and upload that."
            )


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


@dataclass
class SheetTable:
    """One sheet of a workbook."""

    sheet: CalamineSheet
    name: str
    names: list[str]

    def form(self) -> dict[str, Any]:
        return {"kind": "workbook", "sheet": self.name, "sheets": self.names}

    def expected(self, done: int) -> int:
        return max(done, self.sheet.total_height)

    def lines(self) -> Iterator[Line]:
        for number, cells in enumerate(self.sheet.iter_rows(), start=1):
            yield Line(number, cells)
