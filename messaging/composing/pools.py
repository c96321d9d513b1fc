"""The lists that people are on, as sources of an audience's people.

Someone on several lists gets one text, with the name of the most specific one: an event, a group, the community.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final

from django.db.models import Exists, F, Manager, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce, NullIf

from contacts.models import CommunityMember, EventRegistration, GroupMember, Profile


class Kind(IntEnum):
    """What a pool is, the most specific first."""

    EVENT = 1
    GROUP = 2
    COMMUNITY = 3
    PEOPLE = 4


_ROWS: Final[dict[Kind, Manager[Any]]] = {
    Kind.EVENT: EventRegistration.objects,
    Kind.GROUP: GroupMember.objects,
    Kind.COMMUNITY: CommunityMember.objects,
    Kind.PEOPLE: Profile.objects,
}


@dataclass(frozen=True, slots=True, order=True)
class Pool:
    """The people registered for an event, in a group or in the community, or single people by phone.

    Without `pk`, all events or all groups.
    """

    kind: Kind
    pk: int | None = None
    phones: tuple[str, ...] = ()

    def rows(self) -> QuerySet[Any]:
        """Its rows, each with a phone and a name. All events or groups have several for some phones."""
        rows = _ROWS[self.kind].all()
        if self.kind is Kind.PEOPLE:
            return rows.filter(phone__in=self.phones)
        if self.pk is None:
            return rows
        return rows.filter(event=self.pk) if self.kind is Kind.EVENT else rows.filter(group=self.pk)

    def has(self, phone: str = "phone") -> Exists | Q:
        """Whether the outer row's phone is in it."""
        if self.kind is Kind.PEOPLE:
            return Q(**{f"{phone}__in": self.phones})
        return Exists(self.rows().filter(phone=OuterRef(phone)))

    def people(self) -> QuerySet[Any]:
        """One row for each of its phones, the latest."""
        rows = self.rows()
        if self.kind in (Kind.EVENT, Kind.GROUP) and self.pk is None:
            rows = rows.filter(~Exists(self.rows().filter(phone=OuterRef("phone"), pk__gt=OuterRef("pk"))))
        return rows


EVERYWHERE: Final = (Pool(Kind.EVENT), Pool(Kind.GROUP), Pool(Kind.COMMUNITY))


def best_name() -> Coalesce:
    """The row's name or, without one, that of the most specific list that has one for its phone."""
    names: list[Any] = [NullIf(F("name"), Value(""))]
    for kind in (Kind.EVENT, Kind.GROUP, Kind.COMMUNITY, Kind.PEOPLE):
        named = _ROWS[kind].filter(phone=OuterRef("phone")).exclude(name=None).exclude(name="")
        names.append(Subquery(named.order_by("-pk").values("name")[:1]))
    return Coalesce(*names)
