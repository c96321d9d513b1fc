"""The kinds of conditions that a definition of an audience is made of.

    {"community": true}                      in the community
    {"group": "Choir"}                       in the group
    {"event": 7}                             registered for the event
    {"audience": "Parents"}                  in the saved audience
    {"phones": ["+17205550101"]}             one of these people
    {"field": "grade", "is": "5"}            also is_not, less, greater, contains, and is_empty: true
    {"added_since": "2026-09-01"}            first added to a list on this day or later
    {"message": 12, "got": true}             got the blast or a resend of it; false: didn't
    {"message": 12, "answered": true}        texted within a week after getting it; false: didn't

Groups, events and audiences are given by id or name. "is_not" includes people without a value. The kinds are in
`list_conditions`, `field_conditions` and `blast_conditions`; each app registers its own with `register`.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Self

from django.db.models import Model, Q

from .condition_forms import Form
from .pools import Pool


class BadCondition(ValueError):
    """The condition can't be understood; str() is a sentence for staff."""


class Condition(ABC):
    """A question about one phone."""

    key: ClassVar[str]

    @classmethod
    @abstractmethod
    def read(cls, data: Mapping[str, Any], within: tuple[int, ...]) -> Self:
        """The condition of this JSON, which has the key. `within` are the ids of the saved audiences being read.

        Raises BadCondition.
        """

    @abstractmethod
    def q(self, known: Pool | None) -> Q:
        """The condition on the outer row's phone. For rows of the pool `known`, being in it isn't looked up again."""

    @abstractmethod
    def stored(self) -> dict[str, Any]:
        """The JSON for the database, with ids."""

    @abstractmethod
    def words(self, is_met: bool = True) -> str:
        """What it asks, such as "registered for Picnic"; or its opposite."""

    @property
    def title(self) -> str:
        """The name of the people who meet it, if they have one."""
        return ""

    def pools(self) -> list[Pool]:
        """The lists that it asks for."""
        return []

    @property
    def is_within_pools(self) -> bool:
        """Whether only people on `pools` can meet it."""
        return bool(self.pools())

    @classmethod
    def forms(cls) -> list[Form]:
        """The forms that the builder has for it. Without one, it can only be made at the prompt."""
        return []

    def filled(self) -> tuple[str, dict[str, str]] | None:
        """The key of the form that makes it, and what is filled in; None if no form does."""
        return None


_kinds: dict[str, type[Condition]] = {}


def register(*kinds: type[Condition]) -> None:
    """Make kinds of conditions known, in `AppConfig.ready` of the app that they are about."""
    _kinds.update({kind.key: kind for kind in kinds})


def kinds() -> Mapping[str, type[Condition]]:
    return _kinds


def only_keys(data: Mapping[str, Any], *keys: str) -> None:
    """Raises BadCondition if the condition has other keys."""
    if unknown := data.keys() - set(keys):
        raise BadCondition(f"“{min(map(str, unknown))}” isn’t known in the condition “{keys[0]}”.")


def read_flag(data: Mapping[str, Any], key: str) -> bool:
    """A true or false. Raises BadCondition."""
    if not isinstance(data[key], bool):
        raise BadCondition(f"“{key}” takes true or false.")
    return bool(data[key])


def find(model: type[Model], name_field: str, wanted: Any, what: str) -> Any:
    """The row of this id, or with this name in whatever case. Raises BadCondition."""
    rows: Any = model._default_manager
    if isinstance(wanted, int) and not isinstance(wanted, bool):
        found = rows.filter(pk=wanted).first() if 0 < wanted < 2**63 else None
        if found is None:
            raise BadCondition(f"{what} {wanted} doesn’t exist. It may have been deleted.")
        return found
    if not isinstance(wanted, str) or not wanted.strip():
        raise BadCondition(f"Give the {what.lower()}’s name or number.")
    name = " ".join(wanted.replace("\0", "").split())
    matches = list(rows.filter(**{f"{name_field}__iexact": name}).order_by("pk")[:3])
    exact = [row for row in matches if getattr(row, name_field) == name]
    matches = exact or matches
    if not matches:
        raise BadCondition(f"There is no {what.lower()} named “{name}”.")
    if len(matches) > 1:
        numbers = " and ".join(str(row.pk) for row in matches[:2])
        raise BadCondition(f"Several {what.lower()}s are named “{name}”. Give the number instead, such as {numbers}.")
    return matches[0]
