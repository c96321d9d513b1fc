"""Hours of the day by a local clock, also where clocks are changed."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsadmin.lib.daily_hours import BadHours, DailyHours

DENVER, BERLIN, KOLKATA = (ZoneInfo(name) for name in ("America/Denver", "Europe/Berlin", "Asia/Kolkata"))
NIGHT = DailyHours.read("21:00-08:00")


def at(text, zone=DENVER, fold=0):
    return datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold).astimezone(UTC)


@pytest.mark.parametrize(
    ("local", "is_closed"),
    [
        ("2026-12-01 20:59", False),
        ("2026-12-01 21:00", True),
        ("2026-12-02 00:00", True),
        ("2026-12-02 07:59", True),
        ("2026-12-02 08:00", False),
    ],
)
def test_hours_may_go_over_midnight(local, is_closed):
    assert NIGHT.includes(at(local), DENVER) == is_closed


def test_the_clock_is_that_of_the_zone():
    assert NIGHT.includes(at("2026-12-01 12:00"), BERLIN) is False
    assert NIGHT.includes(at("2026-12-01 13:00"), BERLIN) is True


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2026-12-01 23:15", "2026-12-02 08:00"),
        ("2026-12-02 03:00", "2026-12-02 08:00"),
        ("2026-12-02 12:00", "2026-12-02 12:00"),
        # Clocks go forward on March 8, and back on November 1.
        ("2026-03-07 22:00", "2026-03-08 08:00"),
        ("2026-10-31 22:00", "2026-11-01 08:00"),
    ],
)
def test_hours_end_at_the_same_local_time_whatever_the_clocks_did(start, end):
    assert NIGHT.ends_at(at(start), DENVER) == at(end)


def test_an_end_that_clocks_skip_is_moved_past_the_gap():
    early = DailyHours.read("00:00-02:30")
    assert early.ends_at(at("2026-03-08 01:00"), DENVER) == at("2026-03-08 03:30")


def test_an_hour_that_comes_twice_is_closed_twice():
    early = DailyHours.read("00:00-01:30")
    assert early.ends_at(at("2026-11-01 00:30"), DENVER) == at("2026-11-01 01:30", fold=0)
    assert early.ends_at(at("2026-11-01 01:10", fold=1), DENVER) == at("2026-11-01 01:30", fold=1)


def test_weekdays_can_only_add_to_the_hours():
    sundays = NIGHT.open_only({6: (time(6), time(18))})
    assert sundays.ends_at(at("2026-12-06 06:30"), DENVER) == at("2026-12-06 08:00")
    assert sundays.ends_at(at("2026-12-06 18:00"), DENVER) == at("2026-12-07 08:00")
    assert sundays.includes(at("2026-12-07 18:00"), DENVER) is False


def test_hours_without_an_end_are_known():
    never = DailyHours.read("").open_only({day: (time(8), time(9)) for day in range(7)})
    assert not never.is_always
    assert DailyHours((((0, 1440),),) * 7).is_always


@pytest.mark.parametrize(
    "text", ["9-5", "21:00", "25:00-08:00", "21:60-08:00", "08:00-08:00", "24:00-00:00", "night"]
)
def test_anything_else_is_refused_with_a_sentence(text):
    with pytest.raises(BadHours, match=r"\.$"):
        DailyHours.read(text)


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)),
    st.sampled_from([DENVER, BERLIN, KOLKATA]),
    st.integers(0, 1439),
    st.integers(0, 1439),
)
def test_the_end_is_open_and_everything_before_it_is_closed(moment, zone, start, end):
    if start == end:
        return
    hours = DailyHours.every_day(time(*divmod(start, 60)), time(*divmod(end, 60)))
    moment = moment.replace(tzinfo=UTC)
    ends_at = hours.ends_at(moment, zone)
    assert not hours.includes(ends_at, zone)
    assert ends_at == moment or all(
        hours.includes(moment + share * (ends_at - moment - timedelta(seconds=1)) / 20, zone) for share in range(21)
    )
