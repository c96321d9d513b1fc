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

Groups, events and audiences are given by id or name. "is_not" includes people without a value. Other apps register
their kinds with `register`.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, ClassVar, Final, Self

from django.db.models import Exists, Model, OuterRef, Q
from django.utils import timezone
from django.utils.formats import date_format

from accounts import organization
from contacts import known_people, phones, profile_values
from contacts.models import Event, Group, ProfileField, ProfileValue
from smsadmin.lib.plurals import people

from ..models import Delivery, InboxMessage, MessageLog, SavedAudience
from .pools import EVERYWHERE, Kind, Pool

ANSWERED_WITHIN: Final = timedelta(days=7)
MOST_PHONES: Final = 1_000


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


_kinds: dict[str, type[Condition]] = {}


def register(kind: type[Condition]) -> type[Condition]:
    """Make a kind of condition known, in `AppConfig.ready` of the app that it is about."""
    _kinds[kind.key] = kind
    return kind


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


@register
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


@register
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


@register
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


@register
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


@register
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


_COMPARISONS: Final = {
    "is": ("is", "is not"),
    "is_not": ("is not", "is"),
    "less": ("is less than", "isn’t less than"),
    "greater": ("is greater than", "isn’t greater than"),
    "contains": ("contains", "doesn’t contain"),
}


@register
@dataclass(frozen=True, slots=True)
class FieldIs(Condition):
    """What a field of the person's profile says. Numbers and dates are compared as such."""

    key = "field"
    field: ProfileField
    comparison: str
    value: str

    @classmethod
    def read(cls, data: Mapping[str, Any], within: tuple[int, ...]) -> Self:
        only_keys(data, "field", *_COMPARISONS, "is_empty")
        profile_field = cls._find(data["field"])
        given = [one for one in (*_COMPARISONS, "is_empty") if one in data]
        if len(given) != 1:
            raise BadCondition(
                "A field’s condition takes one of “is”, “is_not”, “less”, “greater”, “contains”, “is_empty”."
            )
        comparison = given[0]
        if comparison == "is_empty":
            return cls(profile_field, "is_empty", "yes" if read_flag(data, "is_empty") else "no")
        wanted = data[comparison]
        if isinstance(wanted, bool):
            wanted = "yes" if wanted else "no"
        if not isinstance(wanted, str | int | float) or not str(wanted).strip():
            raise BadCondition(f"“{comparison}” takes a text or a number.")
        return cls(profile_field, comparison, cls._value(profile_field, comparison, str(wanted)))

    @staticmethod
    def _find(wanted: Any) -> ProfileField:
        if isinstance(wanted, str) and (by_key := ProfileField.objects.filter(key=wanted.strip().casefold()).first()):
            return by_key
        found: ProfileField = find(ProfileField, "label", wanted, "Field")
        return found

    @staticmethod
    def _value(profile_field: ProfileField, comparison: str, typed: str) -> str:
        if comparison == "contains":
            return " ".join(typed.split())[: profile_values.LONGEST]
        try:
            found = profile_values.canonical(profile_field, typed)
        except profile_values.BadValue as problem:
            raise BadCondition(str(problem)) from None
        if comparison in ("less", "greater") and profile_field.kind == ProfileField.Kind.YES_NO:
            raise BadCondition(f"{profile_field} is a yes or a no, so nothing is less or greater.")
        return found.value if found else ""

    def q(self, known: Pool | None) -> Q:
        rows = ProfileValue.objects.filter(field=self.field.pk, phone=OuterRef("phone"))
        if self.comparison == "is_empty":
            return Q(~Exists(rows)) if self.value == "yes" else Q(Exists(rows))
        folded = profile_values.comparable(self.value)
        if self.comparison == "contains":
            return Q(Exists(rows.filter(folded__contains=folded)))
        if self.comparison in ("is", "is_not"):
            has_it = Exists(rows.filter(folded=folded))
            return Q(has_it) if self.comparison == "is" else Q(~has_it)
        lookup = "lt" if self.comparison == "less" else "gt"
        number = profile_values.read_number(self.value)
        if number is not None and self.field.kind != ProfileField.Kind.DATE:
            return Q(Exists(rows.filter(**{f"number__{lookup}": number})))
        return Q(Exists(rows.filter(**{f"folded__{lookup}": folded})))

    def stored(self) -> dict[str, Any]:
        value = self.value == "yes" if self.comparison == "is_empty" else self.value
        return {"field": self.field.pk, self.comparison: value}

    def words(self, is_met: bool = True) -> str:
        if self.comparison == "is_empty":
            return f"{self.field} {'is' if (self.value == 'yes') == is_met else 'isn’t'} empty"
        asked, opposite = _COMPARISONS[self.comparison]
        return f"{self.field} {asked if is_met else opposite} {self.value}"


@register
@dataclass(frozen=True, slots=True)
class AddedSince(Condition):
    """First added to any list on a day or later, by the organization's time zone."""

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
        has_later, has_earlier = Q(), Q()
        for pool in EVERYWHERE:
            rows = pool.rows().filter(phone=OuterRef("phone"))
            has_later |= Q(Exists(rows.filter(created_at__gte=start)))
            has_earlier |= Q(Exists(rows.filter(created_at__lt=start)))
        return has_later & ~has_earlier

    def stored(self) -> dict[str, Any]:
        return {"added_since": self.day.isoformat()}

    def words(self, is_met: bool = True) -> str:
        return f"added {'since' if is_met else 'before'} {date_format(self.day, 'DATE_FORMAT')}"


@register
@dataclass(frozen=True, slots=True)
class GotMessage(Condition):
    """Got a blast, by itself or by a resend, or texted within ANSWERED_WITHIN after getting it."""

    key = "message"
    log: MessageLog
    asked: str
    is_wanted: bool

    @classmethod
    def read(cls, data: Mapping[str, Any], within: tuple[int, ...]) -> Self:
        only_keys(data, "message", "got", "answered")
        asked = [one for one in ("got", "answered") if one in data]
        if len(asked) != 1:
            raise BadCondition("The condition “message” takes “got” or “answered”, true or false.")
        if not isinstance(data["message"], int):
            raise BadCondition("“message” takes the number of a blast.")
        log = find(MessageLog, "message_body", data["message"], "Blast")
        return cls(log, asked[0], read_flag(data, asked[0]))

    def q(self, known: Pool | None) -> Q:
        family = [self.log.pk, *(self.log.relatives() if self.log.family else [])]
        got = Delivery.objects.filter(message_log__in=family, phone=OuterRef("phone"), status__in=Delivery.SUCCESSFUL)
        if self.asked == "answered":
            texts = InboxMessage.objects.filter(
                thread__phone=OuterRef("phone"),
                direction=InboxMessage.Direction.INBOUND,
                created_at__gte=OuterRef("claimed_at"),
                created_at__lt=OuterRef("claimed_at") + ANSWERED_WITHIN,
            )
            got = got.filter(Exists(texts))
        return Q(Exists(got)) if self.is_wanted else Q(~Exists(got))

    def stored(self) -> dict[str, Any]:
        return {"message": self.log.pk, self.asked: self.is_wanted}

    def words(self, is_met: bool = True) -> str:
        is_so = self.is_wanted == is_met
        verb = {"got": ("got", "didn’t get"), "answered": ("answered", "didn’t answer")}[self.asked][
            0 if is_so else 1
        ]
        return f"{verb} “{self.log}”"


def _is_in(pool: Pool, known: Pool | None) -> Q:
    # A condition that everyone meets: an empty Q would vanish from an OR.
    return Q(pk__isnull=False) if pool == known else Q(pool.has())
