"""Identifies a file by its first bytes, whatever its name says."""

import re
from typing import Final

from .tables import Unreadable

HEAD: Final = 4096
NOT_A_LIST: Final = "The file is {what}. Save the list as CSV or as an Excel workbook (.xlsx) and upload that."

# Workbooks: OLE (.xls) and zip archives, also an empty one (.xlsx, .xlsb, .ods).
_WORKBOOK: Final = (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"PK\x03\x04", b"PK\x05\x06")
_WEB_PAGE: Final = re.compile(
    rb"(?i)(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*\?>\s*)?(?:<!--.*?-->\s*)*"
    rb"<(?:!doctype\s+html|html|head|meta|body|style|title|table|center|div)\b",
    re.DOTALL,
)

_VCARD: Final = re.compile(rb"(?i)(?:\xef\xbb\xbf)?\s*BEGIN\s*:\s*VCARD\b")

# Published magic numbers: each format's own specification, as collected in the IANA media types registry.
_FOREIGN: Final[tuple[tuple[bytes, str], ...]] = (
    (rb"%PDF-", "a PDF"),
    (
        rb"\x89PNG\r\n|\xff\xd8\xff|GIF8[79]a|BM.{4}\0{4}|II\*\0|MM\0\*|RIFF.{4}WEBP|\0\0\0.ftyp(?:heic|mif1|avif)",
        "a picture",
    ),
    (rb"\0\0\0.ftyp|RIFF.{4}(?:AVI |WAVE)|ID3|OggS|\x1aE\xdf\xa3", "a recording"),
    (rb"\x1f\x8b|7z\xbc\xaf\x27\x1c|Rar!\x1a\x07|BZh[1-9]1AY|\xfd7zXZ\0", "an archive"),
    (rb"SQLite format 3\0", "a database"),
    (rb"\x7fELF|MZ.{58}", "a program"),
    (rb"\{\\rtf", "a word processor document"),
    (rb"(?i:MIME-Version:|Content-Type: multipart/related)", "a web archive"),
    (rb"(?:\xef\xbb\xbf)?\s*<\?xml", "an XML file"),
    (rb"(?:\xef\xbb\xbf)?\s*[\[{]\s*[\[{\"]", "a JSON file"),
)


def is_workbook(head: bytes) -> bool:
    """Whether it is an archive such as spreadsheet programs write; only its reader knows what is in it."""
    return head.startswith(_WORKBOOK)


def is_web_page(head: bytes) -> bool:
    """Whether it is HTML, which many systems name .xls and spreadsheet programs open as a workbook."""
    return bool(_WEB_PAGE.match(head))


def is_vcard(head: bytes) -> bool:
    return bool(_VCARD.match(head))


def refuse_foreign(head: bytes) -> None:
    """Raises Unreadable if the file is of a well-known type that isn't a list."""
    for pattern, what in _FOREIGN:
        if re.match(pattern, head, re.DOTALL):
            raise Unreadable(NOT_A_LIST.format(what=what))
