"""Hours of the day in which something isn't done, by a local clock: "21:00-08:00", more of them on some weekdays."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from functools import cached_property
from typing import Final, Self

DAY: Final = 24 * 60
WEEK: Final = 7
_SPAN: Final = re.compile(r"(\d{1,2}):(\d{2})\s*[-–—]\s*(\d{1,2}):(\d{2})")


class BadHours(ValueError):
    """The hours can't be understood or leave no time; str() is a sentence."""


@dataclass(frozen=True)
class DailyHours:
    """For each weekday (0 is Monday), the closed spans in minutes of the day, in order and without overlaps."""

    closed: tuple[tuple[tuple[int, int], ...], ...] = ((),) * WEEK

    @classmethod
    def every_day(cls, start: time, end: time) -> Self:
        """Closed from `start` until `end`, the next day if that is earlier."""
        first, last = _minute(start), _minute(end)
        if first == last:
            raise BadHours("The hours begin and end at the same time, which leaves no time or takes none.")
        spans = ((first, last),) if first < last else ((0, last), (first, DAY))
        return cls((tuple(span for span in spans if span[0] < span[1]),) * WEEK)

    @classmethod
    def read(cls, text: str) -> Self:
        """The hours in a text such as "21:00-08:00"; "" is none. Raises BadHours."""
        if not text.strip():
            return cls()
        found = _SPAN.fullmatch(text.strip())
        numbers = [int(number) for number in found.groups()] if found else []
        if not numbers or numbers[0] > 24 or numbers[2] > 24 or max(numbers[1], numbers[3]) > 59:
            raise BadHours(f"“{text}” isn’t a span of hours. Write it like 21:00-08:00.")
        start, end = (time(numbers[place] % 24, numbers[place + 1]) for place in (0, 2))
        return cls.every_day(start, end)

    def open_only(self, weekdays: Mapping[int, tuple[time, time]]) -> Self:
        """These hours, and on the given weekdays also everything outside (from, until), on the same day.

        Midnight as `until` is the end of the day. Raises BadHours if a span ends before it begins.
        """
        closed = list(self.closed)
        for weekday, (begin, end) in weekdays.items():
            first, last = _minute(begin), _minute(end) or DAY
            if first >= last:
                raise BadHours(
                    "The time until which people are texted has to be later than that from which they are."
                )
            closed[weekday] = _joined([*closed[weekday], (0, first), (last, DAY)])
        return type(self)(tuple(closed))

    @property
    def words(self) -> str:
        """Such as "9:00 PM to 8:00 AM"; for hours that are the same every day, "" if there are none."""
        spans = self.closed[0]
        if not spans:
            return ""
        # What is closed over midnight is two spans of each day.
        first, last = (spans[-1][0], spans[0][1]) if len(spans) > 1 else spans[0]
        return f"{_clock(first)} to {_clock(last)}"

    def __bool__(self) -> bool:
        return any(self.closed)

    @cached_property
    def is_always(self) -> bool:
        """Whether no time is open in the whole week."""
        return all(spans == ((0, DAY),) for spans in self.closed)

    def includes(self, at: datetime, zone: tzinfo) -> bool:
        """Whether a time (aware) is closed by the clocks of a zone."""
        return self._span_at(at.astimezone(zone)) is not None

    def ends_at(self, at: datetime, zone: tzinfo) -> datetime:
        """The first open time at or after `at` (aware), in UTC. The hours must not be closed all week."""
        while (span := self._span_at(local := at.astimezone(zone))) is not None:
            midnight = datetime.combine(local.date(), time.min)
            end = (midnight + timedelta(minutes=span[1])).replace(tzinfo=zone, fold=local.fold)
            # Where clocks are changed, the end of a span may lie before now, or be skipped.
            at = max(end.astimezone(UTC), at + timedelta(minutes=1))
        return at.astimezone(UTC)

    def _span_at(self, local: datetime) -> tuple[int, int] | None:
        minute = _minute(local.time())
        return next((span for span in self.closed[local.weekday()] if span[0] <= minute < span[1]), None)


def _clock(minute: int) -> str:
    return f"{time(minute // 60 % 24, minute % 60):%-I:%M %p}"


def _minute(of: time) -> int:
    return of.hour * 60 + of.minute


def _joined(spans: list[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    joined: list[tuple[int, int]] = []
    for start, end in sorted(span for span in spans if span[0] < span[1]):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return tuple(joined)
