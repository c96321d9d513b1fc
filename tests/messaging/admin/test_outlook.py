"""Quiet hours on the review page and the pages of scheduled blasts: who gets it when, said before the click."""

from datetime import UTC, datetime

import pytest
from django.urls import reverse
from django.utils import timezone

from messaging.models import Draft, MessageLog, ScheduledMessage
from smsadmin.lib.daily_hours import DailyHours
from tests.admin_pages import squeeze

NOW = datetime(2026, 12, 2, 3, tzinfo=UTC)  # 8 PM in Denver, 10 PM in New York
SPLIT = "1 person gets it now. 2 people get it tomorrow from 6:00 AM."
WAIT = "Wait and send to everybody tomorrow at 8:00 AM"


@pytest.fixture(autouse=True)
def evening(settings, monkeypatch, make_member):
    settings.QUIET_HOURS = DailyHours.read("21:00-08:00")
    settings.APP_TIMEZONE = "America/Denver"
    monkeypatch.setattr(timezone, "now", lambda: NOW)
    for phone in ("+17205550101", "+12125550101", "+12125550102"):
        make_member(phone=phone)


@pytest.fixture
def draft(manager_user):
    return Draft.objects.create(created_by=manager_user, message_body="Hi")


@pytest.fixture
def scheduled(manager_user):
    return ScheduledMessage.objects.create(
        message_body="Hi", target="community", scheduled_at=datetime(2026, 12, 3, 14, tzinfo=UTC)
    )


def review(client, draft, query=""):
    return squeeze(
        client.get(reverse("admin:messaging_messagelog_confirm", args=[draft.token]) + query).content.decode()
    )


def schedule(client, draft, local, **extra):
    date, time = local.split()
    form = {"version": draft.version, "date": date, "time": time, "zone": "America/Denver", **extra}
    return client.post(reverse("admin:messaging_messagelog_later", args=[draft.token]), form)


def test_the_review_page_says_how_many_get_it_now_and_how_many_when(manager_client, draft):
    assert SPLIT in review(manager_client, draft)


def test_it_offers_to_wait_for_everybody(manager_client, draft):
    page = review(manager_client, draft)
    assert f'data-at="2026-12-02T08:00">{WAIT}</a>' in page


def test_what_was_offered_fills_in_the_schedule(manager_client, draft):
    page = review(manager_client, draft, "?at=2026-12-02T08:00")
    assert 'value="2026-12-02"' in page
    assert 'id="outlook-then"' not in page
    assert not ScheduledMessage.objects.exists()


def test_a_time_at_which_somebody_has_to_wait_is_scheduled_on_the_second_click(manager_client, draft):
    page = squeeze(schedule(manager_client, draft, "2026-12-02 07:00").content.decode())
    assert "2 people get it then. 1 person gets it tomorrow from 8:00 AM." in page
    assert not ScheduledMessage.objects.exists()
    schedule(manager_client, draft, "2026-12-02 07:00", outlook_seen="2026-12-02T14:00:00+00:00")
    assert ScheduledMessage.objects.get().scheduled_at == datetime(2026, 12, 2, 14, tzinfo=UTC)


def test_what_was_said_about_one_time_does_not_count_for_another(manager_client, draft):
    schedule(manager_client, draft, "2026-12-02 06:30", outlook_seen="2026-12-02T14:00:00+00:00")
    assert not ScheduledMessage.objects.exists()


def test_a_time_that_suits_everybody_is_scheduled_at_once(manager_client, draft):
    schedule(manager_client, draft, "2026-12-02 08:00")
    assert ScheduledMessage.objects.exists()


def test_without_quiet_hours_nothing_is_said(settings, manager_client, draft):
    settings.QUIET_HOURS = None
    assert "Quiet hours" not in review(manager_client, draft)


def test_a_scheduled_blast_says_who_waits_and_offers_another_time(manager_client, scheduled):
    url = reverse("admin:messaging_scheduledmessage_change", args=[scheduled.pk])
    page = squeeze(manager_client.get(url).content.decode())
    assert "2 people get it then. 1 person gets it on Thursday from 8:00 AM." in page
    assert f'href="{url.replace("change", "reschedule")}?at=2026-12-03T08:00"' in page


def test_the_time_offered_is_filled_in_for_rescheduling(manager_client, scheduled):
    url = reverse("admin:messaging_scheduledmessage_reschedule", args=[scheduled.pk])
    assert 'value="08:00"' in manager_client.get(f"{url}?at=2026-12-03T08:00").content.decode()


def test_sending_a_scheduled_one_now_says_who_waits(manager_client, scheduled):
    url = reverse("admin:messaging_scheduledmessage_send", args=[scheduled.pk])
    assert SPLIT in squeeze(manager_client.get(url).content.decode())
    assert not MessageLog.objects.exists()
