"""Actions on a running blast: pause, resume and cancel."""

import re

import pytest
from django.utils import timezone

from messaging.models import Delivery, SenderSlot
from tests.admin_pages import squeeze

from .pages import address

Status = Delivery.Status


@pytest.fixture
def press(manager_client, django_capture_on_commit_callbacks):
    """Presses one of the blast's buttons, and returns the next page."""

    def run(log, button):
        with django_capture_on_commit_callbacks(execute=True):
            response = manager_client.post(address(log, f"{button}/"), follow=True)
        log.refresh_from_db()
        return squeeze(response.content.decode())

    return run


def test_pause_says_how_many_wait(press, make_log, make_delivery):
    log = make_log()
    for status in (Status.PENDING, Status.PENDING, Status.SENDING):
        make_delivery(log, status)
    page = press(log, "pause")
    assert log.paused_at is not None
    assert "Paused. 2 people won’t be texted until you resume." in page
    assert "1 person being texted right now may still get it." in page
    assert 'value="Resume"' in page
    assert 'value="Pause"' not in page


def test_resume_sends_the_rest(press, make_log, make_delivery, locmem):
    log = make_log(paused_at=timezone.now())
    SenderSlot.objects.create(message_log=log, number=0)
    phones = {make_delivery(log).phone for _ in range(3)}
    page = press(log, "resume")
    assert "Resumed. 3 people left to text." in page
    assert {to for to, _, _ in locmem.outbox} == phones
    assert log.status == "sent"


def test_canceling_asks_first(show, make_log, make_delivery):
    log = make_log()
    make_delivery(log)
    make_delivery(log, Status.DELIVERED)
    page = show(log, "cancel/")
    assert "1 person hasn’t been texted yet." in page
    log.refresh_from_db()
    assert log.cancelled_at is None


def test_canceling_says_how_many_are_skipped(press, make_log, make_delivery):
    log = make_log()
    for status in (Status.PENDING, Status.PENDING, Status.DELIVERED):
        make_delivery(log, status)
    page = press(log, "cancel")
    assert "Canceled. 2 people won’t be texted; 1 person already was." in page
    assert log.deliveries.count_by_status() == {"skipped": 2, "delivered": 1}
    assert "<strong>2</strong> Blast canceled" in page


@pytest.mark.parametrize(
    ("button", "sentence"),
    [
        ("pause", "This blast isn’t sending, so there was nothing to pause."),
        ("resume", "This blast isn’t paused, so there was nothing to resume."),
        ("cancel", "This blast is already finished, so there was nothing to cancel."),
    ],
)
def test_late_actions_change_nothing(press, make_log, make_delivery, button, sentence):
    log = make_log(status="sent", finished_at=timezone.now())
    make_delivery(log, Status.DELIVERED)
    page = press(log, button)
    assert sentence in page
    assert (log.status, log.paused_at, log.cancelled_at) == ("sent", None, None)


def test_a_finished_blast_has_no_buttons(show, make_log, make_delivery):
    log = make_log(status="sent", finished_at=timezone.now())
    make_delivery(log, Status.DELIVERED)
    page = show(log)
    assert not re.search(r'value="(Pause|Resume)"|Cancel…|Delete this', page)


def test_actions_are_in_the_change_log(press, make_log, make_delivery, admin_client):
    log = make_log()
    make_delivery(log)
    press(log, "pause")
    page = admin_client.get(address(log, "history/")).content.decode()
    assert "Paused." in page
    assert "sam" in page
