"""Series: one scheduled blast after the other, of which staff can change, skip, pause and end what is to come."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from messaging.composing.audience import Audience
from messaging.models import ScheduledMessage, Series
from messaging.scheduling import repeating
from messaging.scheduling.recurrence import Recurrence

DENVER = ZoneInfo("America/Denver")
FIRST = datetime(2026, 12, 6, 16, tzinfo=UTC)
WEEK = timedelta(weeks=1)


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    """Sets the time, at first some days before the series."""

    def set_to(now):
        monkeypatch.setattr("django.utils.timezone.now", lambda: now)

    set_to(FIRST - timedelta(days=3))
    return set_to


@pytest.fixture
def weekly(db):
    def make(rule="FREQ=WEEKLY;BYDAY=SU"):
        recurrence = Recurrence.read(rule, datetime(2026, 12, 6, 9), DENVER)
        return repeating.begin("Choir at 9", Audience("community"), recurrence).series

    return make


def pending():
    return list(ScheduledMessage.objects.upcoming().values_list("scheduled_at", flat=True))


def end_first(status="sent"):
    ScheduledMessage.objects.upcoming().first()
    pk = ScheduledMessage.objects.upcoming().values_list("pk", flat=True)[0]
    ScheduledMessage.objects.filter(pk=pk).update(status=status)


@pytest.mark.parametrize("status", ["sent", "failed", "expired", "cancelled"])
def test_the_next_one_is_made_when_one_ends_in_whatever_way(weekly, clock, status):
    weekly()
    assert pending() == [FIRST]
    assert repeating.schedule_next() == 0
    end_first(status)
    assert repeating.schedule_next() == 1
    assert pending() == [FIRST + WEEK]


def test_a_series_with_a_number_of_times_ends_with_the_last(weekly, clock):
    series = weekly("FREQ=WEEKLY;BYDAY=SU;COUNT=2")
    end_first()
    repeating.schedule_next()
    end_first()
    clock(FIRST + WEEK + timedelta(hours=1))
    assert repeating.schedule_next() == 0
    series.refresh_from_db()
    assert series.ended_at is not None


def test_of_those_missed_at_most_the_newest_goes_out(weekly, clock, settings):
    settings.SCHEDULED_MESSAGE_MAX_LAG = 60
    weekly()
    end_first("expired")
    clock(FIRST + 3 * WEEK + timedelta(minutes=30))
    repeating.schedule_next()
    assert pending() == [FIRST + 3 * WEEK]


def test_a_missed_one_beyond_its_lag_does_not_go_out(weekly, clock, settings):
    settings.SCHEDULED_MESSAGE_MAX_LAG = 60
    weekly()
    end_first("expired")
    clock(FIRST + 3 * WEEK + timedelta(minutes=90))
    repeating.schedule_next()
    assert pending() == [FIRST + 4 * WEEK]


def test_a_date_can_be_skipped(weekly):
    series = weekly()
    assert repeating.skip(series, FIRST + WEEK)
    end_first()
    repeating.schedule_next()
    assert pending() == [FIRST + 2 * WEEK]
    series.refresh_from_db()
    assert [one.is_skipped for one in repeating.upcoming(series, 3)] == [False, True, False]


def test_skipping_the_scheduled_date_makes_the_next_one(weekly):
    series = weekly()
    assert repeating.skip(series, FIRST)
    assert pending() == [FIRST + WEEK]


def test_a_change_goes_to_all_to_come_but_those_edited_alone(weekly):
    series = weekly()
    alone = repeating.schedule_alone(series, FIRST + WEEK)
    ScheduledMessage.objects.filter(pk=alone.pk).update(message_body="Choir at 10 this time")
    assert repeating.change(series, body="Choir at 8", audience=Audience("community")) == 1
    bodies = list(ScheduledMessage.objects.upcoming().values_list("message_body", flat=True))
    assert bodies == ["Choir at 8", "Choir at 10 this time"]


def test_a_date_edited_alone_is_not_made_twice(weekly):
    series = weekly()
    repeating.schedule_alone(series, FIRST + WEEK)
    end_first()
    repeating.schedule_next()
    assert pending() == [FIRST + WEEK]


def test_a_paused_series_makes_none_and_what_it_missed_does_not_go_out(weekly, clock):
    series = weekly()
    repeating.pause(series)
    assert (pending(), repeating.schedule_next()) == ([], 0)
    clock(FIRST + 2 * WEEK + timedelta(hours=1))
    repeating.resume(series)
    assert pending() == [FIRST + 3 * WEEK]


def test_a_pause_in_between_loses_no_date(weekly):
    series = weekly()
    repeating.pause(series)
    repeating.resume(series)
    assert pending() == [FIRST]


def test_an_ended_series_makes_none(weekly):
    series = weekly()
    repeating.end(series)
    assert (pending(), repeating.schedule_next()) == ([], 0)
    series.refresh_from_db()
    assert repeating.upcoming(series) == []


def test_another_rule_moves_what_is_to_come(weekly):
    series = weekly()
    repeating.change_rule(series, Recurrence.read("FREQ=DAILY", datetime(2026, 12, 5, 18), DENVER))
    assert pending() == [datetime(2026, 12, 6, 1, tzinfo=UTC)]
    assert Series.objects.get().rule == "FREQ=DAILY"
