"""Files of people as they really come: text in any usual encoding and separator, workbooks, saved web pages, vCards.

`open_table` recognises what a file is and gives its lines; what the columns mean is for `contacts.imports.columns`.
"""

import codecs
from collections.abc import Callable
from typing import BinaryIO

from .. import people
from . import detection, workbooks
from .delimited import SEPARATORS, TextTable
from .encodings import ENCODINGS
from .tables import Choices, Line, Table, Unreadable
from .vcards import CardTable

__all__ = ["ENCODINGS", "SEPARATORS", "Choices", "Line", "Table", "Unreadable", "open_table"]


def open_table(
    file: BinaryIO, size: int, choices: Choices | None = None, on_wait: Callable[[], None] = lambda: None
) -> Table:
    """The table in a seekable file of `size` bytes, to be closed after use; a workbook's must have a descriptor.

    Raises Unreadable with a sentence for staff: an empty file, a picture, an archive, a damaged or encrypted
    workbook. Bytes that the encoding does not have come out as U+FFFD. `on_wait` is called about once a second
    while a workbook's reader has nothing to show.
    """
    choices = choices or Choices()
    file.seek(0)
    head = file.read(detection.HEAD)
    file.seek(0)
    if not head:
        raise Unreadable("The file is empty.")
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        head = head.decode("utf-16", "ignore").encode("utf-8", "ignore")
    if detection.is_workbook(head):
        return workbooks.open_sheet(file, "workbook", choices.sheet, people.count_people, on_wait)
    if detection.is_web_page(head):
        return workbooks.open_sheet(file, "html", choices.sheet, people.count_people, on_wait)
    if detection.is_vcard(head):
        return CardTable.recognise(file, size, choices)
    detection.refuse_foreign(head)
    return TextTable.recognise(file, size, choices)
