"""How long a login lasts."""

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone

from smsadmin import middleware

POLL = {"X-Poll": "1"}


class Clock:
    def __init__(self):
        self.now = 1_800_000_000.0

    def time(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(middleware, "time", clock)
    return clock


def idle(minutes):
    """Moves the session's times in the database back by so many minutes."""
    session = Session.objects.get()
    session.expire_date -= timedelta(minutes=minutes)
    session.save()


def minutes_left():
    return round((Session.objects.get().expire_date - timezone.now()).total_seconds() / 60)


def test_a_session_ends_after_half_an_hour_without_activity(manager_client):
    assert manager_client.get("/admin/").status_code == 200
    assert minutes_left() == 30
    idle(minutes=31)
    assert manager_client.get("/admin/").headers["location"] == "/admin/login/?next=/admin/"


def test_activity_extends_it(manager_client, clock):
    manager_client.get("/admin/")
    idle(minutes=20)
    clock.now += 20 * 60
    response = manager_client.get("/admin/contacts/event/")
    assert minutes_left() == 30
    assert response.cookies["sessionid"]["max-age"] == 30 * 60


def test_automatic_requests_do_not_extend_it(manager_client, clock):
    manager_client.get("/admin/")
    idle(minutes=20)
    clock.now += 20 * 60
    response = manager_client.get("/admin/", headers=POLL)
    assert response.status_code == 200
    assert "sessionid" not in response.cookies
    assert minutes_left() == 10


def test_the_session_is_written_at_most_once_a_minute(manager_client, clock):
    manager_client.get("/admin/login/")
    idle(minutes=5)
    clock.now += 59
    manager_client.get("/admin/login/")
    assert minutes_left() == 25
    clock.now += 1
    manager_client.get("/admin/login/")
    assert minutes_left() == 30


def test_setting_the_clock_back_does_not_stop_the_window_from_sliding(manager_client, clock):
    manager_client.get("/admin/")
    idle(minutes=5)
    clock.now -= 3600
    manager_client.get("/admin/")
    assert minutes_left() == 30


def test_a_visitor_gets_no_session(client, db):
    client.get("/admin/login/")
    assert not Session.objects.exists()
