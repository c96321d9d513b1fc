from datetime import UTC, datetime, timedelta

import pytest

from smsadmin.lib.dates import countdown, moment, when, when_tag

NOW = datetime(2030, 5, 1, 18, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("until", "words"),
    [
        (timedelta(seconds=1), "in 1 second"),
        (timedelta(seconds=0.2), "in 1 second"),
        (timedelta(seconds=59), "in 59 seconds"),
        (timedelta(minutes=1), "in 1 minute"),
        (timedelta(minutes=2, seconds=5), "in 2 minutes 5 seconds"),
        (timedelta(minutes=10, seconds=5), "in 10 minutes"),
        (timedelta(hours=3), "in 3 hours"),
        (timedelta(hours=1, minutes=20, seconds=9), "in 1 hour 20 minutes"),
        (timedelta(days=1), "in 1 day"),
        (timedelta(days=2, hours=4, minutes=59), "in 2 days 4 hours"),
        (timedelta(days=365, hours=4), "in 365 days"),
        (timedelta(0), "now"),
        (timedelta(seconds=-59), "now"),
        (timedelta(minutes=-3), "3 minutes late"),
    ],
)
def test_a_countdown_shows_its_two_largest_units(until, words):
    assert countdown(NOW + until, NOW) == words


def test_a_time_is_written_with_the_name_of_its_zone():
    assert moment(NOW) == "May 1, 2030, 12:30 PM MDT"
    assert moment(NOW, UTC) == "May 1, 2030, 6:30 PM UTC"


@pytest.mark.parametrize(
    ("at", "words"),
    [
        (NOW, "Today 12:30 PM"),
        (NOW - timedelta(hours=12), "Today 12:30 AM"),
        (NOW - timedelta(hours=13), "Tue 11:30 PM"),
        (NOW + timedelta(days=1), "Tomorrow 12:30 PM"),
        (NOW - timedelta(days=6), "Thu 12:30 PM"),
        (NOW - timedelta(days=7), "Apr 24"),
        (NOW + timedelta(days=7), "May 8"),
        (NOW - timedelta(days=150), "Dec 2, 2029"),
    ],
)
def test_a_time_is_said_without_what_cannot_be_mistaken(at, words):
    assert when(at, NOW) == words


def test_the_exact_time_is_on_hover():
    assert 'title="May 1, 2030, 12:30 PM MDT"' in when_tag(NOW)
    assert when_tag(None) == ""
