"""The list of scheduled messages and the page of one."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from messaging.models import Draft, MessageLog, ScheduledMessage
from tests.admin_pages import squeeze

from .pages import BLASTS, inline_code

NOW = datetime(2030, 5, 1, 21, 30, tzinfo=UTC)
SCHEDULED = "/admin/messaging/scheduledmessage/"


@pytest.fixture(autouse=True)
def now(monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: NOW)


@pytest.fixture
def make_message(manager_user):
    def make(body="Hi {first_name}", hours=3, **fields):
        fields = {"target": "community", "created_by": manager_user, **fields}
        return ScheduledMessage.objects.create(message_body=body, scheduled_at=NOW + timedelta(hours=hours), **fields)

    return make


@pytest.fixture
def show_list(manager_client):
    def run(**query):
        response = manager_client.get(SCHEDULED, query)
        assert response.status_code == 200
        return squeeze(response.content.decode())

    return run


@pytest.fixture
def show(manager_client):
    def run(message, client=manager_client):
        response = client.get(f"{SCHEDULED}{message.pk}/change/")
        assert response.status_code == 200
        return squeeze(response.content.decode())

    return run


def test_upcoming_ones_come_first_then_the_rest_newest_first(show_list, make_message):
    for body, hours, status in [
        ("Old", -50, "sent"),
        ("Later", 30, "pending"),
        ("Yesterday", -24, "expired"),
        ("Soon", 1, "pending"),
        ("Off", 99, "cancelled"),
    ]:
        make_message(body, hours, status=status)
    found = re.findall(r'/change/">(\w+)</a>', show_list())
    assert found == ["Soon", "Later", "Off", "Yesterday", "Old"]


def test_a_row_shows_time_message_audience_and_author(show_list, make_message, make_member, make_unsubscribed):
    make_member()
    make_unsubscribed(phone=make_member().phone)
    make_message()
    page = show_list()
    assert "May 1, 2030, 6:30 PM MDT" in page
    assert ">in 3 hours</time>" in page
    assert 'data-countdown="10800.0"' in page
    assert 'Community<span class="note">1 person now</span>' in page
    assert "by sam" in page
    assert "Scheduled</span>" in page


def test_the_reason_is_shown_with_the_status(show_list, make_message):
    make_message(status="expired", error_message="It couldn’t be sent within 60 minutes.")
    page = show_list()
    assert "Expired" in page
    assert "It couldn’t be sent within 60 minutes." in page
    assert "<time" not in page


def test_an_audience_is_counted_once_and_only_for_those_that_wait(
    show_list, make_message, make_event, make_member, django_assert_max_num_queries
):
    make_member()
    show_list()
    for _ in range(10):
        make_message()
        make_message(status="sent", target="event", event=make_event())
    with django_assert_max_num_queries(12):
        page = show_list()
    assert page.count("1 person now") == 10


def test_the_list_loads_no_details_of_blasts(make_message, make_log, show_list):
    make_message(status="sent", message_log=make_log(status="sent"))
    with CaptureQueriesContext(connection) as queries:
        show_list()
    assert not any('"details"' in query["sql"] for query in queries)


def test_deleted_audiences_are_reported(show_list, make_message):
    make_message(target="event")
    make_message(is_selection=True)
    assert show_list().count("(since deleted)") == 2


def test_it_is_filtered_by_status_and_audience_and_searched(show_list, make_message, make_event):
    make_message("Picnic")
    make_message("Choir", status="cancelled")
    make_message("Garden", target="event", event=make_event())
    assert "Choir" not in show_list(status__exact="pending")
    assert "Picnic" not in show_list(target__exact="event")
    page = show_list(q="garden")
    assert "Garden" in page
    assert "Picnic" not in page


def test_an_empty_list_says_how_to_start(show_list, make_message):
    assert "choose “Schedule”" in show_list()
    make_message()
    assert "No scheduled blasts match." in show_list(q="nothing like that")


def test_scheduling_leads_to_the_compose_page_and_nothing_is_added_here(show_list, manager_client, admin_client):
    assert f'{reverse("admin:messaging_messagelog_compose")}" class="addlink">Schedule a blast' in show_list()
    assert admin_client.get(f"{SCHEDULED}add/").status_code == 403
    assert admin_client.post(f"{SCHEDULED}add/", {"message_body": "Hi"}).status_code == 403


def test_a_role_without_permission_sees_nothing(make_user, client, make_message):
    message = make_message()
    client.force_login(make_user(role="guest"))
    assert client.get(SCHEDULED).status_code == 403
    assert client.get(f"{SCHEDULED}{message.pk}/change/").status_code == 403


def test_a_page_shows_the_text_as_people_get_it_and_the_numbers(show, make_message, make_member, make_unsubscribed):
    make_member(name="Rosa Delgado")
    make_unsubscribed(phone=make_member().phone)
    page = show(make_message())
    figures = dict(re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", page))
    assert "Hi Rosa" in page
    assert figures["Recipients"] == "1 person"
    assert "1 person has opted out" in figures["Skipped"]
    assert figures["Each text"].startswith("counts as 1 message<")
    assert figures["Estimated cost"].startswith("$0.01<")
    expiry = '<span class="note">expires 1 day later if it can’t be sent</span>'
    assert figures["Scheduled for"] == f"May 1, 2030, 6:30 PM MDT{expiry}"
    assert "in 3 hours</time>" in page
    assert inline_code(page) == []


def test_a_page_says_why_it_could_not_be_sent_now(show, make_message, make_event):
    page = show(make_message(target="event", event=make_event(title="Open day")))
    assert "Nobody is registered for Open day." in page
    assert "This can’t be sent as it is." in show(make_message(target="event"))


def test_a_test_without_a_test_phone_says_so(show, make_message, settings):
    settings.ADMIN_TEST_PHONE = ""
    assert "ADMIN_TEST_PHONE" in show(make_message(test_mode=True))


def test_one_that_has_started_links_to_its_blast(show, make_message, make_log):
    log = make_log(status="sent")
    page = show(make_message(status="sent", message_log=log, processing_started_at=NOW, sent_at=NOW))
    assert f"{BLASTS}{log.pk}/change/" in page
    assert "Send now…" not in page
    assert "Edit…" not in page
    assert page.count("May 1, 2030, 3:30 PM MDT") >= 2


def test_an_expired_one_says_why_and_offers_to_resend_it(show, make_message):
    page = show(make_message(status="expired", error_message="The worker was not running."))
    assert "The worker was not running." in page
    assert "Send or schedule again…" in page
    assert "<dt>Audience</dt><dd>Community" in page


def test_texts_of_staff_are_shown_not_run(show, show_list, make_message, make_member):
    make_member(name="<script>alert(1)</script>")
    message = make_message("<b>{name}</b>", error_message="<i>")
    for page in (show(message), show_list()):
        assert "<script>alert(1)" not in page
        assert "<b>" not in page
        assert "<i>" not in page


def test_the_page_refuses_posts(manager_client, make_message):
    message = make_message()
    manager_client.post(f"{SCHEDULED}{message.pk}/change/", {"message_body": "Bye", "status": "sent"})
    message.refresh_from_db()
    assert (message.message_body, message.status) == ("Hi {first_name}", "pending")


def test_the_page_of_a_missing_one_redirects_to_the_list(manager_client, db):
    assert manager_client.get(f"{SCHEDULED}99999999/change/").url == SCHEDULED
    assert manager_client.get(f"{SCHEDULED}x/change/").url == SCHEDULED


def delete(client, *messages):
    form = {"action": "delete_selected", "_selected_action": [each.pk for each in messages], "post": "yes"}
    return client.post(SCHEDULED, form)


@pytest.mark.parametrize("status", ["pending", "processing"])
def test_unfinished_ones_cannot_be_deleted(admin_client, make_message, status):
    message = make_message(status=status)
    assert admin_client.post(f"{SCHEDULED}{message.pk}/delete/", {"post": "yes"}).status_code == 403
    assert "not finished yet. Choose “Don’t send” first." in squeeze(delete(admin_client, message).content.decode())
    assert ScheduledMessage.objects.filter(pk=message.pk).exists()


def test_finished_ones_can_be_deleted_with_the_permission(admin_client, manager_client, make_message):
    one, two = make_message(status="cancelled"), make_message(status="expired")
    assert manager_client.post(f"{SCHEDULED}{one.pk}/delete/", {"post": "yes"}).status_code == 403
    delete(manager_client, one)
    assert ScheduledMessage.objects.count() == 2
    admin_client.post(f"{SCHEDULED}{one.pk}/delete/", {"post": "yes"})
    delete(admin_client, two)
    assert not ScheduledMessage.objects.exists()


def test_deleting_one_leaves_its_blast(admin_client, make_message, make_log):
    message = make_message(status="sent", message_log=make_log(status="sent"), draft=Draft.objects.create())
    delete(admin_client, message)
    assert MessageLog.objects.count() == 1
