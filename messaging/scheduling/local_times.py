"""Local times that daylight saving skips or repeats.

When clocks go forward, a local time may not exist; when they go back, it may exist twice (PEP 495 calls this "fold").
Staff are asked which one they mean.
"""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo


class MissingTime(ValueError):
    """The clocks skip this local time. `earlier` and `later` are the existing times around it, aware."""

    def __init__(self, earlier: datetime, later: datetime) -> None:
        super().__init__(earlier, later)
        self.earlier = earlier
        self.later = later

    def __str__(self) -> str:
        return (
            "The clocks go forward then, so this time doesn’t exist. "
            f"Choose {say(self.earlier)} or {say(self.later)}."
        )


class RepeatedTime(ValueError):
    """The clocks show this local time twice. `first` and `second` are the two times, aware."""

    def __init__(self, first: datetime, second: datetime) -> None:
        super().__init__(first, second)
        self.first = first
        self.second = second

    def __str__(self) -> str:
        return (
            "The clocks go back then, so this time happens twice. "
            f"Choose the first, {say(self.first)}, or the second, {say(self.second)}."
        )


def resolve(local: datetime, zone: ZoneInfo) -> datetime:
    """The UTC time at which clocks in `zone` show `local` (naive).

    Raises MissingTime if they never do, RepeatedTime if they do twice, and OverflowError if the year is out of range
    in UTC.
    """
    first, second = (local.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    if first.utcoffset() == second.utcoffset():
        return first.astimezone(UTC)
    as_utc = [first.astimezone(UTC), second.astimezone(UTC)]
    if as_utc[0].astimezone(zone).replace(tzinfo=None) == local:
        raise RepeatedTime(as_utc[0].astimezone(zone), as_utc[1].astimezone(zone))
    # PEP 495: in a gap, fold=0 uses the offset before it and so falls after it, and vice versa.
    raise MissingTime(as_utc[1].astimezone(zone), as_utc[0].astimezone(zone))


def read(text: str, zone: ZoneInfo) -> datetime:
    """Parse an ISO time to UTC: in `zone`, unless it has an offset.

    Raises ValueError with a sentence on how to write it, and as `resolve`.
    """
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        moment = None
    if moment is None or ":" not in text:
        raise ValueError(f"“{text}” isn’t a date and time. Enter it like 2026-12-01 18:30.")
    return resolve(moment, zone) if moment.tzinfo is None else moment.astimezone(UTC)


def suggestions(now: datetime, zone: ZoneInfo) -> list[tuple[str, datetime]]:
    """Times to offer with one click, with their names: those in the future, local and naive, none twice."""
    today = now.astimezone(zone).replace(tzinfo=None)
    named = {
        "Today 6 PM": datetime.combine(today, time(18)),
        "Tomorrow 9 AM": datetime.combine(today + timedelta(days=1), time(9)),
        "Sunday 9 AM": datetime.combine(today + timedelta(days=7 - today.isoweekday() % 7), time(9)),
    }
    kept = {at: name for name, at in reversed(named.items()) if at > today}
    return [(name, at) for name, at in named.items() if kept.get(at) == name]


def is_at_night(local: time) -> bool:
    """Whether people rather aren't texted then: before 8 AM or after 9 PM."""
    return not time(8) <= local <= time(21)


def say(moment: datetime) -> str:
    """Such as "November 1, 2026, 1:30 AM MDT"."""
    return f"{moment:%B %-d, %Y, %-I:%M %p} {moment.tzname()}"
