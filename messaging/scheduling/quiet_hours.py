"""Quiet hours: when nobody is texted, by the clock of each person.

In the United States, calls and texts that sell something may only come from 8 AM to 9 PM at the called party's
location (47 CFR 64.1200(c)(1)); some states are narrower. A person may be in several zones as far as their number
says: then it must be neither too early nor too late in any of them.

A sender asks before each claim (`hold`). Who is within quiet hours waits in their row until `not_before`, and nobody
else is held up. Replies, automatic answers and tests aren't held: they answer someone who is awake.
"""

import zoneinfo
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings

from accounts import organization
from contacts import time_zones
from smsadmin.lib.daily_hours import DailyHours

from ..models import Delivery

# After this, the hours of zones far apart are taken to leave no common time.
_LOOKED_AHEAD: Final = timedelta(days=8)


def hours() -> DailyHours:
    """The installation's quiet hours, with what admins added on some weekdays; false if there are none."""
    every_day: DailyHours = settings.QUIET_HOURS or DailyHours()
    weekdays = organization.weekday_hours()
    stricter = every_day.open_only(weekdays) if weekdays else every_day
    # Admins can't enter hours that leave no time, but QUIET_HOURS may have changed since.
    return every_day if stricter.is_always else stricter


def hold(rows: Collection[Delivery], now: datetime) -> Mapping[int, datetime]:
    """Of the rows about to be claimed, those whose people are within quiet hours, with their first allowed time.

    Called by the sender, in its transaction.
    """
    quiet = hours()
    if not quiet or not rows:
        return {}
    zones = time_zones.of_phones((row.phone for row in rows), organization.zone())
    known: dict[time_zones.Zones, datetime] = {}
    held = {}
    for row in rows:
        of_row = zones[row.phone]
        if of_row not in known:
            known[of_row] = first_allowed(quiet, of_row, now)
        if known[of_row] > now:
            held[row.pk] = known[of_row]
    return held


def counts_from(at: datetime) -> datetime:
    """From when the lag of a blast scheduled for `at` counts: the organization's quiet hours aren't lost time."""
    quiet = hours()
    return quiet.ends_at(at, organization.zone()) if quiet else at


def first_allowed(quiet: DailyHours, zones: Iterable[zoneinfo.ZoneInfo], now: datetime) -> datetime:
    """The first time at or after `now` that isn't quiet in any of the zones, in UTC.

    If the zones have no common time, that of the organization's zone.
    """
    at, latest = now, now + _LOOKED_AHEAD
    wanted = tuple(zones)
    while at < latest:
        later = max((quiet.ends_at(at, zone) for zone in wanted), default=at)
        if later == at:
            return at
        at = later
    return quiet.ends_at(now, organization.zone())
