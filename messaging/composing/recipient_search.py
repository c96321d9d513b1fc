"""Finding whom a message can go to: lists by name, people by name or number."""

from typing import Any, Final

from contacts import known_people, phones
from contacts.admin.picking import searchable_lists
from smsadmin.lib.text_lookup import fold

from .chips import COMMUNITY, LISTS, Chip

MOST_FOUND: Final = 5
MOST_OFFERED: Final = 50
SHORTEST: Final = 2
LONGEST: Final = 160


def find(typed: str, user: Any) -> list[Chip]:
    """What the text may mean among what this user may see: lists by words of their names, people by name or number.

    A whole number is that person. For an empty text, the lists that are used most.
    """
    typed = " ".join(typed.replace("\0", "").split())[:LONGEST]
    if person := _read_number(typed):
        return [person]
    known = fold(COMMUNITY.label).split()
    is_everyone = all(any(one.startswith(word) for one in known) for word in fold(typed).split())
    found = [COMMUNITY] if is_everyone else []
    for kind, lists in LISTS.items():
        if user.has_perm(lists.permission):
            rows = lists.rows.filter(**{f"{lists.name_field}__mentions": typed}) if typed else lists.rows
            found += [Chip(kind, row.pk, str(row)) for row in rows[:MOST_FOUND]]
    if len(typed) >= SHORTEST:
        people = known_people.find(typed, searchable_lists(user))
        found += [Chip("person", person.phone, person.title) for person in people]
    return found


def is_number(typed: str) -> bool:
    """Whether the text is a whole phone number."""
    return _read_number(typed) is not None


def _read_number(typed: str) -> Chip | None:
    try:
        person = known_people.read(typed) if typed else None
    except phones.InvalidPhone:
        return None
    return Chip("person", person.phone, person.title) if person else None


def offered(user: Any) -> list[tuple[str, list[Chip]]]:
    """What can be chosen from a plain list, by kind."""
    groups = [("", [COMMUNITY])]
    for kind, lists in LISTS.items():
        if user.has_perm(lists.permission):
            groups.append((f"{lists.noun}s", [Chip(kind, row.pk, str(row)) for row in lists.rows[:MOST_OFFERED]]))
    return [(noun, found) for noun, found in groups if found]
