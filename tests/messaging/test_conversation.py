"""The page of one conversation, the reply box, and the hands on it."""

import uuid
from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.utils import timezone

from contacts.models import ConsentRecord, UnsubscribedContact
from messaging.models import Delivery, InboxMessage, InboxThread

from .conversations import INBOX, add_text, address, flag, make_thread, read
from .pages import inline_code, squeeze

pytestmark = pytest.mark.django_db
JSON = {"accept": "application/json"}


@pytest.fixture
def thread(make_phone):
    return make_thread(make_phone(), "Is there parking?", "And bikes?", is_read=False)


@pytest.fixture
def press(manager_client, django_capture_on_commit_callbacks):
    """Post to a page of a conversation; the page that follows, without runs of blanks."""

    def run(thread, page, client=manager_client, **data):
        with django_capture_on_commit_callbacks(execute=True):
            response = client.post(address(thread, page), data, follow=True)
        assert response.status_code == 200
        return squeeze(response.content.decode())

    return run


def fresh(thread):
    return InboxThread.objects.get(pk=thread.pk)


def test_the_page_shows_the_texts_with_days_and_zone(manager_client, thread):
    text = read(manager_client, address(thread))
    assert text.index("Is there parking?") < text.index("And bikes?")
    assert timezone.localtime().tzname() in text
    assert 'class="timeline-day"' in text
    assert not inline_code(text)


def test_looking_does_not_mark_as_read(manager_client, thread):
    read(manager_client, address(thread))
    manager_client.get(address(thread, "news/"), headers={"x-poll": "1"})
    assert fresh(thread).unread_count == 2


def test_what_was_shown_is_marked_as_read_by_script_and_by_button(manager_client, thread, press):
    last = thread.messages.order_by("-pk").first().pk
    response = manager_client.post(address(thread, "read/"), {"up_to": last}, headers=JSON)
    assert (response.status_code, fresh(thread).unread_count) == (204, 0)
    InboxThread.objects.update(unread_count=2)
    press(thread, "read/", up_to=last)
    assert fresh(thread).unread_count == 0


@pytest.mark.parametrize("up_to", ["", "x", "-1", "9" * 30])
def test_an_odd_mark_leaves_unread_what_it_does_not_name(manager_client, thread, up_to):
    manager_client.post(address(thread, "read/"), {"up_to": up_to})
    assert fresh(thread).unread_count == 2


def test_marked_as_unread_it_leads_back_to_the_inbox(manager_client, thread):
    InboxThread.objects.update(unread_count=0)
    response = manager_client.post(address(thread, "unread/"))
    assert response.headers["location"] == INBOX
    assert fresh(thread).unread_count == 1


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
        ({"body": "Hi", "token": "nonsense"}, "Load the page again"),
        ({"body": "Hi"}, "Load the page again"),
        ({"body": "a\0b", "token": uuid.uuid4()}, "Null characters are not allowed."),
    ],
)
def test_what_cannot_be_sent_is_refused_with_the_reason_and_the_text_kept(thread, press, data, reason, locmem):
    text = press(thread, "reply/", **data)
    assert reason in text
    assert not locmem.outbox
    assert data["body"][:50].replace("\0", "") in text.replace("\0", "")


def test_nobody_writes_to_who_has_opted_out(manager_client, thread, make_unsubscribed, press, locmem):
    make_unsubscribed(phone=thread.phone)
    text = read(manager_client, address(thread))
    assert "This person opted out on" in text
    assert f'data-measure-url="{INBOX}measure/" hidden>' in text
    text = press(thread, "reply/", body="Please stay", token=uuid.uuid4())
    assert "This person opted out on" in text
    assert not locmem.outbox
    assert manager_client.get(address(thread, "news/")).json()["why_not"].startswith("This person opted out")


def test_a_number_that_blasts_skip_is_told_of(manager_client, thread, make_suppressed):
    make_suppressed(phone=thread.phone, reason="Landline")
    text = read(manager_client, address(thread))
    assert "Blasts skip this number." in text
    assert "Landline" in text


def test_news_bring_new_texts_states_and_the_last_id(manager_client, thread):
    delivery = Delivery.objects.create(phone=thread.phone, status="pending")
    last = add_text(thread, "We think so", "outbound", delivery=delivery)
    news = manager_client.get(address(thread, "news/")).json()
    assert "Waiting…" in news["timeline"]
    assert (news["last"], news["unread"], news["why_not"]) == (last.pk, 2, "")
    Delivery.objects.update(status="delivered")
    assert "Delivered" in manager_client.get(address(thread, "news/")).json()["timeline"]


def test_long_conversations_lead_to_earlier_texts(manager_client, make_phone):
    thread = make_thread(make_phone(), *(f"text number {number}." for number in range(60)))
    response = manager_client.get(address(thread))
    text = squeeze(response.content.decode())
    assert "text number 10." in text
    assert "text number 9." not in text
    mark = response.context["page"].earlier
    earlier = read(manager_client, address(thread), before=str(mark))
    assert "text number 9." in earlier
    assert "text number 10." not in earlier
    assert "Back to the latest texts" in earlier


@pytest.mark.parametrize("before", ["nonsense", "1-2", "99999999999999999-1-1", "1-1-1-1", "²-1-1"])
def test_an_odd_place_in_the_address_shows_the_latest(manager_client, thread, before):
    assert "And bikes?" in read(manager_client, address(thread), before=before)


def test_blasts_lead_to_their_page_for_who_may_see_them(manager_client, thread, make_log):
    log = make_log(message_body="Hi {first_name}")
    Delivery.objects.create(message_log=log, phone=thread.phone, name="Ada L", status="delivered")
    text = read(manager_client, address(thread))
    assert "Hi Ada" in text
    assert f'<a href="/admin/messaging/messagelog/{log.pk}/change/">Blast</a>' in text


def test_media_are_told_of(manager_client, thread):
    add_text(thread, "", raw_payload='{"NumMedia": "1", "MediaContentType0": "image/png"}')
    assert "1 picture: open it in the Twilio console" in read(manager_client, address(thread))


def test_a_person_is_named_and_the_name_taken_away(thread, press):
    assert "Named Ada." in press(thread, "name/", name=" Ada ")
    assert fresh(thread).contact_name == "Ada"
    assert "The name has been taken away." in press(thread, "name/", name="")
    assert fresh(thread).contact_name is None


def test_a_name_that_is_too_long_is_refused_with_the_reason(thread, press):
    text = press(thread, "name/", name="x" * 101)
    assert "The name has 101 characters. At most 100 are possible" in text
    assert fresh(thread).contact_name is None


def test_an_admin_decides_that_it_means_stop(admin_client, thread, press):
    message = thread.messages.last()
    flag(message)
    assert "Opt out this person" in read(admin_client, address(thread))
    text = press(thread, "stop/", client=admin_client, up_to=message.pk)
    assert "Opted out: no blast and no reply" in text
    assert "Opted out by ann: “And bikes?”" in text
    assert UnsubscribedContact.objects.get().phone == thread.phone
    assert "Somebody has decided that" in press(thread, "keep/", client=admin_client, up_to=message.pk)


def test_an_admin_decides_that_it_does_not_mean_stop(admin_client, thread, press):
    message = thread.messages.last()
    flag(message)
    assert "it does not mean stop" in press(thread, "keep/", client=admin_client, up_to=message.pk)
    assert not UnsubscribedContact.objects.exists()
    assert "Does this mean stop?" not in read(admin_client, address(thread))
    assert "Somebody has decided that" in press(thread, "stop/", client=admin_client, up_to=message.pk)


def test_who_may_not_decide_is_told_whom_to_ask(manager_client, thread):
    message = thread.messages.last()
    flag(message)
    text = read(manager_client, address(thread))
    assert "Ask an admin to decide." in text
    assert "Opt out this person" not in text
    for page in ("stop/", "keep/"):
        assert manager_client.post(address(thread, page), {"up_to": message.pk}).status_code == 403
    assert fresh(thread).flagged_at is not None
    assert not ConsentRecord.objects.exists()


def test_a_text_is_deleted_after_a_question(admin_client, thread):
    message = thread.messages.last()
    page = f"{INBOX}texts/{message.pk}/delete/"
    assert "And bikes?" in read(admin_client, page)
    assert thread.messages.count() == 2
    text = squeeze(admin_client.post(page, follow=True).content.decode())
    assert "The text has been deleted." in text
    assert list(thread.messages.values_list("body", flat=True)) == ["Is there parking?"]
    assert fresh(thread).last_message_preview == "Is there parking?"
    assert LogEntry.objects.get().get_change_message() == "Deleted a text."
    assert admin_client.get(page).status_code == 404


def test_a_text_that_still_leaves_is_not_deleted_and_staff_hear_why(admin_client, thread):
    delivery = Delivery.objects.create(phone=thread.phone, status="pending")
    message = add_text(thread, "Hello", "outbound", delivery=delivery)
    response = admin_client.post(f"{INBOX}texts/{message.pk}/delete/", follow=True)
    assert "still being sent" in response.content.decode()
    assert InboxMessage.objects.filter(pk=message.pk).exists()


def test_deleting_texts_is_not_for_everybody(manager_client, thread):
    message = thread.messages.last()
    assert "texts/" not in read(manager_client, address(thread))
    for method in (manager_client.get, manager_client.post):
        assert method(f"{INBOX}texts/{message.pk}/delete/").status_code == 403


@pytest.fixture
def doubtful(thread):
    claimed_at = timezone.now() - timedelta(days=1)
    delivery = Delivery.objects.create(phone=thread.phone, status="unknown", claimed_at=claimed_at)
    return add_text(thread, "Did you get this?", "outbound", delivery=delivery, automation_source="manual")


def test_a_reply_in_doubt_is_sent_again_by_decision(
    manager_client, thread, doubtful, locmem, django_capture_on_commit_callbacks
):
    text = read(manager_client, address(thread))
    assert "Send it again" in text
    assert "Leave it" in text
    with django_capture_on_commit_callbacks(execute=True):
        manager_client.post(f"{INBOX}texts/{doubtful.pk}/again/")
    assert [sent[1] for sent in locmem.outbox] == ["Did you get this?"]


def test_a_reply_in_doubt_is_left_by_decision(manager_client, thread, doubtful, locmem):
    text = squeeze(manager_client.post(f"{INBOX}texts/{doubtful.pk}/leave/", follow=True).content.decode())
    assert "In doubt, and left at that" in text
    assert "Send it again" not in text
    assert not locmem.outbox
    response = manager_client.post(f"{INBOX}texts/{thread.messages.first().pk}/again/", follow=True)
    assert "in doubt no more" in response.content.decode()


def test_texts_of_strangers_are_escaped(manager_client, thread):
    add_text(thread, "<img src=x onerror=alert(1)>")
    flag(thread.messages.last())
    text = read(manager_client, address(thread))
    assert "<img src=x" not in text
    assert text.count("&lt;img src=x") == 2


@pytest.mark.parametrize("key", ["0", "99999999", "nonsense", "9" * 30])
def test_a_conversation_that_does_not_exist_leads_to_the_inbox(manager_client, key):
    response = manager_client.get(f"{INBOX}{key}/change/", follow=True)
    assert "This conversation does not exist any more." in response.content.decode()


def test_pages_of_missing_conversations_are_not_found(manager_client):
    for page in ("news", "read", "reply"):
        assert manager_client.post(f"{INBOX}99999999/{page}/").status_code == 404


def test_the_size_of_a_text_is_told_while_it_is_typed(manager_client):
    def sentence(text):
        return manager_client.post(f"{INBOX}measure/", {"text": text}).json()["sentence"]

    assert sentence("") == "At most 1,600 characters"
    assert sentence("Hi") == "2 characters, 1 segment: 158 more fit into it"
    assert sentence("x" * 161) == "161 characters, 2 segments: 145 more fit into the last one"
    assert sentence("Ж") == "1 character, 1 segment: 69 more fit into it. Shorter segments because of Ж"
    assert sentence("x" * 1601).startswith("1,601 characters: 1 too many.")


def test_a_form_of_another_site_does_nothing(manager_user, thread):
    client = Client(enforce_csrf_checks=True)
    client.force_login(manager_user)
    assert client.post(address(thread, "read/"), {"up_to": "9"}).status_code == 403
    assert fresh(thread).unread_count == 2
