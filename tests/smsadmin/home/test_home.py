from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_q.models import Schedule

from messaging.models import Delivery, InboxThread, ScheduledMessage, SenderSlot
from smsadmin.models import WorkerHeartbeat


@pytest.fixture
def manager_page(manager_client):
    return lambda: manager_client.get("/admin/").content.decode()


def test_an_empty_site_has_a_checklist_for_admins(page):
    text = page()
    assert "No blast has been sent yet." in text
    assert "Set up SMS Admin" in text
    assert "Needs attention" not in text


def test_an_empty_site_has_no_checklist_for_others(manager_page):
    text = manager_page()
    assert "No blast has been sent yet." in text
    assert "Set up SMS Admin" not in text


def test_the_buttons_are_those_that_the_role_includes(page, manager_page):
    assert [name in page() for name in ("New blast", "Import</a>", "Someone asked to stop")] == [True, True, True]
    assert [name in manager_page() for name in ("New blast", "Import</a>", "Someone asked to stop")] == [
        True,
        False,
        True,
    ]


def test_there_is_no_list_of_apps_and_of_recent_actions(page):
    text = page()
    assert "recent-actions" not in text
    assert 'class="app-' not in text


def test_a_running_blast_is_shown_with_its_progress(page, make_log):
    log = make_log(status="processing")
    for number, status in enumerate(["accepted", "accepted", "pending", "failed"]):
        Delivery.objects.create(message_log=log, phone=f"+1720555011{number}", status=status)
    text = page()
    assert "3 of 4 sent, 1 failed" in text
    assert 'data-again-in="2"' in text


def test_a_stopped_blast_needs_attention_with_its_reason(page, make_log):
    make_log(status="processing", paused_at=timezone.now(), stop_code=21606, stop_reason="Check the sender.")
    text = page()
    assert "Needs attention" in text
    assert "Check the sender." in text
    assert ">Fix and resume</a>" in text
    assert "Sending now" not in text


def test_people_in_doubt_need_a_decision_once_the_grace_period_is_over(page, make_log, settings):
    settings.SMS_UNKNOWN_GRACE_MINUTES = 30
    log = make_log(status="sent")
    row = Delivery.objects.create(message_log=log, phone="+17205550110", status="unknown", claimed_at=timezone.now())
    assert "may not have received" not in page()
    Delivery.objects.filter(pk=row.pk).update(claimed_at=timezone.now() - timedelta(minutes=31))
    assert "1 person may not have received the blast “Picnic at six”." in page()


def test_a_reply_in_doubt_needs_a_decision_in_its_conversation(page, settings):
    settings.SMS_UNKNOWN_GRACE_MINUTES = 30
    thread = InboxThread.objects.create(phone="+17205550110", contact_name="Rosa <b>")
    row = Delivery.objects.create(phone=thread.phone, status="unknown", claimed_at=timezone.now())
    thread.messages.create(
        phone=thread.phone, direction="outbound", body="Hi", automation_source="manual", delivery=row
    )
    assert "A reply to" not in page()
    Delivery.objects.filter(pk=row.pk).update(claimed_at=timezone.now() - timedelta(minutes=31))
    text = page()
    assert "A reply to Rosa &lt;b&gt; may not have arrived." in text
    assert f"/admin/messaging/inboxthread/{thread.pk}/change/" in text


def test_an_unconfirmed_reply_is_not_reported_as_a_blast(page, make_log, settings):
    make_log(status="sent")
    Delivery.objects.create(phone="+17205550110", status="unknown", claimed_at=timezone.now() - timedelta(minutes=31))
    assert "may not have received the blast" not in page()


def test_a_blast_that_nobody_sends_says_to_start_the_worker(page, make_log):
    log = make_log(status="processing", created_at=timezone.now() - timedelta(minutes=2))
    Delivery.objects.create(message_log=log, phone="+17205550110")
    assert "the worker isn’t running. Start it with: python manage.py worker" in page()


@pytest.fixture
def make_worker(db):
    def make(beat_at):
        return WorkerHeartbeat.objects.create(host="here", pid=1, started_at=beat_at, beat_at=beat_at)

    return make


def test_a_blast_that_a_running_worker_ignores_is_reported(page, make_log, make_worker):
    make_worker(timezone.now())
    log = make_log(status="processing", created_at=timezone.now() - timedelta(minutes=2))
    Delivery.objects.create(message_log=log, phone="+17205550110")
    text = page()
    assert "although the worker is running. The worker’s log says why" in text
    assert "manage.py worker" not in text


@pytest.fixture
def waiting_reply(db):
    """A reply that has been waiting for half a minute."""
    thread = InboxThread.objects.create(phone="+17205550110")
    delivery = Delivery.objects.create(phone=thread.phone, updated_at=timezone.now() - timedelta(seconds=30))
    return thread.messages.create(
        phone=thread.phone, direction="outbound", body="Hi", automation_source="manual", delivery=delivery
    )


def test_a_reply_that_nobody_sends_says_to_start_the_worker(page, waiting_reply):
    # A place in the queue is no worker.
    SenderSlot.objects.create(number=0, owner="queued", leased_until=timezone.now() + timedelta(seconds=20))
    text = page()
    assert (
        "1 reply is waiting to be sent because the worker isn’t running. Start it with: python manage.py worker."
        in text
    )
    assert f"/admin/messaging/inboxthread/{waiting_reply.thread_id}/change/" in text
    Delivery.objects.update(updated_at=timezone.now())
    assert "waiting to be sent" not in page()


def test_a_reply_that_a_running_worker_ignores_is_reported(page, waiting_reply, make_worker):
    make_worker(timezone.now())
    assert "1 reply is waiting to be sent, although the worker is running" in page()


def test_a_reply_delayed_by_twilio_is_not_reported(page, waiting_reply, make_worker):
    make_worker(timezone.now())
    SenderSlot.objects.create(number=0, leased_until=timezone.now() + timedelta(minutes=2))
    assert "waiting to be sent" not in page()


def test_a_killed_worker_is_reported_even_if_nothing_waits(page, make_worker):
    make_worker(timezone.now() - timedelta(minutes=2))
    assert "The worker isn’t running, so nothing is being sent" in page()


def test_a_stopped_worker_is_reported_after_a_few_minutes(page):
    assert "The worker isn’t running" not in page()
    Schedule.objects.update(next_run=timezone.now() - timedelta(minutes=6))
    assert "The worker isn’t running" in page()


def test_a_running_worker_is_not_reported_missing(page, make_worker):
    make_worker(timezone.now())
    Schedule.objects.update(next_run=timezone.now() - timedelta(minutes=6))
    assert "The worker isn’t running" not in page()


def test_a_sent_blast_says_how_many_have_it_may_get_it_and_do_not(page, make_log):
    make_log(status="sent", total_recipients=1_300, success_count=1_200, failure_count=30, delivered_count=1_100)
    text = page()
    for words in ("1,100 delivered", "100 on the way", "30 not reached"):
        assert words in text


def test_a_blast_that_reached_nobody_says_how_it_ended(page, make_log):
    make_log(status="sent", cancelled_at=timezone.now())
    text = page()
    assert "Cancel" in text
    assert "Nobody was texted" in text


def test_texts_of_staff_are_escaped(page, make_log):
    make_log(
        message_body="<script>alert(1)</script>", status="processing", paused_at=timezone.now(), stop_reason="<b>"
    )
    text = page()
    assert "<script>alert(1)" not in text
    assert "&lt;script&gt;alert(1)" in text


def test_blasts_are_hidden_from_those_without_access(client, make_user, make_log):
    make_log(message_body="Picnic at six")
    client.force_login(make_user(role="nobody"))
    text = client.get("/admin/").content.decode()
    assert "Picnic at six" not in text
    assert "New blast" not in text


@pytest.fixture
def make_scheduled(db):
    def make(body="Choir at eight", **fields):
        fields = {"scheduled_at": timezone.now() + timedelta(hours=3, seconds=30), "target": "community", **fields}
        return ScheduledMessage.objects.create(message_body=body, **fields)

    return make


def test_scheduled_messages_are_shown_with_audience_and_countdown(page, make_scheduled):
    assert "Nothing is scheduled." in page()
    make_scheduled("Later", scheduled_at=timezone.now() + timedelta(days=3))
    message = make_scheduled()
    text = page()
    assert f"/admin/messaging/scheduledmessage/{message.pk}/change/" in text
    assert "To Community, <time" in text
    assert ">in 3 hours</time>" in text
    assert text.index("Choir at eight") < text.index("Later")
    assert 'data-again-in="60"' in text


def test_only_the_next_few_are_shown(page, make_scheduled):
    for number in range(7):
        make_scheduled(f"Number {number}", scheduled_at=timezone.now() + timedelta(days=number + 1))
    text = page()
    assert "Number 4" in text
    assert "Number 5" not in text


@pytest.mark.parametrize("status", ["expired", "failed"])
def test_an_unsent_message_needs_attention_for_a_week(page, make_scheduled, status):
    reason = "The event was deleted."
    unsent = make_scheduled(status=status, error_message=reason, scheduled_at=timezone.now() - timedelta(days=6))
    make_scheduled("Long ago", status=status, scheduled_at=timezone.now() - timedelta(days=8))
    make_scheduled("Given up", status="cancelled", scheduled_at=timezone.now() - timedelta(days=1))
    text = page()
    assert f"{status}. {reason}" in text
    assert f"/admin/messaging/scheduledmessage/{unsent.pk}/change/" in text
    assert "Long ago" not in text
    assert "Given up" not in text


def test_scheduled_messages_are_hidden_from_those_without_access(client, make_user, make_scheduled):
    make_scheduled()
    make_scheduled("Failed one", status="failed")
    client.force_login(make_user(role="nobody"))
    text = client.get("/admin/").content.decode()
    assert "Choir at eight" not in text
    assert "Failed one" not in text


def test_a_scheduled_message_whose_event_is_gone_says_so(page, make_scheduled):
    make_scheduled(target="event")
    assert "(since deleted), <time" in page()


def test_the_latest_conversations_with_unread_texts_are_shown_with_how_they_begin(page, make_phone):
    now = timezone.now()
    for minutes, (name, count) in enumerate([("Rosa <b>", 1), ("Tara", 2), ("Read", 0), ("Mo", 1), ("Old", 1)]):
        thread = InboxThread.objects.create(
            phone=make_phone(),
            contact_name=name,
            unread_count=count,
            last_message_at=now - timedelta(minutes=minutes),
            last_message_preview=f"{name} asks <i>",
        )
    text = page()
    assert "Rosa &lt;b&gt; asks &lt;i&gt;" in text
    assert "Mo asks" in text
    assert "Read asks" not in text
    assert "Old asks" not in text
    assert f"/admin/messaging/inboxthread/{thread.pk}/change/" not in text
    assert "5 unread texts in 4 conversations" in text


def test_unread_texts_are_counted_and_linked(page, make_phone):
    assert "No unread texts." in page()
    for count in (2, 1, 0):
        InboxThread.objects.create(phone=make_phone(), unread_count=count)
    text = page()
    assert "3 unread texts in 2 conversations" in text
    assert 'href="/admin/messaging/inboxthread/?state=unread"' in text
    assert 'Inbox<span class="unread" data-unread-texts> (3)</span></a>' in text


def test_possible_opt_outs_need_attention(page, make_phone):
    for days in (1, 3):
        InboxThread.objects.create(phone=make_phone(), flagged_at=timezone.now() - timedelta(days=days, hours=1))
    text = page()
    assert "2 people may want to stop receiving texts." in text
    assert 'href="/admin/messaging/inboxthread/?state=undecided"' in text


def test_the_inbox_is_hidden_from_those_without_access(client, make_user, make_phone):
    InboxThread.objects.create(phone=make_phone(), unread_count=2, flagged_at=timezone.now())
    client.force_login(make_user(role="nobody"))
    assert "nbox" not in client.get("/admin/").content.decode()


@pytest.mark.parametrize("count", [1, 12])
def test_the_page_takes_as_many_queries_for_many_as_for_a_few(
    page, make_log, make_phone, count, django_assert_max_num_queries
):
    for _ in range(count):
        make_log(status="sent", success_count=3)
        InboxThread.objects.create(phone=make_phone(), unread_count=1)
    with django_assert_max_num_queries(40):
        page()


def test_the_page_asks_of_no_more_running_blasts_than_it_shows(page, make_log, django_assert_max_num_queries):
    for _ in range(12):
        make_log(status="processing")
    with django_assert_max_num_queries(60):
        page()


def test_the_page_of_sent_blasts_reads_no_deliveries(page, make_log):
    log = make_log(status="sent", success_count=3, delivered_count=3)
    Delivery.objects.create(message_log=log, phone="+17205550110", status="delivered")
    with CaptureQueriesContext(connection) as queries:
        page()
    # What is in doubt, or waits as a reply, has indexes of its own.
    counted = [each["sql"] for each in queries if "deliveries" in each["sql"] and f"= {log.pk}" in each["sql"]]
    assert counted == []
