"""Failed replies: where they are shown, and how they are resent or closed."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from messaging.backends import Refused
from messaging.inbox import replies
from messaging.models import Delivery, InboxMessage
from messaging.sending import status_callbacks
from tests.admin_pages import squeeze

from ..conversations import INBOX, add_text, address, make_thread, read

pytestmark = pytest.mark.django_db
UNREACHABLE, LANDLINE, UNKNOWN_REASON = 30003, 30006, None


@pytest.fixture
def thread(make_phone):
    return make_thread(make_phone(), "Is there parking?")


@pytest.fixture
def fail(manager_user):
    """A reply that Twilio accepted and then reported as undelivered."""

    def run(thread, body="Behind the hall", code=UNREACHABLE, **fields):
        delivery = Delivery.objects.create(
            phone=thread.phone, status="accepted", sid="SM1", accepted_at=timezone.now(), **fields
        )
        message = add_text(
            thread, body, "outbound", delivery=delivery, automation_source="manual", sent_by=manager_user
        )
        status_callbacks.apply(delivery.pk, "SM1", "undelivered", code, to=thread.phone)
        return InboxMessage.objects.get(pk=message.pk)

    return run


@pytest.fixture
def press(manager_client, django_capture_on_commit_callbacks):
    """Presses a button of a text, and returns the next page."""

    def run(message, page):
        with django_capture_on_commit_callbacks(execute=True):
            response = manager_client.post(f"{INBOX}texts/{message.pk}/{page}/", follow=True)
        return squeeze(response.content.decode())

    return run


def waiting():
    return [message.body for message in replies.undelivered().order_by("pk")]


def sent(locmem):
    return [(to, body) for to, body, _ in locmem.outbox]


@pytest.mark.parametrize("code", [UNREACHABLE, UNKNOWN_REASON])
def test_a_failed_reply_is_resent_as_a_new_text_with_the_same_words(
    manager_client, thread, fail, press, locmem, code
):
    failed = fail(thread, code=code)
    assert 'value="Resend"' in read(manager_client, address(thread))
    text = press(failed, "repeat")
    assert sent(locmem) == [(thread.phone, "Behind the hall")]
    new = thread.messages.order_by("-pk").first()
    assert (new.body, new.automation_source, new.sent_by.username) == ("Behind the hall", "manual", "sam")
    assert Delivery.objects.get(pk=new.delivery_id).status == "accepted"
    assert (failed.delivery.status, failed.delivery.sid) == ("undelivered", "SM1")
    assert "Resent." in text
    assert 'value="Resend"' not in text


def test_a_double_click_resends_a_failed_reply_once(thread, fail, press, locmem):
    failed = fail(thread)
    press(failed, "repeat")
    press(failed, "repeat")
    assert len(locmem.outbox) == 1
    assert thread.messages.count() == 3


def test_a_reply_that_failed_again_can_be_resent_again(thread, fail, press, locmem):
    failed = fail(thread)
    locmem.script[thread.phone] = Refused(21611, "queue full")
    press(failed, "repeat")
    del locmem.script[thread.phone]
    again = thread.messages.order_by("-pk").first()
    press(again, "repeat")
    assert sent(locmem) == [(thread.phone, "Behind the hall")]


def test_resending_is_not_offered_if_it_cannot_help(manager_client, thread, fail, press, locmem):
    failed = fail(thread, code=LANDLINE)
    assert 'value="Resend"' not in read(manager_client, address(thread))
    assert "Nothing was sent because it would fail again. This is a landline" in press(failed, "repeat")
    assert not locmem.outbox


def test_nothing_is_resent_to_people_who_opted_out_since(
    manager_client, thread, fail, press, locmem, make_unsubscribed
):
    failed = fail(thread)
    make_unsubscribed(phone=thread.phone)
    assert 'value="Resend"' not in read(manager_client, address(thread))
    assert "This person was opted out by staff" in press(failed, "repeat")
    assert not locmem.outbox
    assert waiting() == []


def test_a_reply_that_arrived_after_all_is_not_resent(thread, fail, press, locmem):
    failed = fail(thread)
    status_callbacks.apply(failed.delivery_id, "SM1", "delivered", None, to=thread.phone)
    assert "This text didn’t fail, so nothing was sent." in press(failed, "repeat")
    assert not locmem.outbox


@pytest.mark.parametrize("source", ["survey", "keyword", "system"])
def test_an_automatic_answer_is_not_resent(manager_client, thread, fail, press, locmem, source):
    failed = fail(thread)
    InboxMessage.objects.filter(pk=failed.pk).update(automation_source=source)
    assert 'value="Resend"' not in read(manager_client, address(thread))
    assert "so nothing was sent" in press(failed, "repeat")
    assert not locmem.outbox
    assert waiting() == []


def test_users_who_may_not_reply_resend_nothing(client, make_user, thread, fail, locmem):
    failed = fail(thread)
    client.force_login(make_user(role="nobody"))
    assert client.post(f"{INBOX}texts/{failed.pk}/repeat/").status_code == 403
    assert not locmem.outbox


def test_get_requests_resend_nothing(manager_client, thread, fail, locmem):
    failed = fail(thread)
    assert manager_client.get(f"{INBOX}texts/{failed.pk}/repeat/").status_code == 405
    assert not locmem.outbox


def test_a_failed_reply_needs_attention_until_someone_handles_it(thread, fail, press):
    failed = fail(thread)
    assert waiting() == ["Behind the hall"]
    add_text(thread, "Hello?")
    assert waiting() == ["Behind the hall"]
    press(failed, "repeat")
    assert waiting() == []


def test_a_later_reply_settles_a_failed_one_and_needs_attention_itself_if_it_fails(thread, fail):
    fail(thread, "Behind the hall")
    fail(thread, "By the river", LANDLINE)
    assert waiting() == ["By the river"]


def test_a_failed_reply_can_be_closed_without_resending(manager_client, thread, fail, press):
    failed = fail(thread, code=LANDLINE)
    assert 'value="Don’t resend"' in read(manager_client, address(thread))
    assert 'value="Don’t resend"' not in press(failed, "leave")
    assert waiting() == []


def test_the_inbox_marks_and_lists_failed_replies(manager_client, make_phone, fail):
    """Even if the person has texted since."""
    for name in ("Failed", "Fine"):
        thread = make_thread(make_phone(), contact_name=f"{name} one")
        if name == "Failed":
            fail(thread)
            add_text(thread, "Hello?")
        else:
            fail(thread)
            delivery = Delivery.objects.create(phone=thread.phone, status="delivered")
            add_text(thread, "At six", "outbound", delivery=delivery, automation_source="manual")
    text = read(manager_client, INBOX, state="undelivered")
    assert re.findall(r"<bdi>(\w+) one</bdi>", text) == ["Failed"]
    assert '<span class="tag tag-flag">Not delivered</span>' in text
    news = manager_client.get(INBOX, headers={"X-Poll": "1"}).content.decode()
    assert news.count(">Not delivered</span>") == 1


@pytest.mark.parametrize(("status", "tag"), [("undelivered", "Not delivered"), ("unknown", "Unconfirmed")])
def test_a_failed_latest_text_does_not_look_sent(manager_client, thread, status, tag):
    """Whatever wrote it, and whether or not it needs attention."""
    delivery = Delivery.objects.create(phone=thread.phone, status=status, is_left=True)
    add_text(thread, "Thank you", "outbound", delivery=delivery, automation_source="survey")
    assert f">{tag}</span>" in read(manager_client, INBOX)
    add_text(thread, "Fine")
    assert f">{tag}</span>" not in read(manager_client, INBOX)


def test_the_home_page_counts_recently_failed_replies(manager_client, make_phone, fail):
    assert "not delivered" not in read(manager_client, "/admin/")
    for _ in range(2):
        thread = make_thread(make_phone(), "Hi")
        fail(thread)
    text = read(manager_client, "/admin/")
    assert "2 replies weren’t delivered." in text
    assert 'href="/admin/messaging/inboxthread/?state=undelivered"' in text
    InboxMessage.objects.filter(thread=thread).update(created_at=timezone.now() - timedelta(days=8))
    assert "1 reply wasn’t delivered." in read(manager_client, "/admin/")
