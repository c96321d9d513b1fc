"""Files of people as they really come: text in any usual encoding and separator, or a workbook.

`open_table` recognises what a file is and gives its lines; what the columns mean is for `contacts.columns`.
"""

from typing import BinaryIO

from . import file_kinds, workbooks
from .delimited import ENCODINGS, SEPARATORS, TextTable
from .tables import Choices, Line, Table, Unreadable

__all__ = ["ENCODINGS", "SEPARATORS", "Choices", "Line", "Table", "Unreadable", "open_table"]


def open_table(file: BinaryIO, size: int, choices: Choices | None = None) -> Table:
    """The table in a seekable file of `size` bytes.

    Raises Unreadable with a sentence for staff: an empty file, a picture, an archive, a damaged or encrypted
    workbook. Bytes that the encoding does not have come out as U+FFFD.
    """
    choices = choices or Choices()
    head = file.read(file_kinds.HEAD)
    file.seek(0)
    if not head:
        raise Unreadable("The file is empty.")
    if file_kinds.is_workbook(head, file):
        return workbooks.open_workbook(file, choices.sheet)
    file_kinds.refuse_foreign(head)
    return TextTable.recognise(file, size, choices)
