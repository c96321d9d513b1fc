"""Whom a message is for, as staff choose it on the compose page: chips, each with a value that the form posts.

    community    event:7    group:3    audience:5    person:<id>

Drafts keep a choice in its simplest form: the community or one event as such, anything else as a definition.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Model

from contacts import person_ids, phones
from contacts.models import Event, Group
from contacts.names import known_names
from smsadmin.lib.ids import read_key

from ..models import Draft, SavedAudience, Target


@dataclass(frozen=True, slots=True)
class Lists:
    """Lists of one kind: their model, the field with their names, and how they are shown."""

    model: type[Model]
    name_field: str
    noun: str
    icon: str

    @property
    def rows(self) -> Any:
        return self.model._default_manager.order_by("-pk" if self.model is Event else self.name_field)

    @property
    def permission(self) -> str:
        return f"{self.model._meta.app_label}.view_{self.model._meta.model_name}"


LISTS: Final = {
    "event": Lists(Event, "title", "Event", "event"),
    "group": Lists(Group, "name", "Group", "group"),
    "audience": Lists(SavedAudience, "name", "Audience", "audience"),
}


@dataclass(frozen=True, slots=True)
class Chip:
    """One choice. `key` is the id of a list, or the phone of a person; a lost one was deleted or never existed."""

    kind: str
    key: int | str = ""
    label: str = ""
    is_lost: bool = False

    @property
    def value(self) -> str:
        """What the form posts."""
        if self.kind == "person":
            return f"person:{person_ids.encode(str(self.key)) if self.key else ''}"
        return f"{self.kind}:{self.key}" if self.key else self.kind

    @property
    def noun(self) -> str:
        """What kind of choice it is, where the label alone doesn't say."""
        if self.kind == "person":
            return "Person"
        return LISTS[self.kind].noun if self.kind in LISTS else ""

    @property
    def detail(self) -> str:
        """A person's number, if the label is their name."""
        number = phones.display(str(self.key)) if self.kind == "person" and self.key else ""
        return number if number != self.label else ""

    @property
    def icon(self) -> str:
        return LISTS[self.kind].icon if self.kind in LISTS else "team" if self.kind == "person" else "people"


COMMUNITY: Final = Chip("community", label="Everyone in the community")


def read(values: Iterable[str]) -> list[Chip]:
    """The chips of these values in their order, each once. What can't be found is lost."""
    return _labeled([_parse(value) for value in dict.fromkeys(values)])


def _parse(value: str) -> Chip:
    kind, _, key = value.partition(":")
    if kind == "community":
        return COMMUNITY
    if kind == "person":
        phone = person_ids.decode(key) or ""
        return Chip(kind, phone if phones.E164.fullmatch(phone) else "")
    return Chip(kind, read_key(key)) if kind in LISTS else Chip("unknown")


def _labeled(found: Sequence[Chip]) -> list[Chip]:
    names: dict[str, dict[Any, str]] = {
        kind: {row.pk: str(row) for row in lists.rows.filter(pk__in=wanted)}
        for kind, lists in LISTS.items()
        if (wanted := [chip.key for chip in found if chip.kind == kind])
    }
    numbers = [str(chip.key) for chip in found if chip.kind == "person" and chip.key]
    known = known_names(numbers) if numbers else {}
    names["person"] = {number: known.get(number) or phones.display(number) for number in numbers}
    return [chip if chip == COMMUNITY else _label(chip, names.get(chip.kind, {}).get(chip.key)) for chip in found]


def _label(chip: Chip, name: str | None) -> Chip:
    return Chip(chip.kind, chip.key, name or f"Deleted {(chip.noun or 'list').lower()}", is_lost=name is None)


def of_draft(draft: Draft) -> tuple[list[Chip], list[Chip]]:
    """Whom the draft is for, and whom it leaves out. For a draft that chips can show."""
    to, minus = (_of_conditions(conditions) or [] for conditions in _conditions_of(draft))
    return _labeled(to), _labeled(minus)


def can_show(draft: Draft) -> bool:
    """Whether its audience is one that can be chosen with chips."""
    return all(_of_conditions(conditions) is not None for conditions in _conditions_of(draft))


def _conditions_of(draft: Draft) -> tuple[Any, Any]:
    if draft.target == Target.COMMUNITY:
        return [{"community": True}], []
    if draft.target == Target.EVENT:
        return [{"event": draft.event_id}] if draft.event_id else [], []
    stored = draft.definition or {}
    is_plain = isinstance(stored, dict) and stored.keys() <= {"any", "none"}
    return (stored.get("any", []), stored.get("none", [])) if is_plain else (None, None)


def _of_conditions(conditions: Any) -> list[Chip] | None:
    found: list[Chip] = []
    for condition in conditions if isinstance(conditions, list) else [None]:
        (kind, key), *more = condition.items() if isinstance(condition, dict) and condition else [("", None)]
        if more:
            return None
        if kind == "phones" and isinstance(key, list):
            # Without phones, those who were chosen have been erased.
            found += [Chip("person", phone) for phone in key or [""]]
        elif kind == "community":
            found.append(COMMUNITY)
        elif kind in LISTS and isinstance(key, int):
            found.append(Chip(kind, key))
        else:
            return None
    return found


def choose(draft: Draft, to: Sequence[Chip], minus: Sequence[Chip] = ()) -> None:
    """Make the draft go to these. Without any, it goes to nobody yet."""
    only = to[0] if len(to) == 1 and not minus else None
    draft.target, draft.event, draft.definition = Target.AUDIENCE, None, None
    if only is not None and only.kind == "community":
        draft.target = Target.COMMUNITY
    elif only is not None and only.kind == "event":
        draft.target = Target.EVENT
        draft.event_id = only.key
    else:
        draft.definition = definition(to, minus)


def definition(to: Sequence[Chip], minus: Sequence[Chip]) -> dict[str, Any] | None:
    """The JSON of a definition of these people; None without anyone to send to, which would mean everyone else."""
    if not to:
        return None
    joined = {"any": _conditions(to), "none": _conditions(minus)}
    return {join: conditions for join, conditions in joined.items() if conditions}


def _conditions(chosen: Sequence[Chip]) -> list[dict[str, Any]]:
    lists: list[dict[str, Any]] = [
        {"community": True} if chip.kind == "community" else {chip.kind: chip.key}
        for chip in chosen
        if chip.kind != "person"
    ]
    single = sorted(str(chip.key) for chip in chosen if chip.kind == "person")
    return [*lists, *([{"phones": single}] if single else [])]
