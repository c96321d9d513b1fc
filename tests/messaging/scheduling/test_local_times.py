from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging.scheduling.local_times import MissingTime, RepeatedTime, read, resolve, suggestions

DENVER = ZoneInfo("America/Denver")
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("local", "zone", "utc"),
    [
        (datetime(2026, 12, 1, 18, 30), DENVER, datetime(2026, 12, 2, 1, 30, tzinfo=UTC)),
        (datetime(2026, 7, 1, 18, 30), DENVER, datetime(2026, 7, 2, 0, 30, tzinfo=UTC)),
        (datetime(2026, 12, 1, 18, 30), BERLIN, datetime(2026, 12, 1, 17, 30, tzinfo=UTC)),
        (datetime(2026, 3, 8, 1, 59), DENVER, datetime(2026, 3, 8, 8, 59, tzinfo=UTC)),
        (datetime(2026, 3, 8, 3, 0), DENVER, datetime(2026, 3, 8, 9, 0, tzinfo=UTC)),
        (datetime(2026, 11, 1, 2, 0), DENVER, datetime(2026, 11, 1, 9, 0, tzinfo=UTC)),
    ],
)
def test_a_local_time_is_one_moment(local, zone, utc):
    assert resolve(local, zone) == utc


@pytest.mark.parametrize(
    ("local", "zone", "earlier", "later"),
    [
        (datetime(2026, 3, 8, 2, 30), DENVER, "01:30 MST", "03:30 MDT"),
        (datetime(2026, 3, 29, 2, 30), BERLIN, "01:30 CET", "03:30 CEST"),
    ],
)
def test_a_skipped_time_is_asked_about(local, zone, earlier, later):
    with pytest.raises(MissingTime) as asked:
        resolve(local, zone)
    assert f"{asked.value.earlier:%H:%M %Z}" == earlier
    assert f"{asked.value.later:%H:%M %Z}" == later
    assert "doesn’t exist" in str(asked.value)


@pytest.mark.parametrize(
    ("local", "zone", "names"),
    [
        (datetime(2026, 11, 1, 1, 30), DENVER, ("MDT", "MST")),
        (datetime(2026, 10, 25, 2, 30), BERLIN, ("CEST", "CET")),
    ],
)
def test_a_repeated_time_is_asked_about(local, zone, names):
    with pytest.raises(RepeatedTime) as asked:
        resolve(local, zone)
    first, second = asked.value.first, asked.value.second
    assert (first.tzname(), second.tzname()) == names
    assert (second.astimezone(UTC) - first.astimezone(UTC)).total_seconds() == 3600
    assert first.replace(tzinfo=None, fold=0) == second.replace(tzinfo=None, fold=0) == local


@given(st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1)), st.sampled_from([DENVER, BERLIN]))
def test_a_resolved_time_keeps_its_wall_clock_time(local, zone):
    try:
        moment = resolve(local, zone)
    except (MissingTime, RepeatedTime):
        return
    assert moment.astimezone(zone).replace(tzinfo=None) == local


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-12-01 18:30", datetime(2026, 12, 2, 1, 30, tzinfo=UTC)),
        (" 2026-12-01T18:30 ", datetime(2026, 12, 2, 1, 30, tzinfo=UTC)),
        ("2026-11-01T01:30-06:00", datetime(2026, 11, 1, 7, 30, tzinfo=UTC)),
        ("2026-11-01T01:30-07:00", datetime(2026, 11, 1, 8, 30, tzinfo=UTC)),
        ("2026-12-01T18:30Z", datetime(2026, 12, 1, 18, 30, tzinfo=UTC)),
    ],
)
def test_a_time_without_an_offset_is_in_the_zone(text, utc):
    assert read(text, DENVER) == utc


@pytest.mark.parametrize("text", ["", "tomorrow", "2026-12-01", "2026-13-01 18:30", "18:30", "01.12.2026 18:30"])
def test_an_invalid_time_is_refused_with_an_example(text):
    with pytest.raises(ValueError, match="2026-12-01 18:30"):
        read(text, DENVER)


@pytest.mark.parametrize(
    ("now", "names"),
    [
        ("2026-03-04 12:00", ["Today 6 PM", "Tomorrow 9 AM", "Sunday 9 AM"]),
        ("2026-03-04 18:00", ["Tomorrow 9 AM", "Sunday 9 AM"]),
        ("2026-03-07 12:00", ["Today 6 PM", "Tomorrow 9 AM"]),
        ("2026-03-08 08:00", ["Today 6 PM", "Tomorrow 9 AM", "Sunday 9 AM"]),
    ],
)
def test_suggested_times_are_in_the_future_and_none_comes_twice(now, names):
    at = datetime.fromisoformat(now).replace(tzinfo=DENVER)
    found = suggestions(at, DENVER)
    assert [name for name, _ in found] == names
    assert all(local.replace(tzinfo=DENVER) > at for _, local in found)
