"""Before the click: how many people of an audience are texted at once, and how many when."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db.models import Count, Exists, Max, Min, OuterRef, QuerySet, Subquery
from django.db.models.functions import Substr
from phonenumbers.tzdata import TIMEZONE_LONGEST_PREFIX

from accounts import organization
from contacts import time_zones
from contacts.models import Profile

from ..composing.audience import Audience
from . import quiet_hours

# With the plus sign. All numbers with the same beginning are in the same zones.
_BEGINNING: Final = TIMEZONE_LONGEST_PREFIX + 1


@dataclass(frozen=True, slots=True)
class Forecast:
    """How many people can be texted now, and the times at which others can, with how many, the earliest first."""

    now: int
    later: tuple[tuple[datetime, int], ...] = ()

    @property
    def is_split(self) -> bool:
        """Whether somebody has to wait."""
        return bool(self.later)


def forecast(audience: Audience, at: datetime) -> Forecast:
    """Who would be held by quiet hours if it were sent at that time. Reads no phones one by one."""
    quiet = quiet_hours.hours()
    if not quiet or audience.test_phone is not None:
        return Forecast(audience.headcount().recipients)
    site = (organization.zone(),)
    times: Counter[datetime] = Counter()
    for zones, count in _zones(audience):
        times[quiet_hours.first_allowed(quiet, zones or site, at)] += count
    later = tuple(sorted((time, count) for time, count in times.items() if time > at))
    return Forecast(sum(count for time, count in times.items() if time <= at), later)


def everyone_from(audience: Audience, at: datetime) -> datetime:
    """The first time at or after `at` when quiet hours hold nobody of the audience, in UTC."""
    quiet = quiet_hours.hours()
    if not quiet:
        return at
    zones = {zone for found, _ in _zones(audience) for zone in found} or {organization.zone()}
    return quiet_hours.first_allowed(quiet, zones, at)


def _zones(audience: Audience) -> Iterator[tuple[time_zones.Zones, int]]:
    """The zones that textable people of the audience may be in, with how many."""
    for source in audience.textable():
        profile = Profile.objects.filter(phone=OuterRef("phone")).exclude(time_zone="")
        yield from _by_profile(source.filter(Exists(profile)), profile)
        yield from _by_number(source.filter(~Exists(profile)))


def _by_profile(source: QuerySet[Any], profile: QuerySet[Profile]) -> Iterator[tuple[time_zones.Zones, int]]:
    zone = Subquery(profile.values("time_zone")[:1])
    rows = source.order_by().annotate(own_zone=zone).values("own_zone").annotate(count=Count("pk"), one=Max("phone"))
    for name, count, phone in rows.values_list("own_zone", "count", "one"):
        yield time_zones.named(name) or time_zones.of_number(phone), count


def _by_number(source: QuerySet[Any]) -> Iterator[tuple[time_zones.Zones, int]]:
    begun = source.order_by().annotate(beginning=Substr("phone", 1, _BEGINNING)).values("beginning")
    for count, phone in begun.annotate(count=Count("pk"), one=Min("phone")).values_list("count", "one"):
        yield time_zones.of_number(phone), count
