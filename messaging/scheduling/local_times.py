"""Local times and the two ways in which daylight saving makes them unclear.

Where clocks go forward a local time may not exist; where they go back it may exist twice (PEP 495 calls the two
"fold"). Staff are asked which one they mean: nothing is guessed.
"""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo


class MissingTime(ValueError):
    """The clocks skip this local time. `earlier` and `later` are the existing times beside it, aware."""

    def __init__(self, earlier: datetime, later: datetime) -> None:
        super().__init__(earlier, later)
        self.earlier = earlier
        self.later = later

    def __str__(self) -> str:
        return (
            "The clocks go forward then, so this time does not exist. "
            f"Choose {say(self.earlier)} or {say(self.later)}."
        )


class RepeatedTime(ValueError):
    """The clocks show this local time twice. `first` and `second` are the two moments, aware."""

    def __init__(self, first: datetime, second: datetime) -> None:
        super().__init__(first, second)
        self.first = first
        self.second = second

    def __str__(self) -> str:
        return (
            "The clocks go back then, so this time comes twice. "
            f"Choose the first one, {say(self.first)}, or the second one, {say(self.second)}."
        )


def resolve(local: datetime, zone: ZoneInfo) -> datetime:
    """The moment in UTC at which the clocks of `zone` show `local` (naive).

    Raises MissingTime if they never do, RepeatedTime if they do so twice, and OverflowError where UTC has no
    year for it.
    """
    first, second = (local.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    if first.utcoffset() == second.utcoffset():
        return first.astimezone(UTC)
    as_utc = [first.astimezone(UTC), second.astimezone(UTC)]
    if as_utc[0].astimezone(zone).replace(tzinfo=None) == local:
        raise RepeatedTime(as_utc[0].astimezone(zone), as_utc[1].astimezone(zone))
    # PEP 495: in a gap, fold=0 takes the offset before it and lands after it, and the other way round.
    raise MissingTime(as_utc[1].astimezone(zone), as_utc[0].astimezone(zone))


def read(text: str, zone: ZoneInfo) -> datetime:
    """The moment in UTC that an ISO time names: in `zone`, unless it carries an offset of its own.

    Raises ValueError with a sentence that says how to write it, and what `resolve` raises.
    """
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        moment = None
    if moment is None or ":" not in text:
        raise ValueError(f"“{text}” is no time. Write it as 2026-12-01 18:30.")
    return resolve(moment, zone) if moment.tzinfo is None else moment.astimezone(UTC)


def say(moment: datetime) -> str:
    """Such as "1 November 2026, 01:30 MDT"."""
    return f"{moment:%-d %B %Y, %H:%M} {moment.tzname()}"
