"""The page of one blast: who may see it, what it says, how it keeps up."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from messaging.models import Delivery

from .pages import BLASTS, address

Status = Delivery.Status


@pytest.mark.parametrize("page", ["change/", "progress/", "results.csv", "pause/", "resume/", "cancel/"])
def test_strangers_are_asked_to_log_in(client, make_log, page):
    assert client.get(address(make_log(), page)).url.startswith("/admin/login/")


@pytest.mark.parametrize("page", ["change/", "progress/", "results.csv", "cancel/"])
def test_users_who_may_not_see_blasts_are_refused(client, make_user, make_log, page):
    client.force_login(make_user(role="guest"))
    assert client.get(address(make_log(), page)).status_code == 403


@pytest.mark.parametrize("button", ["pause", "resume", "cancel"])
def test_users_who_may_not_send_cannot_change_a_running_blast(client, make_user, make_log, make_delivery, button):
    log = make_log()
    make_delivery(log)
    client.force_login(make_user(role="guest"))
    assert client.post(address(log, f"{button}/")).status_code == 403
    log.refresh_from_db()
    assert log.is_running


@pytest.mark.parametrize("button", ["pause", "resume"])
def test_get_requests_change_nothing(manager_client, make_log, button):
    log = make_log()
    assert manager_client.get(address(log, f"{button}/")).status_code == 405


def test_a_blast_cannot_be_edited_or_added(admin_client, make_log):
    log = make_log()
    admin_client.post(address(log), {"message_body": "Changed"})
    log.refresh_from_db()
    assert log.message_body == "Hi {first_name}, come to the picnic"
    assert admin_client.get(f"{BLASTS}add/").status_code == 403


@pytest.mark.parametrize("page", ["progress/", "results.csv", "cancel/"])
def test_pages_of_a_missing_blast_are_not_found(manager_client, page):
    assert manager_client.get(f"{BLASTS}99999999/{page}").status_code == 404


def test_the_page_of_a_missing_blast_redirects_to_the_list(manager_client, db):
    response = manager_client.get(f"{BLASTS}99999999/change/", follow=True)
    assert "This blast no longer exists." in response.content.decode()


# What it says ----------------------------------------------------------------------------------------------------


def test_it_says_what_was_sent_to_whom_by_whom_and_when(show, make_log):
    page = show(make_log(created_at=timezone.datetime(2026, 7, 4, 18, tzinfo=timezone.get_fixed_timezone(0))))
    assert "Hi {first_name}, come to the picnic" in page
    assert "To Community, sent by sam on Jul 4, 2026, 12:00 PM MDT." in page


def test_it_shows_its_progress(show, make_log, make_delivery):
    log = make_log()
    for status in (Status.PENDING, Status.SENDING, Status.DELIVERED, Status.ACCEPTED, Status.FAILED, Status.SKIPPED):
        make_delivery(log, status, skip_reason="opted_out" if status == Status.SKIPPED else "")
    page = show(log)
    assert "Sending 60%" in page
    assert "2 of 5 sent, 1 failed" in page
    assert re.search(r'<progress [^>]*max="5" value="3"', page)


def test_each_state_is_counted_and_explained(show, make_log, make_delivery):
    log = make_log()
    make_delivery(log, Status.DELIVERED)
    make_delivery(log, Status.DELIVERED)
    make_delivery(log, Status.ACCEPTED)
    for reason in ("opted_out", "suppressed"):
        make_delivery(log, Status.SKIPPED, skip_reason=reason)
    table = re.search(r'<table class="states">.*?</table>', show(log))[0]
    rows = re.findall(r"state-(\w+).*?<td class=\"number\">(\d+)</td><td>(.*?)</td>", table)
    assert rows == [
        ("accepted", "1", "On its way."),
        ("delivered", "2", "Arrived on the phone."),
        ("skipped", "2", "Not texted on purpose. Opted out: 1, Unreachable: 1."),
    ]


def test_unconfirmed_deliveries_are_explained(show, make_log, make_delivery):
    log = make_log(status="sent")
    make_delivery(log, Status.UNKNOWN)
    make_delivery(log, Status.UNKNOWN)
    page = show(log)
    assert "2 people may not have received it." in page
    assert '<a href="?status=unknown">' in page


def test_why_a_blast_was_stopped_stands_out(show, make_log, make_delivery):
    log = make_log(paused_at=timezone.now(), stop_code=20003, stop_reason="Twilio didn't accept our credentials.")
    make_delivery(log)
    page = show(log)
    assert '<div class="notice notice-error" role="alert"><p><strong>This blast was stopped.</strong> Twilio' in page
    assert "Stopped" in page


def test_sending_problems_are_shown_while_they_last(show, make_log, make_delivery):
    log = make_log(trouble="Twilio asks us to slow down.")
    make_delivery(log)
    assert "Sending is slower than usual.</strong> Twilio asks us to slow down." in show(log)


def test_the_rate_is_that_of_the_last_ten_seconds(show, make_log, make_delivery):
    now = timezone.now()
    log = make_log(created_at=now - timedelta(minutes=5))
    for seconds in (300, 200, 1, 1, 1, 1, 1):
        make_delivery(log, Status.DELIVERED, claimed_at=now - timedelta(seconds=seconds))
    for _ in range(3):
        make_delivery(log)
    assert "7 of 10 sent, 0.5 per second, about 10 seconds left" in show(log)


def test_names_and_texts_are_escaped(show, make_log, make_delivery):
    log = make_log(message_body="<script>alert(1)</script>", trouble="<b>trouble</b>")
    make_delivery(log, Status.FAILED, name="<i>Ann</i>", error_message="<u>no</u>")
    page = show(log, q="<s>")
    main = page[page.index("<main") :]
    assert not re.findall(r"<(?:script|i|b|u|s)>", main)


@pytest.fixture
def poll(manager_client):
    def run(log, **query):
        return manager_client.get(address(log, "progress/"), query).json()

    return run


def test_a_poll_returns_progress_and_the_visible_rows(poll, make_log, make_delivery):
    log = make_log()
    make_delivery(log, Status.FAILED, name="Ann")
    make_delivery(log, name="Bea")
    answer = poll(log, status="failed")
    assert "Sending 50%" in answer["progress"]
    assert "Ann" in answer["recipients"]
    assert "Bea" not in answer["recipients"]


def test_it_polls_every_second_while_running_and_less_often_while_reports_come(poll, make_log, make_delivery):
    now = timezone.now()
    running = make_log()
    make_delivery(running)
    reporting = make_log(status="sent", finished_at=now)
    make_delivery(reporting, Status.ACCEPTED)
    reported = make_log(status="sent", finished_at=now)
    make_delivery(reported, Status.DELIVERED)
    old = make_log(status="sent", finished_at=now - timedelta(hours=1))
    make_delivery(old, Status.SENT)
    assert [poll(log)["again_in"] for log in (running, reporting, reported, old)] == [1, 5, None, None]


def test_without_javascript_there_is_a_reload_link(show, make_log, make_delivery):
    log = make_log()
    make_delivery(log)
    assert "Reload</a>" in show(log)
