"""Whom staff mean by what they type where one person is asked for: a phone number, a name, or both."""

import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Model

from . import phones, searching
from .names import known_names

MOST_FOUND: Final = 8
LONGEST_NAME: Final = 100
# Long enough for a number that people dial; anything shorter, such as four last digits, is searched for.
_NUMBER: Final = re.compile(r"[+＋(]?\d[\d().\-‑–—/·\s]{5,}\d")
_BETWEEN: Final = " \t,;:·-–—()<>"


@dataclass(frozen=True, slots=True)
class Person:
    """A number in E.164 and the name that belongs to it, "" if none is known."""

    phone: str
    name: str = ""

    @property
    def number(self) -> str:
        return phones.display(self.phone)

    @property
    def title(self) -> str:
        """What a sentence calls them."""
        return self.name or self.number

    @property
    def label(self) -> str:
        """The name and the number: what a field shows, and what `resolve` reads again."""
        return f"{self.name}, {self.number}" if self.name else self.number


def of_phone(phone: str) -> Person:
    """The owner of a number in E.164, by the name on our lists."""
    return Person(phone, known_names([phone]).get(phone) or "")


def resolve(typed: str, lists: Sequence[type[Model]]) -> tuple[Person | None, list[Person]]:
    """The person whose whole number was typed; else those on `lists` who may be meant.

    Raises InvalidPhone for a number that cannot be one and that finds nobody.
    """
    with suppress(phones.InvalidPhone):
        if person := read(typed):
            return person, []
    if found := find(typed, lists):
        return None, found
    return read(typed), []


def read(typed: str) -> Person | None:
    """The person of the number in the text; the words beside it are the name, else the one on our lists is.

    None if the text has no number. Raises InvalidPhone for one that cannot be texted.
    """
    if phones.has_extension(typed):
        phones.normalize(typed)
    if not (number := _NUMBER.search(typed)):
        if not any(character.isalpha() for character in typed):
            phones.normalize(typed)
        return None
    phone = phones.normalize(number[0])
    rest = f"{typed[: number.start()]} {typed[number.end() :]}"
    name = " ".join(rest.split()).strip(_BETWEEN)[:LONGEST_NAME]
    return Person(phone, name) if name else of_phone(phone)


def find(typed: str, lists: Iterable[type[Model]], most: int = MOST_FOUND) -> list[Person]:
    """People on `lists` by name or number, as the search of the lists finds them; each number once."""
    found: dict[str, Person] = {}
    for model in lists:
        rows: Any = searching.search(model._default_manager.order_by("-pk"), typed, limit=most)
        for phone, name in rows.values_list("phone", "name")[:most]:
            found.setdefault(phone, Person(phone, name or ""))
    return list(found.values())[:most]
