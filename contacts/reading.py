"""From the cells of a line to a person: the phone that can be texted, and the name."""

import unicodedata
from collections.abc import Callable, Sequence
from contextlib import suppress
from operator import itemgetter
from typing import Any, Final

from . import columns, phones, wordings
from .columns import Layout, Role, text_of
from .csv_files import undefuse
from .phones import InvalidPhone
from .tables import Line

MAX_NAME: Final = 100

Person = tuple[str, str | None]

_UNREADABLE: Final = "\ufffd"
_GOOGLE_SEPARATOR: Final = ":::"
# Marks that are there to be invisible; the joiners of emoji and of Persian and Indic scripts are letters' business.
_INVISIBLE: Final = frozenset(
    "\u00ad\u200b\u200e\u200f\u2060\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff"
)


class NoPerson(Exception):
    """A line that is no person; `sentence` tells staff why and what to do."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


def reader(layout: Layout) -> Callable[[Sequence[Any]], Person]:
    """The function that reads the cells of a line as a person: (phone in E.164, name or None).

    That function raises NoPerson with a sentence.
    """
    read_phone, read_name = _phone_reader(layout), _name_reader(layout)

    def read(cells: Sequence[Any]) -> Person:
        try:
            phone = read_phone(cells)
        except InvalidPhone as error:
            raise NoPerson(error.sentence) from None
        return phone, read_name(cells)

    return read


def count_people(sample: Sequence[Line]) -> int:
    """How many of the first lines of a sheet are people, by the layout that is detected in them."""
    layout = columns.detect([line for line in sample if not line.is_blank])
    if not layout.has_phone:
        return 0
    read_person = reader(layout)
    count = 0
    for line in sample:
        if line.number > layout.header_line:
            with suppress(NoPerson):
                read_person(line.cells)
                count += 1
    return count


def cell(cells: Sequence[Any], index: int) -> str:
    """The text of a cell as an export may have defused it; "" where the line is too short."""
    if index >= len(cells):
        return ""
    value = cells[index]
    return undefuse(value if type(value) is str else text_of(value))


def phone_columns(layout: Layout) -> list[int]:
    """The columns with phones in the order in which they are tried: mobile ones first, those of work last."""

    def order(index: int) -> tuple[bool, int, int]:
        rank = wordings.phone_rank(layout.headings[index])
        return layout.roles[index] != Role.PHONE, wordings.PLAIN if rank is None else rank, index

    return sorted((i for i, role in enumerate(layout.roles) if role in {Role.PHONE, Role.OTHER_PHONE}), key=order)


def _phone_reader(layout: Layout) -> Callable[[Sequence[Any]], str]:
    columns = phone_columns(layout)
    kinds = _kinds(layout, columns)
    if len(columns) == 1 and not kinds:
        only = columns[0]
        return lambda cells: _first_phone(cell(cells, only))
    if not kinds:
        return lambda cells: _any_phone(cells, columns)
    return lambda cells: _any_phone(cells, _by_kind(cells, columns, kinds, layout))


def _kinds(layout: Layout, columns: list[int]) -> dict[int, int]:
    """For each phone column the column that says of what kind its phone is."""
    pairs = {}
    for index, role in enumerate(layout.roles):
        if role == Role.PHONE_KIND and (phone := min((i for i in columns if i > index), default=None)) is not None:
            pairs[phone] = index
    return pairs


def _by_kind(cells: Sequence[Any], columns: list[int], kinds: dict[int, int], layout: Layout) -> list[int]:
    """The columns in the order that this line's own kinds give; without faxes and pagers."""
    ranked = []
    only_fax = False
    for position, index in enumerate(columns):
        rank = wordings.kind_rank(cell(cells, kinds[index])) if index in kinds else wordings.PLAIN
        if rank is None:
            only_fax = only_fax or bool(cell(cells, index))
            continue
        ranked.append((layout.roles[index] != Role.PHONE, rank, position, index))
    ordered = [entry[-1] for entry in sorted(ranked)]
    if only_fax and not any(cell(cells, index) for index in ordered):
        raise NoPerson("The only number is that of a fax or a pager, which cannot be texted.")
    return ordered


def _any_phone(cells: Sequence[Any], columns: list[int]) -> str:
    """The first valid phone; if none is valid, the error of the first that is there."""
    problem: InvalidPhone | None = None
    for index in columns:
        text = cell(cells, index)
        if not text:
            continue
        try:
            return _first_phone(text)
        except InvalidPhone as error:
            problem = problem or error
    raise problem or InvalidPhone("The phone number is missing.")


def _first_phone(text: str) -> str:
    """The phone in a cell, or the first valid of the several that Google Contacts puts into one."""
    if _GOOGLE_SEPARATOR not in text:
        return phones.normalise(text)
    problem: InvalidPhone | None = None
    for part in text.split(_GOOGLE_SEPARATOR):
        try:
            return phones.normalise(part)
        except InvalidPhone as error:
            problem = problem or error
    raise problem or InvalidPhone("The phone number is missing.")


def _name_reader(layout: Layout) -> Callable[[Sequence[Any]], str | None]:
    whole = [(i, role) for i, role in enumerate(layout.roles) if role in {Role.NAME, Role.LAST_FIRST}]
    order = [Role.FIRST_NAME, Role.MIDDLE_NAME, Role.LAST_NAME]
    halves = sorted((order.index(role), i) for i, role in enumerate(layout.roles) if role in order)
    parts = list(map(itemgetter(1), halves))

    def read(cells: Sequence[Any]) -> str | None:
        for index, role in whole:
            if name := clean_name(cell(cells, index)):
                return name if role == Role.NAME else _turned(name)
        if parts:
            return clean_name(" ".join(cell(cells, index) for index in parts))
        return None

    return read


def _turned(name: str) -> str:
    """ "Lovelace, Ada" as "Ada Lovelace"; what has no or several commas stays as it is."""
    last, comma, first = name.partition(",")
    return f"{first.strip()} {last.strip()}".strip() if comma and "," not in first else name


def clean_name(text: str) -> str | None:
    """A name with single spaces and without control characters; None when nothing is left.

    Raises NoPerson for a name that is too long, or that has a character that the encoding does not have.
    """
    if not text.isprintable():
        text = "".join(
            " " if unicodedata.category(character) == "Cc" else character
            for character in text.replace("\0", "")
            if character not in _INVISIBLE and unicodedata.category(character) != "Cs"
        )
    name = " ".join(text.split())
    if len(name) > MAX_NAME:
        raise NoPerson(f"The name “{name[:40]}…” has {len(name)} characters, and {MAX_NAME} is the most. Shorten it.")
    if _UNREADABLE in name:
        raise NoPerson(
            f"The name “{name}” has a character that cannot be read (�). Write it again, or choose another encoding."
        )
    return name or None
