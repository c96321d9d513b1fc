"""Defining fields: their keys, and changing their kind without losing what people's values say."""

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any, Final

from django.db import transaction
from django.db.models import Count
from django.utils import timezone
from django.utils.text import get_text_list

from smsadmin.lib.plurals import people
from smsadmin.lib.registry import Registry
from smsadmin.lib.text_lookup import fold

from . import profile_values
from .models import ProfileField, ProfileValue

LONGEST_KEY: Final = 40
MOST_CHOICES: Final = 100
# What messages insert otherwise: {name}, {full_name}, {first_name}.
TAKEN: Final = frozenset({"name", "full_name", "fullname", "first_name", "firstname"})
_EXAMPLES: Final = 3

# Functions that say in words what else uses a field, such as "the audience “Fifth graders”". For other apps.
users: Registry[Callable[[ProfileField], list[str]]] = Registry()


@dataclass(frozen=True, slots=True)
class Misfit:
    """Values that a field can't have any more: of how many people, and some of them."""

    count: int
    examples: tuple[str, ...]

    @property
    def sentence(self) -> str:
        named = get_text_list([f"“{value}”" for value in self.examples], "and")
        have = "has a value" if self.count == 1 else "have values"
        such = ", such as " if self.count > len(self.examples) else ": "
        return f"{people(self.count)} {have} that wouldn’t fit{such}{named}. Change those first."


def key_for(label: str, others: Collection[str] = ()) -> str:
    """A key made from a label, such as "t_shirt_size" from "T-shirt size", that none of `others` has.

    fields.js makes the same while the label is typed.
    """
    words = re.findall(r"[a-z0-9]+", fold(label))
    key = "_".join(words)[: LONGEST_KEY - 4].strip("_")
    if not key[:1].isalpha():
        key = f"field_{key}"[: LONGEST_KEY - 4].strip("_")
    number, made = 1, key
    while made in TAKEN or made in others:
        number += 1
        made = f"{key}_{number}"
    return made


def read_choices(text: str) -> list[str]:
    """The choices of a text with one a line, without blank lines and repeats."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        if choice := " ".join(line.split())[: profile_values.LONGEST]:
            found.setdefault(profile_values.comparable(choice), choice)
    return list(found.values())


def find_misfit(field: ProfileField) -> Misfit | None:
    """The values that people have in a field and that don't suit it as it is now, saved or not."""
    count, examples = 0, []
    for value, number in _values(field):
        try:
            profile_values.canonical(field, value)
        except profile_values.BadValue:
            count += number
            examples.append(value)
    return Misfit(count, tuple(examples[:_EXAMPLES])) if count else None


def save(field: ProfileField) -> None:
    """Save a changed field, and its values in the form that it has now: "y" becomes "Yes". Raises BadValue."""
    with transaction.atomic():
        field.save()
        for value, _ in list(_values(field)):
            found = profile_values.canonical(field, value)
            if found is not None and found.value != value:
                ProfileValue.objects.filter(field=field, value=value).update(
                    value=found.value, folded=found.folded, number=found.number, updated_at=timezone.now()
                )


def _values(field: ProfileField) -> Iterator[tuple[str, int]]:
    """The different values and how many people have each, the most common first."""
    rows = ProfileValue.objects.filter(field=field.pk).order_by().values("value").annotate(count=Count("pk"))
    yield from rows.order_by("-count", "value").values_list("value", "count").iterator()


def used_by(field: ProfileField) -> list[str]:
    """What else uses the field, in words."""
    return [use for find in users for use in find(field)]


def warning(field: ProfileField) -> str:
    """What is lost with the field, in sentences."""
    count = ProfileValue.objects.filter(field=field).count()
    lost = f"{people(count)} {'has' if count == 1 else 'have'} a value in it, which is lost." if count else ""
    used = used_by(field)
    breaks: Any = f"It is used by {get_text_list(used, 'and')}, which can’t be used afterwards." if used else ""
    return " ".join(filter(None, (lost or "Nobody has a value in it.", breaks)))
