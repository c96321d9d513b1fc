"""When series go out: rules in local time, over changes of the clocks too."""

import tomllib
from datetime import UTC, date, datetime
from itertools import islice
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from messaging.scheduling import recurrence
from messaging.scheduling.recurrence import BadRule, Recurrence

DENVER, BERLIN = ZoneInfo("America/Denver"), ZoneInfo("Europe/Berlin")
CASES = tomllib.loads(Path(__file__).with_name("recurrences.toml").read_text())


@pytest.mark.parametrize("case", CASES["series"], ids=lambda case: case["words"])
def test_a_rule_gives_its_local_times_and_words(case):
    zone = ZoneInfo(case.get("zone", "America/Denver"))
    start = datetime.fromisoformat(case["start"])
    found = Recurrence.read(case["rule"], start, zone)
    times = [f"{at.astimezone(zone):%Y-%m-%d %H:%M}" for at in islice(found.times(), len(case["times"]) + 1)]
    assert times[: len(case["times"])] == case["times"]
    assert len(times) == len(case["times"]) + (not case.get("ends", False))
    assert found.words == case["words"]


@pytest.mark.parametrize("rule", CASES["refused"]["rules"])
def test_anything_else_is_refused_with_a_sentence(rule):
    with pytest.raises(BadRule, match=r"\.$"):
        Recurrence.read(rule, datetime(2026, 12, 6, 9), DENVER)


def test_a_series_ends_with_its_last_day():
    found = Recurrence.read("FREQ=WEEKLY;BYDAY=SU", datetime(2026, 12, 6, 9), DENVER, until=date(2026, 12, 20))
    assert len(list(found.times())) == 3


def test_it_cannot_end_in_two_ways():
    with pytest.raises(BadRule, match="not both"):
        Recurrence.read("FREQ=DAILY;COUNT=3", datetime(2026, 12, 6, 9), DENVER, until=date(2026, 12, 20))


def test_the_next_times_are_later_than_now():
    found = Recurrence.read("FREQ=WEEKLY;BYDAY=SU", datetime(2026, 12, 6, 9), DENVER)
    sunday = datetime(2026, 12, 6, 16, tzinfo=UTC)
    assert found.next(sunday, 2) == [datetime(2026, 12, 13, 16, tzinfo=UTC), datetime(2026, 12, 20, 16, tzinfo=UTC)]


@pytest.mark.parametrize(
    ("day", "rule"),
    [
        (date(2026, 12, 13), "FREQ=MONTHLY;BYDAY=2SU"),
        (date(2026, 11, 29), "FREQ=MONTHLY;BYDAY=-1SU"),
    ],
)
def test_the_weekday_of_a_month(day, rule):
    assert recurrence.monthly_on_weekday(day) == rule


def test_the_31st_is_the_last_day_of_shorter_months():
    rule = recurrence.monthly_on_day(date(2026, 12, 31))
    found = Recurrence.read(rule, datetime(2026, 12, 31, 9), DENVER)
    assert [at.astimezone(DENVER).day for at in islice(found.times(), 4)] == [31, 31, 28, 31]
