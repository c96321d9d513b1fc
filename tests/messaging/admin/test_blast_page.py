"""The page of one blast: who may see it, what it says, how it keeps up."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from messaging.models import Delivery

from ..conversations import add_text
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
    assert "<dt>To</dt><dd>Community</dd>" in page
    assert 'title="Jul 4, 2026, 12:00 PM MDT">' in page
    assert "</time> by sam</dd>" in page


def test_it_is_named_by_its_first_words_after_the_greeting(show, make_log):
    assert re.search(r"<h1[^>]*>Come to the picnic</h1>", show(make_log()))


def test_it_shows_its_progress(show, make_log, make_delivery):
    log = make_log()
    for status in (Status.PENDING, Status.SENDING, Status.DELIVERED, Status.ACCEPTED, Status.FAILED, Status.SKIPPED):
        make_delivery(log, status, skip_reason="opted_out" if status == Status.SKIPPED else "")
    page = show(log)
    assert "Sending 60%" in page
    assert "2 of 5 sent, 1 failed" in page


def test_the_bar_counts_everyone_once_and_its_parts_filter_the_recipients(show, make_log, make_delivery):
    log = make_log()
    for status in Status.values:
        make_delivery(log, status, skip_reason="opted_out" if status == Status.SKIPPED else "")
    page = show(log)
    legend = re.search(r'<ul class="parts-legend">.*?</ul>', page)[0]
    parts = re.findall(r'href="\?status=([\w-]+)#[^>]*><strong>(\d+)</strong> ([\w ]+)<', legend)
    assert parts == [
        ("delivered", "1", "Delivered"),
        ("on-the-way", "4", "On the way"),
        ("not-reached", "2", "Not reached"),
        ("skipped", "1", "Skipped"),
        ("pending", "1", "Waiting to send"),
    ]
    assert re.findall(r'<rect class="([\w-]+)"', page) == [kind for kind, _, _ in parts]
    for kind, count, _ in parts:
        assert show(log, status=kind).count('class="recipient-name"') == int(count)


def test_the_chosen_part_is_marked(show, make_log, make_delivery):
    log = make_log()
    make_delivery(log)
    is_chosen = 'class="pending" href="?status=pending#recipients-heading" aria-current="true"'
    assert is_chosen in show(log, status="pending")
    assert is_chosen not in show(log, status="delivered")


@pytest.mark.parametrize(("segments", "sentence"), [(2, "1 of 1 delivered, about $0.02<"), (0, "1 of 1 delivered<")])
def test_what_it_cost_is_said_once_it_is_known(show, make_log, make_delivery, settings, segments, sentence):
    settings.SMS_PRICE_PER_SEGMENT = Decimal("0.0083")
    log = make_log(status="sent", segment_count=segments)
    make_delivery(log, Status.DELIVERED)
    assert sentence in show(log)


def test_resends_are_linked_both_ways(show, make_log):
    first = make_log(status="sent")
    resend = make_log(retry_of=first, audience_name="2 people not reached", message_body="Come today")
    assert f'<dt>Resend of</dt><dd><a href="{address(first)}">Come to the picnic</a>' in show(resend)
    page = show(first)
    assert f'<dt>Resent as</dt><dd><a href="{address(resend)}">Come today</a>' in page
    assert "to 2 people not reached</span>" in page


@pytest.fixture
def answered(make_log, make_delivery, make_thread, make_unsubscribed):
    """A blast after which Ann wrote back and Bea opted out."""
    at = timezone.now() - timedelta(hours=1)
    log = make_log(status="sent", created_at=at, finished_at=at)
    ann, bea, _ = (make_delivery(log, Status.DELIVERED, name=name, accepted_at=at) for name in ("Ann", "Bea", "Cy"))
    add_text(make_thread(phone=ann.phone), "Thanks!")
    make_unsubscribed(phone=bea.phone)
    return log


def test_it_counts_who_wrote_back_and_who_opted_out(answered, show):
    page = show(answered)
    assert f'<a href="/admin/messaging/inboxthread/?blast={answered.pk}">Wrote back</a></dt><dd>1</dd>' in page
    assert '<a href="?status=opted-out-after#recipients-heading">Opted out</a></dt><dd>1</dd>' in page


def test_those_who_opted_out_afterwards_are_listed(answered, show):
    page = show(answered, status="opted-out-after")
    assert re.findall(r'<td class="recipient-name">.*?<bdi>(.*?)</bdi>', page) == ["Bea"]
    assert "Recipients: Opted out afterwards" in page


def test_those_who_wrote_back_are_listed_in_the_inbox(answered, manager_client, make_thread):
    add_text(make_thread(), "Hi from a stranger")
    page = manager_client.get(f"/admin/messaging/inboxthread/?blast={answered.pk}").content.decode()
    assert "1 conversation" in page
    assert "Thanks!" in page
    assert "Wrote back after “Come to the picnic”" in page


@pytest.mark.parametrize("blast", ["99999999", "x", ""])
def test_the_inbox_without_such_a_blast_is_whole(answered, manager_client, blast):
    page = manager_client.get(f"/admin/messaging/inboxthread/?blast={blast}", follow=True).content.decode()
    assert "Thanks!" in page
    assert "Wrote back after" not in page


def test_a_blast_that_reached_nobody_has_nothing_that_followed(show, make_log, make_delivery):
    log = make_log(status="failed")
    make_delivery(log, Status.FAILED)
    assert "What followed" not in show(log)


def test_unconfirmed_deliveries_are_explained(show, make_log, make_delivery):
    log = make_log(status="sent")
    make_delivery(log, Status.UNKNOWN)
    make_delivery(log, Status.UNKNOWN)
    page = show(log)
    assert "2 people may not have received it." in page
    assert '<a href="?status=unknown#recipients-heading">' in page


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


def test_a_poll_says_each_tenth_once_for_screen_readers(poll, make_log, make_delivery):
    log = make_log()
    for _ in range(7):
        make_delivery(log)
    make_delivery(log, Status.DELIVERED)
    assert poll(log)["news"] == "Sending, 10% done"
    make_delivery(log, Status.DELIVERED, claimed_at=timezone.now())
    assert poll(log)["news"] == "Sending, 20% done"


def test_a_poll_of_a_finished_blast_says_how_it_ended(poll, make_log):
    assert poll(make_log(status="sent"))["news"] == "Sent"


def test_a_poll_looks_for_no_replies(poll, make_log, make_delivery, monkeypatch):
    monkeypatch.setattr("messaging.sending.followed._reached", None)
    log = make_log()
    make_delivery(log, Status.DELIVERED)
    assert "Sending 100%" in poll(log)["progress"]


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
