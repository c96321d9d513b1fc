"""Definitions of audiences: conditions joined by and, or and not, as JSON.

    {"all": [condition, …], "any": [condition, …], "none": [condition, …]}

A person is in it who meets every condition of "all", at least one of "any" if there are some, and none of "none".
Conditions (`conditions` has the kinds; apps register theirs) name groups, events and so on by id in the database, and
by id or name at the prompt: `read` takes both, and `Definition.stored` has ids only. A condition may also be a
definition, in parentheses as it were.

A definition that can't be understood, because what it names was deleted or its form is wrong, is refused as a whole:
leaving out a condition would reach more people than meant.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

from django.db.models import Q, QuerySet
from django.utils.text import get_text_list

from . import conditions
from .conditions import Condition
from .pools import EVERYWHERE, Kind, Pool

JOINS: Final = ("all", "any", "none")
# Far more than anyone needs, but few enough for one query.
MOST_CONDITIONS: Final = 100
DEEPEST: Final = 5


class BadDefinition(ValueError):
    """The definition can't be understood; str() is a sentence for staff."""


@dataclass(frozen=True, slots=True)
class Definition:
    """Whom an audience has: conditions of which all, one or none must be met. Made by `read`.

    It can be asked what a condition can be asked.
    """

    all: tuple["Condition | Self", ...] = ()
    any: tuple["Condition | Self", ...] = ()
    none: tuple["Condition | Self", ...] = ()

    def q(self, known: Pool | None) -> Q:
        """The condition on an outer row's phone. For rows of the pool `known`, being in it isn't looked up again."""
        found, either = Q(), Q()
        for condition in self.all:
            found &= condition.q(known)
        for condition in self.any:
            either |= condition.q(known)
        found &= either
        for condition in self.none:
            found &= ~condition.q(None)
        return found

    def pools(self) -> list[Pool]:
        """The lists that its conditions ask for, each once, the most specific first."""
        return sorted(
            {pool for condition in (*self.all, *self.any) for pool in condition.pools()}, key=_specific_first
        )

    @property
    def is_within_pools(self) -> bool:
        """Whether everyone in it is on one of `pools`."""
        any_of = bool(self.any) and all(condition.is_within_pools for condition in self.any)
        return any_of or any(condition.is_within_pools for condition in self.all)

    def __iter__(self) -> Iterator["Condition | Self"]:
        yield from (*self.all, *self.any, *self.none)

    def stored(self) -> dict[str, Any]:
        """The JSON for the database, with ids."""
        joined = {join: [condition.stored() for condition in getattr(self, join)] for join in JOINS}
        return {join: conditions for join, conditions in joined.items() if conditions}

    def words(self, is_met: bool = True) -> str:
        """Whom it has, such as "Grade is 5, not registered for Picnic"."""
        parts = [self._words_of(condition) for condition in self.all]
        if self.any:
            parts.append(get_text_list([self._words_of(condition) for condition in self.any], "or"))
        parts += [condition.words(is_met=False) for condition in self.none]
        words = ", ".join(parts)
        return words if is_met else f"not ({words})"

    def _words_of(self, condition: "Condition | Definition") -> str:
        """In parentheses where another part could be read as one of it."""
        is_several = isinstance(condition, Definition) and len(list(condition)) > 1 and len(list(self)) > 1
        return f"({condition.words()})" if is_several else condition.words()

    @property
    def title(self) -> str:
        """What it is called where people are chosen: the lists by name, such as "Choir and Picnic, not Drivers"."""
        names = [condition.title for condition in self.any]
        if self.all or not all(names):
            return self.words()
        title = get_text_list(names, "and")
        return ", ".join([title, *(f"not {condition.title or condition.words()}" for condition in self.none)])

    def sources(self) -> list[QuerySet[Any]]:
        """Its people: rows with a phone and a name, without anyone twice, from one list after the other.

        Someone on several lists comes from the most specific one. Lists that it asks for come before others.
        """
        pools = self.pools()
        if not self.is_within_pools:
            pools += [pool for pool in EVERYWHERE if pool not in pools]
        # A profile counts only for someone who is on no list.
        pools.sort(key=lambda pool: pool.kind is Kind.PEOPLE)
        return [
            pool.people().filter(self.q(pool), *(~Q(earlier.has()) for earlier in pools[:number]))
            for number, pool in enumerate(pools)
        ]


def _specific_first(pool: Pool) -> tuple[int, int]:
    # Of two events or groups, the later one.
    return pool.kind, -(pool.pk or 0)


def read(data: Any, *, within: tuple[int, ...] = (), depth: int = 0) -> Definition:
    """The definition that the JSON stands for. Raises BadDefinition.

    `within` are the ids of the saved audiences that are being read, each part of the one before.
    """
    if not isinstance(data, Mapping):
        raise BadDefinition(
            'An audience is written as {"all": [conditions], "any": [conditions], "none": [conditions]}.'
        )
    if unknown := data.keys() - set(JOINS):
        raise BadDefinition(f"“{min(map(str, unknown))}” isn’t known here. Use “all”, “any” and “none”.")
    if depth >= DEEPEST:
        raise BadDefinition(f"Definitions can be nested {DEEPEST} deep at most.")
    joined: dict[str, tuple[Any, ...]] = {}
    for join in JOINS:
        listed = data.get(join, [])
        if not isinstance(listed, list):
            raise BadDefinition(f"“{join}” takes a list of conditions.")
        joined[join] = tuple(_read_condition(one, within, depth) for one in listed)
    definition = Definition(**joined)
    if not (definition.all or definition.any or definition.none):
        raise BadDefinition("This audience has no conditions. Add at least one.")
    if depth == 0 and _size(definition) > MOST_CONDITIONS:
        raise BadDefinition(f"An audience can have {MOST_CONDITIONS} conditions at most.")
    return definition


def read_text(text: str) -> Definition:
    """The definition in a text of JSON. Raises BadDefinition."""
    try:
        data = json.loads(text)
    except ValueError as error:
        position = f" (at character {error.pos + 1})" if isinstance(error, json.JSONDecodeError) else ""
        raise BadDefinition(f"This isn’t valid JSON{position}.") from None
    except RecursionError:
        raise BadDefinition(f"Definitions can be nested {DEEPEST} deep at most.") from None
    return read(data)


def uses_field(data: Any, field_id: int) -> bool:
    """Whether the JSON of a stored definition asks for a field."""
    if not isinstance(data, dict):
        return False
    if data.get("field") == field_id:
        return True
    return any(uses_field(one, field_id) for join in JOINS if _is_list(data, join) for one in data[join])


def without_phone(data: Any, phone: str) -> Any:
    """The JSON of a definition without a person whom it names; anything else stays as it is.

    Where the person was the only one of a condition, the condition goes only if nobody can be added by that;
    otherwise it stays without phones, and the definition can't be used any more.
    """
    if not isinstance(data, dict):
        return data
    if isinstance(listed := data.get("phones"), list):
        return data | {"phones": [one for one in listed if one != phone]}
    found = {join: [without_phone(one, phone) for one in data[join]] for join in JOINS if _is_list(data, join)}
    for join, others in (("any", ()), ("none", ("all", "any"))):
        kept = [one for one in found.get(join, []) if one != {"phones": []}]
        if join in found and (kept or any(found.get(other) for other in others)):
            found[join] = kept
    return data | found


def _is_list(data: dict[str, Any], join: str) -> bool:
    return isinstance(data.get(join), list)


def _read_condition(data: Any, within: tuple[int, ...], depth: int) -> "Condition | Definition":
    if not isinstance(data, Mapping) or not data:
        raise BadDefinition('A condition is written like {"group": "Choir"}.')
    if data.keys() <= set(JOINS):
        return read(data, within=within, depth=depth + 1)
    for key, kind in conditions.kinds().items():
        if key in data:
            try:
                return kind.read(data, within)
            except conditions.BadCondition as problem:
                raise BadDefinition(str(problem)) from None
    known = get_text_list([f"“{key}”" for key in conditions.kinds()], "or")
    raise BadDefinition(f"“{min(map(str, data))}” isn’t a condition. Use {known}.")


def _size(definition: Definition) -> int:
    return sum(_size(one) if isinstance(one, Definition) else 1 for one in definition)
