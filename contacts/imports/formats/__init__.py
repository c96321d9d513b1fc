"""Files of people as they come: text in any common encoding and separator, workbooks, saved web pages, vCards.

`open_table` recognizes what a file is and yields its lines; `contacts.imports.columns` knows what the columns mean.
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
    """The table in a seekable file of `size` bytes; close it after use. A workbook's file must have a descriptor.

    Raises Unreadable with a sentence for staff: an empty file, a picture, an archive, a damaged or encrypted
    workbook. Bytes that are invalid in the encoding become U+FFFD. `on_wait` is called about once a second while a
    workbook's reader has nothing to return.
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
        return CardTable.recognize(file, size, choices)
    detection.refuse_foreign(head)
    return TextTable.recognize(file, size, choices)
