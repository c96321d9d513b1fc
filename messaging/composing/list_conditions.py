"""Conditions about the lists that people are on, and since when."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, Final, Self

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.formats import date_format

from accounts import organization
from contacts import known_people, phones, profile_values
from contacts.models import Event, Group
from smsadmin.lib.ids import read_key
from smsadmin.lib.plurals import people

from ..models import SavedAudience
from .condition_forms import Form, Input, Rows
from .conditions import BadCondition, Condition, find, only_keys
from .pools import EVERYWHERE, Kind, Pool

MOST_PHONES: Final = 1_000


@dataclass(frozen=True, slots=True)
class InCommunity(Condition):
    key = "community"

    @classmethod
    def read(cls, data: Mapping[str, Any], within: tuple[int, ...]) -> Self:
        only_keys(data, "community")
        if data["community"] is not True:
            raise BadCondition("“community” takes true. For people who aren’t in it, put it in “none”.")
        return cls()

    def q(self, known: Pool | None) -> Q:
        return _is_in(self.pools()[0], known)

    def stored(self) -> dict[str, Any]:
        return {"community": True}

    @property
    def title(self) -> str:
        return "Community"

    def words(self, is_met: bool = True) -> str:
        return "in the community" if is_met else "not in the community"

    def pools(self) -> list[Pool]:
        return [Pool(Kind.COMMUNITY)]

    @classmethod
    def forms(cls) -> list[Form]:
        return [Form("community", "In the community", "Lists", lambda values: {"community": True})]

    def filled(self) -> tuple[str, dict[str, str]]:
        return self.key, {}


@dataclass(frozen=True, slots=True)
class InGroup(Condition):
    key = "group"
    group: Group

    @classmethod
    def read(cls, data: Mapping[str, Any], within: tuple[int, ...]) -> Self:
        only_keys(data, "group")
        return cls(find(Group, "name", data["group"], "Group"))

    def q(self, known: Pool | None) -> Q:
        return _is_in(self.pools()[0], known)

    def stored(self) -> dict[str, Any]:
        return {"group": self.group.pk}

    @property
    def title(self) -> str:
        return str(self.group)

    def words(self, is_met: bool = True) -> str:
        return f"in {self.group}" if is_met else f"not in {self.group}"

    def pools(self) -> list[Pool]:
        return [Pool(Kind.GROUP, self.group.pk)]

    @classmethod
    def forms(cls) -> list[Form]:
        return [_form(cls.key, "In the group", Rows(Group, "name", "name"))]

    def filled(self) -> tuple[str, dict[str, str]]:
        return self.key, {self.key: str(self.group.pk)}


@dataclass(frozen=True, slots=True)
class Registered(Condition):
    key = "event"
    event: Event

    @classmethod
    def read(cls, data: Mapping[str, Any], within: tuple[int, ...]) -> Self:
        only_keys(data, "event")
        return cls(find(Event, "title", data["event"], "Event"))

    def q(self, known: Pool | None) -> Q:
        return _is_in(self.pools()[0], known)

    def stored(self) -> dict[str, Any]:
        return {"event": self.event.pk}

    @property
    def title(self) -> str:
        return self.event.title

    def words(self, is_met: bool = True) -> str:
        return f"registered for {self.event.title}" if is_met else f"not registered for {self.event.title}"

    def pools(self) -> list[Pool]:
        return [Pool(Kind.EVENT, self.event.pk)]

    @classmethod
    def forms(cls) -> list[Form]:
        return [_form(cls.key, "Registered for the event", Rows(Event, "title", "-pk"))]

    def filled(self) -> tuple[str, dict[str, str]]:
        return self.key, {self.key: str(self.event.pk)}


@dataclass(frozen=True, slots=True)
class InAudience(Condition):
    """In a saved audience, whose definition is read along."""

    key = "audience"
    audience: SavedAudience
    definition: Any

    @classmethod
    def read(cls, data: Mapping[str, Any], within: tuple[int, ...]) -> Self:
        from . import definitions  # which reads conditions

        only_keys(data, "audience")
        audience = find(SavedAudience, "name", data["audience"], "Audience")
        if audience.pk in within:
            raise BadCondition(f"The audience “{audience}” is part of itself.")
        try:
            return cls(audience, definitions.read(audience.definition, within=(*within, audience.pk)))
        except definitions.BadDefinition as problem:
            raise BadCondition(f"The audience “{audience}” can’t be used: {problem}") from None

    def q(self, known: Pool | None) -> Q:
        found: Q = self.definition.q(known)
        return found

    def stored(self) -> dict[str, Any]:
        return {"audience": self.audience.pk}

    @property
    def title(self) -> str:
        return str(self.audience)

    def words(self, is_met: bool = True) -> str:
        return f"in {self.audience}" if is_met else f"not in {self.audience}"

    def pools(self) -> list[Pool]:
        found: list[Pool] = self.definition.pools()
        return found

    @property
    def is_within_pools(self) -> bool:
        return bool(self.definition.is_within_pools)

    @classmethod
    def forms(cls) -> list[Form]:
        return [_form(cls.key, "In the audience", Rows(SavedAudience, "name", "name"))]

    def filled(self) -> tuple[str, dict[str, str]]:
        return self.key, {self.key: str(self.audience.pk)}


@dataclass(frozen=True, slots=True)
class IsPerson(Condition):
    """One of some people, given by their phones in E.164. They are on a list or have a profile."""

    key = "phones"
    phones: tuple[str, ...]

    @classmethod
    def read(cls, data: Mapping[str, Any], within: tuple[int, ...]) -> Self:
        only_keys(data, "phones")
        listed = data["phones"]
        if listed == []:
            raise BadCondition("The people who were chosen here have been erased. Choose people again.")
        if not isinstance(listed, list) or not listed or not all(isinstance(one, str) for one in listed):
            raise BadCondition("“phones” takes a list of phone numbers.")
        if len(listed) > MOST_PHONES:
            raise BadCondition(f"“phones” takes {MOST_PHONES:,} numbers at most. Make a group of these people.")
        try:
            return cls(tuple(sorted({phones.as_stored(one) for one in listed})))
        except phones.InvalidPhone as problem:
            raise BadCondition(problem.sentence) from None

    def q(self, known: Pool | None) -> Q:
        return _is_in(self.pools()[0], known)

    def stored(self) -> dict[str, Any]:
        return {"phones": list(self.phones)}

    @property
    def title(self) -> str:
        return self.words()

    def words(self, is_met: bool = True) -> str:
        is_one = len(self.phones) == 1
        who = known_people.of_phone(self.phones[0]).title if is_one else people(len(self.phones))
        return who if is_met else f"not {who}"

    def pools(self) -> list[Pool]:
        return [Pool(Kind.PEOPLE, phones=self.phones)]

    @property
    def is_within_pools(self) -> bool:
        # Most people have no profile: they are found on the lists.
        return False


@dataclass(frozen=True, slots=True)
class AddedSince(Condition):
    """First added to any list on a day or later, by the site's time zone."""

    key = "added_since"
    day: date

    @classmethod
    def read(cls, data: Mapping[str, Any], within: tuple[int, ...]) -> Self:
        only_keys(data, "added_since")
        day = profile_values.read_date(data["added_since"]) if isinstance(data["added_since"], str) else None
        if day is None:
            raise BadCondition("“added_since” takes a date, such as 2026-09-01.")
        return cls(day)

    def q(self, known: Pool | None) -> Q:
        start = timezone.make_aware(datetime.combine(self.day, time.min), organization.zone())
        is_listed, has_earlier = Q(), Q()
        for pool in EVERYWHERE:
            rows = pool.rows().filter(phone=OuterRef("phone"))
            is_listed |= Q(Exists(rows))
            has_earlier |= Q(Exists(rows.filter(created_at__lt=start)))
        # Rows of a list need not be looked for: then all of the person's rows are later.
        return ~has_earlier if known is not None and known.kind is not Kind.PEOPLE else is_listed & ~has_earlier

    def stored(self) -> dict[str, Any]:
        return {"added_since": self.day.isoformat()}

    def words(self, is_met: bool = True) -> str:
        return f"added {'since' if is_met else 'before'} {date_format(self.day, 'DATE_FORMAT')}"

    @classmethod
    def forms(cls) -> list[Form]:
        day = Input("day", "Date", type="date")
        return [Form(cls.key, "Added since", "Lists", lambda values: {"added_since": values["day"]}, (day,))]

    def filled(self) -> tuple[str, dict[str, str]]:
        return self.key, {"day": self.day.isoformat()}


def _is_in(pool: Pool, known: Pool | None) -> Q:
    # A condition that everyone meets: an empty Q would vanish from an OR.
    return Q(pk__isnull=False) if pool == known else Q(pool.has())


def _form(key: str, label: str, rows: Rows) -> Form:
    chosen = Input(key, key.capitalize(), rows=rows)
    return Form(key, label, "Lists", lambda values: {key: read_key(values[key])}, (chosen,))


KINDS: Final = (InCommunity, InGroup, Registered, InAudience, IsPerson, AddedSince)
