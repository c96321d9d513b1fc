from datetime import UTC, datetime, timedelta

import pytest

from smsadmin.lib.dates import countdown, moment

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
def test_a_countdown_says_its_two_largest_units(until, words):
    assert countdown(NOW + until, NOW) == words


def test_a_time_is_written_with_the_name_of_its_zone():
    assert moment(NOW) == "May 1, 2030, 12:30 p.m. MDT"
    assert moment(NOW, UTC) == "May 1, 2030, 6:30 p.m. UTC"
