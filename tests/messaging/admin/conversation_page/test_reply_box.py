"""The reply box: what is sent, what is refused and why, and what is said of each reply."""

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from messaging.models import Delivery, InboxMessage
from smsadmin.models import WorkerHeartbeat
from tests.admin_pages import squeeze
from tests.messaging.conversations import INBOX, add_text, address, read

pytestmark = pytest.mark.django_db
JSON = {"accept": "application/json"}


def test_a_reply_is_sent_and_shown(thread, press, locmem):
    text = press(thread, "reply/", body="Behind the hall", token=uuid.uuid4())
    assert [sent[1] for sent in locmem.outbox] == ["Behind the hall"]
    message = InboxMessage.objects.get(direction="outbound")
    assert (message.body, message.sent_by.username) == ("Behind the hall", "sam")
    assert "Behind the hall" in text
    assert "sam ·" in text


def test_a_double_click_sends_one_reply(thread, press, locmem):
    token = uuid.uuid4()
    for _ in range(2):
        press(thread, "reply/", body="Behind the hall", token=token)
    assert len(locmem.outbox) == 1


def test_a_script_gets_a_new_token_or_the_reason(manager_client, thread):
    data = {"body": "Behind the hall", "token": uuid.uuid4()}
    answer = manager_client.post(address(thread, "reply/"), data, headers=JSON).json()
    assert answer["problem"] == ""
    assert uuid.UUID(answer["token"]) != data["token"]
    answer = manager_client.post(address(thread, "reply/"), {**data, "body": "  "}, headers=JSON).json()
    assert answer["problem"] == "Write something first."


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ({"body": "x" * 1601, "token": uuid.uuid4()}, "1,601 characters"),
        ({"body": "x" * 20_000, "token": uuid.uuid4()}, "20000 characters"),
        ({"body": "Hi", "token": "nonsense"}, "Reload the page"),
        ({"body": "Hi"}, "Reload the page"),
        ({"body": "a\0b", "token": uuid.uuid4()}, "Null characters are not allowed."),
    ],
)
def test_what_cannot_be_sent_is_refused_with_the_reason_and_the_text_kept(thread, press, data, reason, locmem):
    text = press(thread, "reply/", **data)
    assert reason in text
    assert not locmem.outbox
    assert data["body"][:50].replace("\0", "") in text.replace("\0", "")


def test_people_who_opted_out_cannot_be_texted(manager_client, thread, make_unsubscribed, press, locmem):
    make_unsubscribed(phone=thread.phone, source="inbound")
    text = read(manager_client, address(thread))
    assert "This person opted out on" in text
    assert f'data-measure-url="{INBOX}measure/" hidden>' in text
    text = press(thread, "reply/", body="Please stay", token=uuid.uuid4())
    assert "This person opted out on" in text
    assert not locmem.outbox
    assert manager_client.get(address(thread, "news/")).json()["why_not"].startswith("This person opted out")


def test_what_was_typed_when_the_person_opted_out_is_shown_to_be_copied(manager_client, thread, make_unsubscribed):
    make_unsubscribed(phone=thread.phone)
    response = manager_client.post(address(thread, "reply/"), {"body": "Please stay", "token": uuid.uuid4()})
    text = squeeze(response.content.decode())
    assert f'data-measure-url="{INBOX}measure/">' in text
    assert "readonly" in text.partition("Please stay")[0].rpartition("<textarea")[2]
    assert text.count("This person was opted out by staff") == 2
    assert '<p class="notice" id="reply-blocked" role="alert" tabindex="-1">' in text
    assert 'value="Send" disabled>' in text


def test_a_reply_pending_without_a_worker_says_so(manager_client, thread):
    delivery = Delivery.objects.create(phone=thread.phone)
    add_text(thread, "At six", "outbound", delivery=delivery, automation_source="manual")
    assert "Waiting to send…" in read(manager_client, address(thread))
    Delivery.objects.update(updated_at=timezone.now() - timedelta(seconds=30))
    assert "Waiting to send: the worker isn’t running." in read(manager_client, address(thread))
    assert (
        "Waiting to send: the worker isn’t running."
        in manager_client.get(address(thread, "news/")).json()["timeline"]
    )
    WorkerHeartbeat.objects.create(host="here", pid=1, started_at=timezone.now(), beat_at=timezone.now())
    assert "Waiting to send…" in read(manager_client, address(thread))


@pytest.fixture
def doubtful(thread):
    claimed_at = timezone.now() - timedelta(days=1)
    delivery = Delivery.objects.create(phone=thread.phone, status="unknown", claimed_at=claimed_at)
    return add_text(thread, "Did you get this?", "outbound", delivery=delivery, automation_source="manual")


def test_an_unconfirmed_reply_can_be_resent(
    manager_client, thread, doubtful, locmem, django_capture_on_commit_callbacks
):
    text = read(manager_client, address(thread))
    assert "Resend" in text
    assert "Don’t resend" in text
    with django_capture_on_commit_callbacks(execute=True):
        manager_client.post(f"{INBOX}texts/{doubtful.pk}/again/")
    assert [sent[1] for sent in locmem.outbox] == ["Did you get this?"]


def test_an_unconfirmed_reply_can_be_closed_without_resending(manager_client, thread, doubtful, locmem):
    text = squeeze(manager_client.post(f"{INBOX}texts/{doubtful.pk}/leave/", follow=True).content.decode())
    assert "Unconfirmed; not resent" in text
    assert "Resend" not in text
    assert not locmem.outbox
    response = manager_client.post(f"{INBOX}texts/{thread.messages.first().pk}/again/", follow=True)
    assert "outcome is now known" in response.content.decode()


def test_the_size_of_a_text_is_shown_while_it_is_typed(manager_client):
    def sentence(text):
        return manager_client.post(f"{INBOX}measure/", {"text": text}).json()["sentence"]

    assert sentence("") == "Up to 1,600 characters"
    assert sentence("Hi") == "2 characters (1 message), 158 characters left"
    assert sentence("x" * 161) == "161 characters (2 messages), 145 characters left"
    assert sentence("Ж") == "1 character (1 message), 69 characters left. Less fits because of Ж"
    assert sentence("x" * 1601).startswith("1,601 characters, 1 too many.")
