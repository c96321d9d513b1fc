"""The figures of the home page: sent and delivered over 30 days, what this month costs, and people.

They come from the counters of blasts, never from their deliveries, of which there may be millions.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from django.core.cache import cache
from django.db.models import Q
from django.utils import timezone

from contacts.models import CommunityMember, SuppressedContact, UnsubscribedContact
from messaging.composing.cost import spent
from messaging.models import MessageLog
from smsadmin.lib.drawing import Column, columns

DAYS: Final = 30
# A longer list is counted once a minute by each process.
CACHED_FROM: Final = 20_000
CACHE_SECONDS: Final = 60


@dataclass(frozen=True, slots=True)
class Month:
    """The last 30 days, today being the last column. Of the calendar month, `cost` is "" where nothing is known."""

    columns: list[Column]
    sent: int
    delivered: int
    cost: str
    segments: int

    @property
    def busy_days(self) -> list[Column]:
        return [column for column in self.columns if column.sent]


@dataclass(frozen=True, slots=True)
class People:
    """How many of the community can be texted now; how many joined and opted out within the last 30 days."""

    reachable: int
    joined: int
    opted_out: int


def month(now: datetime | None = None) -> Month:
    """From one read of an index, however long the blasts are."""
    zone, today = timezone.get_current_timezone(), timezone.localtime(now)
    midnight = today.replace(hour=0, minute=0, second=0, microsecond=0)
    first_day = today.date() - timedelta(days=DAYS - 1)
    first_of_month = midnight.replace(day=1)
    since = min(midnight - timedelta(days=DAYS), first_of_month)
    rows = MessageLog.objects.filter(created_at__gte=since).values_list(
        "created_at", "success_count", "failure_count", "delivered_count", "segment_count"
    )
    sent: defaultdict[date, int] = defaultdict(int)
    delivered: defaultdict[date, int] = defaultdict(int)
    segments = 0
    for created_at, successes, failures, arrived, billed in rows:
        day = created_at.astimezone(zone).date()
        sent[day] += successes + failures
        delivered[day] += arrived
        segments += billed if created_at >= first_of_month else 0
    days = [first_day + timedelta(days=index) for index in range(DAYS)]
    return Month(
        columns=columns((day, sent[day], delivered[day]) for day in days),
        sent=sum(sent[day] for day in days),
        delivered=sum(delivered[day] for day in days),
        cost=spent(segments),
        segments=segments,
    )


def people() -> People:
    known: People | None = cache.get("home:people")
    if known is None:
        members = CommunityMember.objects.count()
        known = _count_people(members)
        if members >= CACHED_FROM:
            cache.set("home:people", known, CACHE_SECONDS)
    return known


def _count_people(members: int) -> People:
    since = timezone.now() - timedelta(days=DAYS)
    opt_outs = UnsubscribedContact.objects.values("phone")
    suppressions = SuppressedContact.objects.blocking().values("phone")
    # From the small lists into the large one.
    blocked = CommunityMember.objects.filter(Q(phone__in=opt_outs.union(suppressions))).count()
    return People(
        reachable=members - blocked,
        joined=CommunityMember.objects.filter(created_at__gte=since).count(),
        opted_out=UnsubscribedContact.objects.filter(created_at__gte=since).count(),
    )
