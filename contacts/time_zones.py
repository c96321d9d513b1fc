"""The time zones that a person may be in: the one in the profile, else those of the number."""

import logging
import zoneinfo
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

import phonenumbers
from phonenumbers import timezone as number_zones

from .models import Profile

logger = logging.getLogger(__name__)

_UNKNOWN: Final = "Etc/Unknown"

Zones = tuple[zoneinfo.ZoneInfo, ...]


def of_phones(phones: Iterable[str], default: zoneinfo.ZoneInfo) -> dict[str, Zones]:
    """Maps phones in E.164 to the zones that their owners may be in; `default` where nothing is known. One query."""
    wanted = set(phones)
    known = Profile.objects.filter(phone__in=wanted).exclude(time_zone="").values_list("phone", "time_zone")
    zones = {phone: (zone,) for phone, name in known if (zone := _zone(name)) is not None}
    return {phone: zones.get(phone) or of_number(phone) or (default,) for phone in wanted}


@lru_cache(maxsize=50_000)
def of_number(phone: str) -> Zones:
    """The zones of a number in E.164, by the plan of its country (Google's libphonenumber); none if unknown.

    A number of a large country may be in several.
    """
    try:
        names = number_zones.time_zones_for_number(phonenumbers.parse(phone))
    except phonenumbers.NumberParseException:
        return ()
    return tuple(zone for name in names if name != _UNKNOWN and (zone := _zone(name)) is not None)


def named(name: str) -> Zones:
    """The zone of this IANA name; none if this machine doesn't know it."""
    zone = _zone(name)
    return () if zone is None else (zone,)


@lru_cache(maxsize=1_000)
def _zone(name: str) -> zoneinfo.ZoneInfo | None:
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        logger.warning("The time zone %s isn't known to this machine.", name)
        return None
