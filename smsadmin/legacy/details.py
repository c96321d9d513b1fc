"""Reads `message_logs.details`, a JSON list, entry by entry, as far as it is intact."""

import json
import re
from collections.abc import Iterator
from typing import Any, Final

from messaging.error_codes import error_table

_SPACE: Final = re.compile(r"[ \t\r\n]*")
_MARKED: Final = re.compile(r"(?i)(?:errors?|codes?)[\s:#=/'\"\]}]{0,4}(\d{5})\b|[(\[](\d{5})[)\]]")
_FIVE_DIGITS: Final = re.compile(r"(?<![\d+])\d{5}(?!\d)")


class BrokenDetails(ValueError):
    """A list that is cut off, or not a list; the entries before the break have been yielded."""


def iter_entries(text: str) -> Iterator[Any]:
    """Yields the entries of the list; a single object counts as a list of one.

    Raises BrokenDetails.
    """
    decode = json.JSONDecoder().raw_decode
    place = _skip_space(text, 0)
    if text[place : place + 1] == "{":
        yield _decode(decode, text, place)[0]
        return
    if text[place : place + 1] != "[":
        raise BrokenDetails("it is not a list")
    place = _skip_space(text, place + 1)
    if text[place : place + 1] == "]":
        return
    while True:
        entry, place = _decode(decode, text, place)
        yield entry
        place = _skip_space(text, place)
        sign = text[place : place + 1]
        if sign == "]":
            return
        if sign != ",":
            raise BrokenDetails(f"it breaks off at character {place + 1:,} of {len(text):,}")
        place = _skip_space(text, place + 1)


def _decode(decode: Any, text: str, place: int) -> tuple[Any, int]:
    try:
        entry, end = decode(text, place)
    except (ValueError, RecursionError):
        raise BrokenDetails(f"it breaks off at character {place + 1:,} of {len(text):,}") from None
    return entry, end


def _skip_space(text: str, place: int) -> int:
    found = _SPACE.match(text, place)
    return found.end() if found else place


def find_error_code(error: str) -> int | None:
    """Twilio's code in an error message: one that is labeled as such, else one that we know."""
    for found in _MARKED.finditer(error):
        return int(found[1] or found[2])
    known = error_table()
    return next((code for one in _FIVE_DIGITS.findall(error) if (code := int(one)) in known), None)
