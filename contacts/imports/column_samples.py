"""What the cells of a column look like in the first lines of a file."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import phonenumbers

from ..phones import InvalidPhone
from . import cells
from .cells import Answer
from .formats.tables import Line

_CODE: Final = re.compile(r"(?:\+|00)?\s*[1-9][0-9]{0,3}|[A-Za-z]{2}|.{0,40}\(?\+[1-9][0-9]{0,3}\)?.{0,40}")
_TURNED: Final = re.compile(
    r"[^,]*[^\W\d_][^,]*,\s*(?!(?:jr|sr|ii|iii|iv|md|phd|esq)\b)[^,]*[^\W\d_][^,]*", re.IGNORECASE
)


def text_of(cell: Any) -> str:
    """A cell of any type as text; a whole number that a spreadsheet stores as 7203832388.0 loses the fraction."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip()


@dataclass
class Column:
    """What the cells of a column look like in the sample."""

    filled: int = 0
    phones: int = 0
    digits: int = 0  # cells with as many digits as a phone has, possible or not
    dialed: int = 0  # phones that are in use by their country's plan, not merely of a possible length
    names: int = 0
    words: int = 0
    turned: int = 0  # names as "Last, First"
    codes: int = 0
    answers: int = 0
    outs: int = 0
    ticks: int = 0
    values: set[str] = field(default_factory=set)

    def rate(self, count: int) -> float:
        return count / self.filled if self.filled else 0.0

    @property
    def is_names(self) -> bool:
        """Mostly name-like, and not the same few words over and over (a size, a town, yes and no)."""
        least = self.filled / 2 if self.filled < 10 else max(5, self.filled * 0.15)
        varied = self.filled == 1 or len(self.values) >= max(2, least)
        return self.filled > 0 and self.names >= self.filled * 0.7 and varied and not self.is_answers

    @property
    def is_constant(self) -> bool:
        return self.filled > 1 and len(self.values) == 1

    @property
    def is_whole_names(self) -> bool:
        return self.words >= self.filled * 1.5

    @property
    def is_answers(self) -> bool:
        return self.filled > 0 and self.rate(self.answers) >= 0.7

    @property
    def is_ticked(self) -> bool:
        return 0 < self.filled == self.ticks and len(self.values) == 1


def looks_like_phone(cell: Any) -> bool:
    return bool(_phone_in(cell)) or _has_digits_of_phone(text_of(cell))


def _has_digits_of_phone(text: str) -> bool:
    digits = sum(map(str.isdigit, text))
    return 7 <= digits <= 17 and digits >= 0.6 * len(text) and not re.search(r"\d{4}-\d\d-\d\d|\d:\d|\d/\d+/\d", text)


def _phone_in(cell: Any) -> str:
    if sum(character.isdigit() for character in str(cell)) < 7:
        return ""
    try:
        return cells.read_phone(text_of(cell))[0]
    except InvalidPhone:
        return ""


def look_at(body: Sequence[Line], index: int) -> Column:
    column = Column()
    for line in body:
        text = text_of(line.cells[index]) if index < len(line.cells) else ""
        if not text:
            continue
        column.filled += 1
        column.values.add(text)
        if phone := _phone_in(line.cells[index]):
            column.phones += 1
            column.dialed += phonenumbers.is_valid_number(phonenumbers.parse(phone))
        elif _is_name_like(text):
            column.names += 1
            column.words += len(text.split())
            column.turned += bool(_TURNED.fullmatch(text))
        column.digits += _has_digits_of_phone(text)
        column.codes += bool(_CODE.fullmatch(text))
        answer = cells.read_answer(text)
        column.answers += answer is not Answer.OTHER
        column.outs += answer is Answer.OUT
        column.ticks += cells.is_check_mark(text)
    return column


def _is_name_like(text: str) -> bool:
    letters = sum(character.isalpha() for character in text)
    return (
        letters >= 0.6 * len(text.replace(" ", ""))
        and len(text) <= 60
        and len(text.split()) <= 6
        and not any(character.isdigit() or character in "@/\\<>=?!:“”" for character in text)
    )
