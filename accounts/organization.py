"""Who is texting, and when: what admins entered on the page Organization, else the environment's value.

A process asks the database at most every few seconds: a change reaches all processes within that time, and webhooks
cost no query more.
"""

from datetime import time
from typing import Final
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import Error, connection
from django.utils import timezone

from smsadmin.lib import database_file, time_zones
from smsadmin.lib.kept import Kept

from .models import Organization

kept: Final = Kept[Organization](seconds=3.0)


def name() -> str:
    """What people know it by; "" if it isn't set anywhere."""
    return _entered().name or settings.ORGANIZATION_NAME


def contact() -> str:
    """How people reach it: a phone number, an e-mail address or a website; "" if it isn't set anywhere."""
    return _entered().contact or settings.ORGANIZATION_CONTACT


def zone_name() -> str:
    """The time zone in which staff read and enter times, such as "America/Denver"."""
    entered = _entered().time_zone
    return entered if entered and time_zones.is_zone(entered) else settings.APP_TIMEZONE


def is_zone_chosen() -> bool:
    """Whether admins have chosen a zone, rather than the environment."""
    return bool(_entered().time_zone)


def zone() -> ZoneInfo:
    return ZoneInfo(zone_name())


def weekday_hours() -> dict[int, tuple[time, time]]:
    """From when until when people may be texted on some weekdays (0 is Monday), as admins entered it."""
    return _entered().weekday_hours


def use_zone() -> None:
    """Shows and reads local times in that zone, in this thread. Middleware and commands call it first."""
    timezone.activate(zone())


def _entered() -> Organization:
    return kept.get(_read)


def _read() -> Organization:
    """The row. Without one, or a database that can be read, one with nothing entered."""
    if database_file.is_missing():
        return Organization()
    try:
        return Organization.objects.filter(pk=Organization.ONLY).first() or Organization()
    except Error:
        # Before its migration, commands work all the same. In a transaction, nothing works after an error.
        if connection.in_atomic_block:
            raise
        return Organization()
