"""Plans of events: reminders that move with their event, and that staff can take into their own hands."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from contacts import events
from messaging.composing.audience import Audience
from messaging.models import PlanLine, ScheduledMessage
from messaging.scheduling import event_plans

NOW = datetime(2026, 12, 1, 18, tzinfo=UTC)
START = datetime(2026, 12, 20, 18, 30, tzinfo=ZoneInfo("America/New_York"))


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    def set_to(now):
        monkeypatch.setattr("django.utils.timezone.now", lambda: now)

    set_to(NOW)
    return set_to


@pytest.fixture
def concert(make_event):
    event = make_event(title="Carol concert", starts_at=START, zone="America/New_York", place="Town Hall")
    events.save(event)
    return event


@pytest.fixture
def plan(concert):
    """Adds lines to the concert's plan, and returns them as they are then."""

    def add(*lines):
        made = [PlanLine.objects.create(event=concert, **{"text": "See you at {event}!", **line}) for line in lines]
        event_plans.sync(concert)
        for line in made:
            line.refresh_from_db()
        return made if len(made) > 1 else made[0]

    return add


WEEK_BEFORE = {"days": -7, "time": time(9)}
HOUR_BEFORE = {"minutes": -60}
DAY_AFTER = {"days": 1, "time": time(10)}


def move(event, by):
    event.starts_at += by
    events.save(event)


def test_the_day_of_an_event_follows_from_its_start(concert):
    assert concert.date == date(2026, 12, 20)


def test_each_line_is_a_scheduled_blast_by_the_clocks_of_the_event(plan, concert):
    lines = plan(WEEK_BEFORE, HOUR_BEFORE, DAY_AFTER)
    times = [line.message.scheduled_at.astimezone(concert.time_zone) for line in lines]
    assert [f"{at:%Y-%m-%d %H:%M}" for at in times] == ["2026-12-13 09:00", "2026-12-20 17:30", "2026-12-21 10:00"]
    assert {line.message.event for line in lines} == {concert}


def test_the_text_has_the_fields_of_the_event(plan):
    line = plan({**WEEK_BEFORE, "text": "{event}: {event_date}, {Event time}, {event_place}. Bye {first_name}"})
    assert line.message.message_body.startswith(
        "Carol concert: Sunday, December 20, 6:30 PM, Town Hall. Bye {first_name}"
    )


def test_braces_in_a_title_are_no_fields(plan, concert):
    concert.title = "{name} night"
    events.save(concert)
    assert plan(WEEK_BEFORE).message.message_body.startswith("See you at (name) night!")


def test_the_community_can_be_reminded_except_who_is_registered(plan, concert, make_member, make_registration):
    make_member(phone="+17205550101")
    make_member(phone="+17205550102")
    make_registration(event=concert, phone="+17205550102")
    line = plan({**WEEK_BEFORE, "whom": "not_registered"})
    audience = Audience.defined(line.message.definition)
    assert [phone for phone, _ in audience.sample(5)] == ["+17205550101"]


def test_moving_the_event_moves_what_has_not_gone_out(plan, concert):
    sent, waiting = plan(WEEK_BEFORE, HOUR_BEFORE)
    ScheduledMessage.objects.filter(pk=sent.message.pk).update(status="sent")
    before = sent.message.scheduled_at
    move(concert, timedelta(days=2))
    sent.message.refresh_from_db()
    waiting.message.refresh_from_db()
    assert sent.message.scheduled_at == before
    assert waiting.message.scheduled_at == START + timedelta(days=2, hours=-1)


@pytest.mark.parametrize(
    "edit", [{"message_body": "Bring a chair"}, {"scheduled_at": NOW + timedelta(days=3)}, {"status": "cancelled"}]
)
def test_a_line_that_staff_took_in_hand_is_not_overwritten(plan, concert, edit):
    line = plan(WEEK_BEFORE)
    ScheduledMessage.objects.filter(pk=line.message.pk).update(**edit)
    expected = ScheduledMessage.objects.values().get()
    move(concert, timedelta(days=2))
    assert ScheduledMessage.objects.values().get() == expected


def test_canceling_the_event_cancels_its_texts_and_reinstating_it_brings_them_back(plan, concert):
    line = plan(WEEK_BEFORE)
    assert events.cancel(concert)
    assert not ScheduledMessage.objects.upcoming().exists()
    assert events.reinstate(concert)
    line.refresh_from_db()
    assert (line.message.is_pending, ScheduledMessage.objects.upcoming().count()) == (True, 1)


def test_a_line_whose_time_has_passed_is_missed_and_not_sent_late(plan, clock):
    clock(datetime(2026, 12, 15, tzinfo=UTC))
    line = plan(WEEK_BEFORE)
    assert (line.message, line.missed_at) == (None, datetime(2026, 12, 15, tzinfo=UTC))


def test_a_missed_line_is_planned_again_when_the_event_moves_on(plan, clock, concert):
    clock(datetime(2026, 12, 15, tzinfo=UTC))
    line = plan(WEEK_BEFORE)
    move(concert, timedelta(days=30))
    line.refresh_from_db()
    assert (line.message.is_pending, line.missed_at) == (True, None)


def test_without_a_start_a_line_waits(plan, concert):
    concert.starts_at = None
    events.save(concert)
    before, on_the_hour = plan(WEEK_BEFORE, HOUR_BEFORE)
    assert before.message is not None
    assert (on_the_hour.message, on_the_hour.missed_at) == (None, None)


def test_syncing_again_changes_nothing(plan, concert):
    plan(WEEK_BEFORE, DAY_AFTER)
    before = list(ScheduledMessage.objects.values())
    event_plans.sync(concert)
    assert list(ScheduledMessage.objects.values()) == before


def test_a_plan_becomes_the_default_of_new_events(plan, concert, make_event):
    plan(WEEK_BEFORE, DAY_AFTER)
    assert event_plans.save_as_default(concert) == 2
    gala = make_event(title="Gala", date=date(2027, 1, 10))
    assert event_plans.begin(gala) == 2
    assert ScheduledMessage.objects.filter(event=gala).count() == 2


def test_a_removed_line_takes_its_blast_with_it(plan):
    event_plans.remove(plan(WEEK_BEFORE))
    assert not ScheduledMessage.objects.upcoming().exists()


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (WEEK_BEFORE, "7 days before at 9:00 AM"),
        ({"minutes": -90}, "1 hour 30 minutes before"),
        ({"minutes": 0}, "when it starts"),
        (DAY_AFTER, "the day after at 10:00 AM"),
        ({"days": 0, "time": time(8)}, "on the day at 8:00 AM"),
    ],
)
def test_when_in_words(line, words):
    assert event_plans.when_in_words(PlanLine(**line)) == words
