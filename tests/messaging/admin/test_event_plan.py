"""The plan on an event's page."""

from datetime import UTC, datetime, time

import pytest
from django.utils import timezone

from contacts import events
from contacts.models import Event
from messaging.models import PlanLine, ScheduledMessage
from tests.admin_pages import squeeze

NOW = datetime(2026, 12, 1, 18, tzinfo=UTC)
SCHEDULED = "/admin/messaging/scheduledmessage/"
WEEK_BEFORE = {"number": "7", "unit": "days", "side": "before", "time": "09:00"}
HOUR_BEFORE = {"number": "1", "unit": "hours", "side": "before", "time": ""}


@pytest.fixture(autouse=True)
def now(monkeypatch, settings):
    settings.APP_TIMEZONE = "America/Denver"
    monkeypatch.setattr(timezone, "now", lambda: NOW)


@pytest.fixture
def concert(make_event):
    event = make_event(title="Carol concert", starts_at=datetime(2026, 12, 21, 1, 30, tzinfo=UTC))
    events.save(event)
    return event


@pytest.fixture
def add(manager_client, concert):
    def run(client=manager_client, **fields):
        data = {"whom": "registered", "text": "See you at {event}!", **fields}
        return client.post(f"{SCHEDULED}plan/{concert.pk}/add/", data)

    return run


def page_of(client, event):
    return squeeze(client.get(f"/admin/contacts/event/{event.pk}/change/").content.decode())


def test_a_line_is_added_and_scheduled(add, concert, manager_client):
    assert add(**WEEK_BEFORE).url == f"/admin/contacts/event/{concert.pk}/change/#plan"
    line = PlanLine.objects.get()
    assert (line.days, line.time, line.minutes) == (-7, time(9), None)
    page = page_of(manager_client, concert)
    assert "7 days before at 9:00 AM" in page
    assert f'<a href="{SCHEDULED}{line.message_id}/change/">Scheduled for Dec 13, 2026, 9:00 AM MST</a>' in page


def test_hours_count_from_the_start(add):
    add(**HOUR_BEFORE)
    assert PlanLine.objects.get().minutes == -60
    assert ScheduledMessage.objects.get().scheduled_at == datetime(2026, 12, 21, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("changed", "field", "sentence"),
    [
        ({"number": "soon"}, "number", "This isn’t a number. Enter one such as 7."),
        ({"number": "-3"}, "number", "Enter 0 or more, and choose before or after."),
        ({"time": ""}, "time", "Enter the time of day at which it goes out."),
        ({"text": " "}, "text", "Write the text."),
    ],
)
def test_what_is_wrong_is_said_beside_its_field(add, changed, field, sentence):
    response = add(**WEEK_BEFORE | changed)
    assert response.context["form"].errors[field] == [sentence]
    assert not PlanLine.objects.exists()


def test_an_unknown_field_is_refused(add):
    assert "{frist_name}" in add(**WEEK_BEFORE, text="Hi {frist_name}").context["form"].errors["text"][0]


def test_fields_that_the_event_lacks_are_pointed_out(add, concert, manager_client):
    add(**WEEK_BEFORE, text="See you at {event_place}!")
    assert "The event has nothing for {event_place} yet" in page_of(manager_client, concert)


def test_a_line_can_be_edited(add, manager_client):
    add(**WEEK_BEFORE)
    line = PlanLine.objects.get()
    address = f"{SCHEDULED}plan/line/{line.pk}/"
    assert 'name="number" value="7"' in manager_client.get(address).content.decode()
    manager_client.post(address, {**HOUR_BEFORE, "whom": "registered", "text": "Soon!"})
    line.refresh_from_db()
    assert (line.days, line.minutes, line.message.message_body[:5]) == (None, -60, "Soon!")


@pytest.mark.parametrize(
    ("change", "state"),
    [
        ({"scheduled_at": datetime(2026, 12, 15, tzinfo=UTC)}, "edited by hand"),
        ({"status": "sent"}, ">Sent<"),
        ({"status": "cancelled"}, ">Canceled<"),
    ],
)
def test_the_page_says_what_has_become_of_a_line(add, concert, manager_client, change, state):
    add(**WEEK_BEFORE)
    ScheduledMessage.objects.update(**change)
    assert state in page_of(manager_client, concert)


def test_a_line_whose_time_has_passed_is_missed(add, concert, manager_client):
    add(**WEEK_BEFORE | {"number": "60"})
    assert "Missed: its time had passed" in page_of(manager_client, concert)
    assert not ScheduledMessage.objects.exists()


def test_removing_a_line_cancels_its_blast(add, manager_client):
    add(**WEEK_BEFORE)
    manager_client.post(f"{SCHEDULED}plan/line/{PlanLine.objects.get().pk}/remove/")
    assert not PlanLine.objects.exists()
    assert ScheduledMessage.objects.get().status == "cancelled"


def test_looking_removes_nothing(add, manager_client):
    add(**WEEK_BEFORE)
    assert manager_client.get(f"{SCHEDULED}plan/line/{PlanLine.objects.get().pk}/remove/").status_code == 405
    assert PlanLine.objects.exists()


def test_the_plan_of_another_event_is_copied(concert, make_event, manager_client):
    other = make_event(title="Picnic")
    PlanLine.objects.create(event=other, minutes=-60, text="Soon!")
    assert f'<option value="{other.pk}">Picnic</option>' in page_of(manager_client, concert)
    manager_client.post(f"{SCHEDULED}plan/{concert.pk}/copy/", {"other": other.pk})
    assert concert.plan.get().text == "Soon!"


def test_a_plan_can_be_that_of_new_events(add, concert, manager_client):
    add(**WEEK_BEFORE)
    manager_client.post(f"{SCHEDULED}plan/{concert.pk}/default/")
    manager_client.post("/admin/contacts/event/add/", {"title": "Picnic", "date": "2026-12-30"})
    assert Event.objects.get(title="Picnic").plan.get().days == -7


def test_lines_of_the_plan_for_new_events_have_no_page(manager_client, db):
    line = PlanLine.objects.create(minutes=-60, text="Soon!")
    assert manager_client.get(f"{SCHEDULED}plan/line/{line.pk}/").status_code == 404


def test_it_takes_the_permission_to_schedule(add, concert, manager_client, monkeypatch):
    monkeypatch.setattr("messaging.admin.plans.views.SCHEDULE", ("messaging.ignore_quiet_hours",))
    assert add(**WEEK_BEFORE).status_code == 403
    assert not PlanLine.objects.exists()
