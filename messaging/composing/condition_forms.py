"""How the builder of audiences asks for a condition: forms that each kind of condition describes.

A form says which inputs there are and what JSON they make, so that the builder knows no kind by name.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Model

from smsadmin.lib.ids import read_key

MOST_LISTED: Final = 50
MOST_FOUND: Final = 12

Choices = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of a table to choose from: the first few are listed, the others are found by words of their text."""

    model: type[Model]
    field: str
    order: str

    def listed(self) -> Choices:
        return self._choices(self._rows[:MOST_LISTED])

    def find(self, typed: str) -> Choices:
        rows = self._rows.filter(**{f"{self.field}__mentions": typed}) if typed else self._rows
        return self._choices(rows[:MOST_FOUND])

    def one(self, value: str) -> Choices:
        """The row of this id as the only choice; nothing if it doesn't exist."""
        return self._choices(self._rows.filter(pk=read_key(value)))

    @property
    def _rows(self) -> Any:
        return self.model._default_manager.order_by(self.order)

    @staticmethod
    def _choices(rows: Any) -> Choices:
        return tuple((str(row.pk), str(row)) for row in rows)


@dataclass(frozen=True, slots=True)
class Input:
    """One input: a select of `choices` or `rows`, or a field of this `type` ("text", "number" or "date").

    With `unless`, the name of another input and values of that one, it isn't asked for while one of these is chosen.
    """

    name: str
    label: str
    choices: Choices = ()
    rows: Rows | None = None
    type: str = "text"
    unless: tuple[str, tuple[str, ...]] | None = None

    @property
    def is_select(self) -> bool:
        return bool(self.choices) or self.rows is not None

    def is_asked(self, values: Mapping[str, str]) -> bool:
        return self.unless is None or values.get(self.unless[0]) not in self.unless[1]


@dataclass(frozen=True, slots=True)
class Form:
    """One entry in the builder's list of conditions, under the heading `section`.

    `data` makes the condition's JSON of the values of the inputs by name.
    """

    key: str
    label: str
    section: str
    data: Callable[[Mapping[str, str]], dict[str, Any]]
    inputs: tuple[Input, ...] = ()

    def missing(self, values: Mapping[str, str]) -> str:
        """What is still to be filled in, as a sentence; "" if nothing is."""
        for one in self.inputs:
            if one.is_asked(values) and not values.get(one.name):
                return f"{'Choose' if one.is_select else 'Fill in'} the {one.label.lower()}."
        return ""
