"""The page on which admins decide to send within quiet hours."""

import pytest

from accounts.models import SecurityEvent
from messaging.sending import dispatch
from smsadmin.lib.daily_hours import DailyHours

from .pages import address


@pytest.fixture
def held(settings, make_member, start_blast, queue):
    """A blast whose only person is within quiet hours."""
    settings.QUIET_HOURS = DailyHours((((0, 1439),),) * 7)
    make_member()
    log = start_blast("Hello")
    dispatch.nudge(log)
    queue.run()
    return log


def ignores(log):
    log.refresh_from_db()
    return log.ignores_quiet_hours


def test_admins_are_offered_to_send_anyway(held, admin_client, manager_client):
    offer = f'<a href="{address(held, "anyway/")}">Send now anyway…</a>'
    assert offer in admin_client.get(address(held)).content.decode()
    assert offer not in manager_client.get(address(held)).content.decode()


def test_asking_changes_nothing(held, admin_client):
    page = admin_client.get(address(held, "anyway/")).content.decode()
    assert "1 person gets it" in page
    assert not ignores(held)


def test_with_a_reason_it_is_sent_and_on_record(held, admin_client):
    response = admin_client.post(address(held, "anyway/"), {"reason": "The hall has burst pipes"}, follow=True)
    assert "Sending to everybody now." in response.content.decode()
    assert ignores(held)
    assert (
        SecurityEvent.objects.get(event_type="quiet_hours_ignored").metadata["reason"] == "The hall has burst pipes"
    )


def test_without_a_reason_it_is_refused(held, admin_client):
    page = admin_client.post(address(held, "anyway/"), {"reason": " "}).content.decode()
    assert "Write down why this can’t wait." in page
    assert not ignores(held)


@pytest.mark.parametrize("method", ["get", "post"])
def test_social_managers_are_refused(held, manager_client, method):
    assert getattr(manager_client, method)(address(held, "anyway/"), {"reason": "Urgent"}).status_code == 403
    assert not ignores(held)


def test_a_blast_that_waits_for_nobody_is_left_alone(held, admin_client):
    held.pause()
    response = admin_client.post(address(held, "anyway/"), {"reason": "Urgent"})
    assert response.url == address(held)
    assert not ignores(held)
