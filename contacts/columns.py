"""Which column is what, and which person a line is.

The headings are asked first (`contacts.wordings`) and the cells have the last word: a column of that name
that holds no phone is none, and without headings the column that reads as phones is the phone.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import phonenumbers
from django.db import models

from . import phones, wordings
from .phones import InvalidPhone
from .tables import Line
from .wordings import FIRST_NAME, HALVABLE_NAME, LAST_FIRST, LAST_NAME, MIDDLE_NAME, NAME, plain

MAX_COLUMNS: Final = 200
HEADER_WITHIN: Final = 10
SAMPLE: Final = 200

_NO_VALUE: Final = frozenset({"", "n a", "na", "none", "unknown", "no phone", "tbd", "null", "nan", "x"})


class Role(models.TextChoices):
    """What a column is to the import. Several columns can have the same role: the first that is filled counts."""

    PHONE = "phone", "Phone"
    OTHER_PHONE = "other_phone", "Phone, if the first is missing or not valid"
    PHONE_KIND = "phone_kind", "Kind of the phone in the next column"
    NAME = "name", "Name"
    LAST_FIRST = "last_first", "Name as “Last, First”"
    FIRST_NAME = "first_name", "First name"
    MIDDLE_NAME = "middle_name", "Middle name"
    LAST_NAME = "last_name", "Last name"
    IGNORED = "ignored", "Not imported"


@dataclass(frozen=True)
class Layout:
    """How the lines of a file are to be read.

    `header_line` is the number of the line with the headings, 0 without one; the lines before it are skipped.
    `headings` and `roles` go by column; a file without headings has empty ones.
    """

    header_line: int
    headings: list[str]
    roles: list[Role]

    @property
    def has_phone(self) -> bool:
        return Role.PHONE in self.roles or Role.OTHER_PHONE in self.roles


@dataclass
class _Column:
    """What the cells of a column look like in the sample."""

    filled: int = 0
    phones: int = 0
    dialled: int = 0  # phones that are in use by their country's plan, not merely of a possible length
    names: int = 0
    words: int = 0
    values: set[str] = field(default_factory=set)

    @property
    def phone_rate(self) -> float:
        return self.phones / self.filled if self.filled else 0.0

    @property
    def is_names(self) -> bool:
        """Mostly name-like, and not the same few words over and over (a size, a town, yes and no)."""
        varied = len(self.values) >= (self.filled / 2 if self.filled < 10 else max(5, self.filled * 0.15))
        return self.filled > 0 and self.names >= self.filled * 0.7 and varied

    @property
    def is_whole_names(self) -> bool:
        return self.words >= self.filled * 1.5


def detect(sample: Sequence[Line], header_line: int | None = None) -> Layout:
    """The layout of a file by its first lines, blank ones left out.

    `header_line` is the number of the line that staff said has the headings (0: none); None detects it.
    """
    if header_line is None:
        header_line = _find_header(sample)
    header = next((line for line in sample if line.number == header_line), None)
    body = [line for line in sample if line.number > header_line][:SAMPLE]
    width = min(max((len(line.cells) for line in (*body, *([header] if header else []))), default=0), MAX_COLUMNS)
    headings = [text_of(cell) for cell in header.cells[:width]] if header else []
    headings += [""] * (width - len(headings))
    columns = [_look_at(body, index) for index in range(width)]
    roles = [Role.IGNORED] * width
    _assign_phones(roles, headings, columns)
    _assign_names(roles, headings, columns)
    return Layout(header_line if header else 0, headings, roles)


def text_of(cell: Any) -> str:
    """A cell of any type as text; the whole number that a spreadsheet keeps as 7203832388.0 without the fraction."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip()


def _find_header(sample: Sequence[Line]) -> int:
    first = next((index for index, line in enumerate(sample) if any(map(_is_phone, line.cells))), None)
    before = sample[: HEADER_WITHIN if first is None else min(first, HEADER_WITHIN)]
    known = [sum(map(_is_known_heading, line.cells)) for line in before]
    if any(known):
        # The fullest, and of equals the last: a title above the headings can sound like one of them.
        best = max(range(len(known)), key=lambda index: (known[index], index))
        return before[best].number
    if first == 1:
        # Headings in words that we don't know: letters, where the next line has its phone.
        index = next(index for index, cell in enumerate(sample[1].cells) if _is_phone(cell))
        cells = sample[0].cells
        above = text_of(cells[index]) if index < len(cells) else ""
        if plain(above) not in _NO_VALUE and not any(character.isdigit() for character in above):
            return sample[0].number
    return 0


def _is_known_heading(cell: Any) -> bool:
    heading = plain(text_of(cell))
    return (
        heading in FIRST_NAME | MIDDLE_NAME | LAST_NAME | NAME | LAST_FIRST
        or wordings.phone_rank(text_of(cell)) is not None
        or (wordings.may_be_phone(heading) and len(heading.split()) <= 3)
    )


def _is_phone(cell: Any) -> bool:
    return bool(_phone_in(cell))


def _phone_in(cell: Any) -> str:
    if sum(character.isdigit() for character in str(cell)) < 7:
        return ""
    try:
        return phones.normalise(cell)
    except InvalidPhone:
        return ""


def _look_at(body: Sequence[Line], index: int) -> _Column:
    column = _Column()
    for line in body:
        text = text_of(line.cells[index]) if index < len(line.cells) else ""
        if not text:
            continue
        column.filled += 1
        column.values.add(text)
        if phone := _phone_in(line.cells[index]):
            column.phones += 1
            column.dialled += phonenumbers.is_valid_number(phonenumbers.parse(phone))
        elif _is_name_like(text):
            column.names += 1
            column.words += len(text.split())
    return column


def _is_name_like(text: str) -> bool:
    letters = sum(character.isalpha() for character in text)
    return (
        letters >= 0.6 * len(text.replace(" ", ""))
        and len(text) <= 60
        and len(text.split()) <= 6
        and not any(character.isdigit() or character in "@/\\<>=?!:“”" for character in text)
    )


def _assign_phones(roles: list[Role], headings: list[str], columns: list[_Column]) -> None:
    ranks = {i: rank for i, heading in enumerate(headings) if (rank := wordings.phone_rank(heading)) is not None}
    if not any(columns[i].phones for i in ranks):
        by_cells = [i for i, column in enumerate(columns) if column.phones and column.phone_rate >= 0.3]
        likely = [i for i in by_cells if wordings.may_be_phone(headings[i])] or by_cells
        if likely:
            best = max(likely, key=lambda i: (columns[i].phones, columns[i].dialled, -i))
            ranks = {best: wordings.PLAIN}
    if not ranks:
        return
    soonest = min(ranks.values())
    for i, rank in ranks.items():
        roles[i] = Role.PHONE if rank == soonest else Role.OTHER_PHONE
    for i, heading in enumerate(headings):
        if wordings.is_phone_kind(heading) and any(j > i for j in ranks):
            roles[i] = Role.PHONE_KIND


def _assign_names(roles: list[Role], headings: list[str], columns: list[_Column]) -> None:
    free = [i for i, role in enumerate(roles) if role == Role.IGNORED and columns[i].phone_rate < 0.5]
    words = {i: plain(headings[i]) for i in free}
    for wording, role in (
        (FIRST_NAME, Role.FIRST_NAME),
        (MIDDLE_NAME, Role.MIDDLE_NAME),
        (LAST_NAME, Role.LAST_NAME),
        (LAST_FIRST, Role.LAST_FIRST),
    ):
        for i in free:
            if words[i] in wording:
                roles[i] = role
    has_first, has_last = Role.FIRST_NAME in roles, Role.LAST_NAME in roles
    for i in free:
        if words[i] not in NAME:
            continue
        if words[i] in HALVABLE_NAME and has_first != has_last:
            roles[i] = Role.LAST_NAME if has_first else Role.FIRST_NAME
        elif columns[i].names or not columns[i].filled or words[i] in HALVABLE_NAME or "name" in words[i]:
            # "Member" or "Contact" can be anything, and are names where the cells look like some.
            roles[i] = Role.NAME
    if not set(roles) & {Role.NAME, Role.FIRST_NAME, Role.LAST_NAME, Role.LAST_FIRST}:
        _assign_names_by_cells(roles, [i for i in free if not wordings.names_no_person(headings[i])], columns)


def _assign_names_by_cells(roles: list[Role], free: list[int], columns: list[_Column]) -> None:
    """The first column of whole names, else the first two of single words as first and last name."""
    likely = [i for i in free if columns[i].is_names]
    if not likely:
        return
    if len(likely) == 1 or columns[likely[0]].is_whole_names:
        roles[likely[0]] = Role.NAME
    else:
        roles[likely[0]], roles[likely[1]] = Role.FIRST_NAME, Role.LAST_NAME
