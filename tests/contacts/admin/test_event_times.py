"""When and where an event is, and calling it off."""

from datetime import UTC, date, datetime

import pytest

from contacts import events
from contacts.admin.events import EventAdmin
from contacts.models import Event
from tests.admin_pages import squeeze

LIST = "/admin/contacts/event/"


def address(event, page="change/"):
    return f"{LIST}{event.pk}/{page}"


@pytest.fixture(autouse=True)
def denver(settings):
    settings.APP_TIMEZONE = "America/Denver"


@pytest.fixture
def concert(make_event):
    return make_event(
        title="Carol concert", date=date(2026, 12, 20), starts_at=datetime(2026, 12, 20, 23, 30, tzinfo=UTC)
    )


def save(client, event=None, **fields):
    data = {"title": "Carol concert", "date": "2026-12-20", "time": "18:30", "zone": "", "place": "", **fields}
    return client.post(address(event) if event else f"{LIST}add/", data)


def test_a_start_is_entered_by_the_clocks_of_the_organization(manager_client):
    save(manager_client, place="Town Hall")
    event = Event.objects.get()
    assert (event.starts_at, event.place) == (datetime(2026, 12, 21, 1, 30, tzinfo=UTC), "Town Hall")
    assert event.date == date(2026, 12, 20)


def test_an_event_may_have_a_zone_of_its_own(manager_client):
    save(manager_client, zone="America/New_York")
    assert Event.objects.get().starts_at == datetime(2026, 12, 20, 23, 30, tzinfo=UTC)


def test_the_page_shows_the_start_as_it_was_entered(manager_client, concert):
    page = manager_client.get(address(concert)).content.decode()
    assert "Sunday, December 20, 2026, 4:30 PM" in page
    assert 'name="time" value="16:30"' in page


def test_an_event_without_a_time_keeps_its_day_alone(manager_client, concert):
    save(manager_client, concert, time="")
    concert.refresh_from_db()
    assert (concert.starts_at, concert.date) == (None, date(2026, 12, 20))


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("date", "", "Enter the date too, or leave the time empty."),
        ("time", "soon", "This isn’t a time. Enter it like 18:30."),
        ("zone", "Mars/Olympus", "This time zone doesn’t exist. Choose one from the list."),
    ],
)
def test_what_is_wrong_is_said_beside_its_field(manager_client, field, value, sentence):
    response = save(manager_client, **{field: value})
    assert response.context["adminform"].form.errors[field] == [sentence]
    assert not Event.objects.exists()


def test_canceling_asks_first(manager_client, concert, make_registration):
    make_registration(concert)
    page = squeeze(manager_client.get(address(concert, "cancel/")).content.decode())
    assert "The 1 registered person stays registered" in page
    concert.refresh_from_db()
    assert concert.canceled_at is None


def test_whoever_is_registered_can_be_told_next(manager_client, concert, make_registration):
    for _ in range(2):
        make_registration(concert)
    response = manager_client.post(address(concert, "cancel/"), follow=True)
    page = squeeze(response.content.decode())
    concert.refresh_from_db()
    assert concert.canceled_at is not None
    assert "Tell the 2 registered people who can be texted?" in page
    assert f"/compose/?event={concert.pk}" in page


def test_a_canceled_event_says_so_and_can_be_reinstated(manager_client, concert):
    events.cancel(concert)
    assert "<strong>Canceled</strong>" in manager_client.get(address(concert)).content.decode()
    manager_client.post(address(concert, "reinstate/"))
    concert.refresh_from_db()
    assert concert.canceled_at is None


def test_looking_reinstates_nothing(manager_client, concert):
    events.cancel(concert)
    assert manager_client.get(address(concert, "reinstate/")).status_code == 405
    concert.refresh_from_db()
    assert concert.canceled_at is not None


@pytest.mark.parametrize("page", ["cancel/", "reinstate/"])
def test_it_takes_the_permission_to_change_events(manager_client, concert, page, monkeypatch):
    monkeypatch.setattr(EventAdmin, "has_change_permission", lambda *_: False)
    assert manager_client.post(address(concert, page)).status_code == 403
