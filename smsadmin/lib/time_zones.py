"""IANA time zones that can be chosen, and checking their names."""

import zoneinfo
from functools import cache
from typing import Final

from django.core.exceptions import ValidationError

COMMON: Final = (
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Phoenix",
    "America/Los_Angeles",
    "America/Anchorage",
    "Pacific/Honolulu",
    "America/Toronto",
    "America/Mexico_City",
    "Europe/London",
    "Europe/Berlin",
    "Asia/Kolkata",
    "Australia/Sydney",
    "UTC",
)

Choice = tuple[str, str]


@cache
def all_names() -> tuple[str, ...]:
    """Zones of places, and UTC. Without old names (EST, Cuba) and Etc/GMT+5, whose sign is inverted."""
    names = zoneinfo.available_timezones()
    return tuple(sorted({name for name in names if "/" in name and not name.startswith("Etc/")} | {"UTC"}))


def choices(first: str) -> list[tuple[str, list[Choice]]]:
    """All of them for a list: `first` and common ones before the others."""
    common = tuple(dict.fromkeys((first, *COMMON)))
    others = (name for name in all_names() if name not in common)
    return [("Common", [*map(_choice, common)]), ("All", [*map(_choice, others)])]


def _choice(name: str) -> Choice:
    return name, name.replace("_", " ")


def is_zone(name: str) -> bool:
    """Whether this machine knows a zone of that name."""
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def check(name: str) -> None:
    """Raises ValidationError for a name that isn't a zone's. A validator of models."""
    if not is_zone(name):
        raise ValidationError("“%(name)s” isn’t a time zone. Choose one like America/Denver.", params={"name": name})
