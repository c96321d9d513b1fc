"""When a series of blasts goes out: a rule of RFC 5545 in the local time of a zone.

Rules are kept as the text of an RRULE, such as "FREQ=WEEKLY;BYDAY=SU", and expanded by dateutil. They speak of local
time: 9 AM stays 9 AM when clocks are changed. A local time that clocks skip is taken an hour later, one that comes
twice is taken the first time.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from typing import Final, Self
from zoneinfo import ZoneInfo

from dateutil.rrule import DAILY, MONTHLY, WEEKLY, rrule, rruleset, rrulestr
from django.utils.formats import date_format
from django.utils.text import get_text_list

LONGEST: Final = 300
_FREQUENCIES: Final = {DAILY: "day", WEEKLY: "week", MONTHLY: "month"}
_ALLOWED: Final = frozenset({"FREQ", "INTERVAL", "BYDAY", "BYMONTHDAY", "BYSETPOS", "COUNT", "UNTIL", "WKST"})
_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_CODES: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_ORDINALS: Final = {1: "first", 2: "second", 3: "third", 4: "fourth", 5: "fifth", -1: "last"}
# A rule that fits no day, such as the 31st of each February, would be searched for until the end of the calendar.
_LOOKED_AHEAD: Final = timedelta(days=5 * 366)


class BadRule(ValueError):
    """The rule can't be used; str() is a sentence for staff."""


@dataclass(frozen=True, slots=True)
class Recurrence:
    """A rule that begins at a local time (naive) of a zone."""

    rule: str
    start: datetime
    zone: ZoneInfo

    @classmethod
    def read(cls, rule: str, start: datetime, zone: ZoneInfo, until: date | None = None) -> Self:
        """The recurrence of this rule, which may end on the day `until`. Raises BadRule."""
        parts = _parts(rule)
        if until is not None:
            if "COUNT" in parts or "UNTIL" in parts:
                raise BadRule("A series ends on a date or after a number of times, not both.")
            parts["UNTIL"] = f"{until:%Y%m%d}T235959"
        recurrence = cls(";".join(f"{key}={value}" for key, value in parts.items()), start, zone)
        if len(recurrence.rule) > LONGEST:
            raise BadRule("This rule is too long.")
        try:
            first = next(recurrence.times(), None)
        except (ValueError, TypeError, OverflowError):
            raise BadRule(f"“{rule}” isn’t a rule for repeating. Write it like FREQ=WEEKLY;BYDAY=SU.") from None
        if first is None:
            raise BadRule("This rule has no date. Choose other days, or a later end.")
        return recurrence

    def _expanded(self) -> rrule | rruleset:
        return rrulestr(self.rule, dtstart=self.start)

    def times(self, after: datetime | None = None) -> Iterator[datetime]:
        """Its times in UTC, in order; those later than `after` (aware), if given. At most five years ahead."""
        begin = self.start if after is None else after.astimezone(self.zone).replace(tzinfo=None) - timedelta(hours=2)
        latest = max(begin, self.start) + _LOOKED_AHEAD
        for local in self._expanded().xafter(begin, inc=True):
            if local > latest:
                return
            at = local.replace(tzinfo=self.zone).astimezone(UTC)
            if after is None or at > after:
                yield at

    def next(self, after: datetime, count: int = 1) -> list[datetime]:
        """The next times later than `after`, in UTC."""
        return list(islice(self.times(after), count))

    @property
    def words(self) -> str:
        """Such as "Every Sunday at 9:00 AM", "Every month on the second Sunday at 9:00 AM, 6 times"."""
        parts = _parts(self.rule)
        interval = int(parts.get("INTERVAL", "1"))
        unit = {"DAILY": "day", "WEEKLY": "week", "MONTHLY": "month"}[parts["FREQ"]]
        days = _days_in_words(parts.get("BYDAY", ""), parts.get("BYSETPOS"))
        if unit == "week" and not days:
            days = _DAYS[self.start.weekday()]
        if unit == "week" and interval == 1:
            said = f"Every {days}"
        else:
            said = f"Every {unit}" if interval == 1 else f"Every {interval} {unit}s"
            if unit == "month" and not days:
                days = f"day {parts.get('BYMONTHDAY', self.start.day)}"
                days = days if days != "day -1" else "the last day"
            said += f" on {days}" if days else ""
        said += f" at {date_format(self.start, 'g:i A')}"
        if count := parts.get("COUNT"):
            return f"{said}, {count} times" if count != "1" else f"{said}, once"
        if until := parts.get("UNTIL"):
            return f"{said}, until {date_format(datetime.strptime(until[:8], '%Y%m%d'), 'M j, Y')}"  # noqa: DTZ007
        return said


def _parts(rule: str) -> dict[str, str]:
    """The parts of a rule by name. Raises BadRule."""
    parts: dict[str, str] = {}
    for part in rule.strip().upper().removeprefix("RRULE:").split(";"):
        name, equals, value = part.strip().partition("=")
        if not equals or not value or name in parts:
            raise BadRule(f"“{rule}” isn’t a rule for repeating. Write it like FREQ=WEEKLY;BYDAY=SU.")
        parts[name] = value
    if parts.get("FREQ") not in ("DAILY", "WEEKLY", "MONTHLY"):
        raise BadRule("A series repeats daily, weekly or monthly: begin the rule with FREQ=DAILY, WEEKLY or MONTHLY.")
    if unknown := parts.keys() - _ALLOWED:
        raise BadRule(f"{min(unknown)} can’t be used in a rule here. Use {get_text_list(sorted(_ALLOWED), 'and')}.")
    for name in ("INTERVAL", "COUNT"):
        if name in parts and not (parts[name].isascii() and parts[name].isdecimal() and 0 < int(parts[name]) < 1_000):
            raise BadRule(f"{name} takes a number from 1 to 999.")
    return parts


def _days_in_words(by_day: str, position: str | None) -> str:
    said = []
    for day in filter(None, by_day.split(",")):
        name = _DAYS[_CODES.index(day[-2:])] if day[-2:] in _CODES else day
        number = day[:-2] or position or ""
        ordinal = _ORDINALS.get(int(number)) if number.lstrip("+-").isdecimal() else None
        said.append(f"the {ordinal} {name}" if ordinal else name)
    return get_text_list(said, "and")


def weekly(days: list[int]) -> str:
    """The rule for some weekdays (0 is Monday)."""
    return f"FREQ=WEEKLY;BYDAY={','.join(_CODES[day] for day in sorted(set(days)))}"


def monthly_on_weekday(start: date) -> str:
    """The rule for the weekday of a date in each month, such as the second Sunday; a fifth one is the last."""
    number = (start.day - 1) // 7 + 1
    return f"FREQ=MONTHLY;BYDAY={number if number < 5 else -1}{_CODES[start.weekday()]}"


def monthly_on_day(start: date) -> str:
    """The rule for a day of each month: the last day where there is none of this number."""
    if start.day <= 28:
        return f"FREQ=MONTHLY;BYMONTHDAY={start.day}"
    days = ",".join(str(day) for day in range(28, start.day + 1))
    return f"FREQ=MONTHLY;BYMONTHDAY={days};BYSETPOS=-1"
