"""What a file is, by its first bytes, whatever its name says."""

import re
import zipfile
from typing import BinaryIO, Final

from .tables import Unreadable

HEAD: Final = 4096
NOT_A_LIST: Final = "The file is {what}. Save the list as CSV or as an Excel workbook (.xlsx) and upload that."

_ZIP: Final = b"PK\x03\x04"
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

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
    (rb"\{\\rtf", "a word processor’s document"),
    (rb"(?i:\xef\xbb\xbf)?\s*(?i:BEGIN:VCARD)", "a vCard file"),
    (rb"(?:\xef\xbb\xbf)?\s*(?i:<!doctype html|<html)", "a web page"),
    (rb"(?:\xef\xbb\xbf)?\s*<\?xml", "an XML file"),
    (rb"(?:\xef\xbb\xbf)?\s*[\[{]\s*[\[{\"]", "a JSON file"),
)


def is_workbook(head: bytes, file: BinaryIO) -> bool:
    """Whether the file is a workbook of Excel's rather than text.

    Raises Unreadable when it is an archive that holds something else.
    """
    if head.startswith(_OLE):
        return True
    if not head.startswith(b"PK"):
        return False
    try:
        with zipfile.ZipFile(file) as archive:
            names = set(archive.namelist())
            kind = archive.read("mimetype")[:100] if "mimetype" in names else b""
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, RuntimeError):
        if head.startswith(_ZIP):
            raise Unreadable(
                "The file is a damaged workbook or archive: it was probably cut short on its way. "
                "Save it again and upload the new file."
            ) from None
        return False
    finally:
        file.seek(0)
    if "xl/workbook.xml" in names:
        return True
    if "xl/workbook.bin" in names or b"opendocument.spreadsheet" in kind:
        raise Unreadable("Workbooks of this kind cannot be read. Save it as .xlsx or CSV and upload that.")
    if any(name.startswith("word/") for name in names) or b"opendocument.text" in kind:
        raise Unreadable(NOT_A_LIST.format(what="a word processor’s document"))
    if any(name.endswith(".iwa") for name in names):
        raise Unreadable("The file is an Apple Numbers document. Export it as CSV or Excel and upload that.")
    raise Unreadable("The file is a zip archive. Unpack it and upload the list that is in it.")


def refuse_foreign(head: bytes) -> None:
    """Raise Unreadable when the file is of a well-known kind that is no list."""
    for pattern, what in _FOREIGN:
        if re.match(pattern, head, re.DOTALL):
            raise Unreadable(NOT_A_LIST.format(what=what))
