"""The page of one conversation, the reply box, and the hands on it."""

import re
import uuid
from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.utils import timezone

from contacts.models import ConsentRecord, UnsubscribedContact
from messaging.models import Delivery, InboxMessage, InboxThread
from messaging.timeline import Timeline
from smsadmin.models import WorkerHeartbeat
from tests.admin_pages import squeeze

from .conversations import INBOX, add_text, address, flag, make_thread, read
from .pages import inline_code

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


def test_the_head_leads_to_the_person_on_each_list(
    manager_client, thread, make_member, make_registration, make_event
):
    member = make_member(phone=thread.phone, name="Ada Lovelace")
    ids = [make_registration(phone=thread.phone, event=make_event(title=f"Event {each}")).pk for each in range(4)]
    text = read(manager_client, address(thread))
    assert f'<a href="/admin/contacts/communitymember/{member.pk}/change/"><bdi>In the community</bdi></a>' in text
    link = '<a href="/admin/contacts/eventregistration/{}/change/"><bdi>Registered for “Event {}”</bdi></a>'
    assert [link.format(pk, each) in text for each, pk in enumerate(ids)] == [False, True, True, True]
    assert (
        f'<a href="/admin/contacts/eventregistration/?q=%2B{thread.phone[1:]}"><bdi>All 4 registrations</bdi>' in text
    )
    assert "Not on your lists" not in text
    assert "Add to the community" not in text


def test_the_head_tells_the_names_on_the_lists_where_staff_use_another(
    manager_client, thread, make_member, make_registration, make_event
):
    make_member(phone=thread.phone, name="Ada Lovelace")
    make_registration(phone=thread.phone, name="Ada L.", event=make_event(title="Picnic"))
    assert " as “" not in read(manager_client, address(thread))
    InboxThread.objects.update(contact_name="Ada L.")
    text = read(manager_client, address(thread))
    assert "<bdi>In the community as “Ada Lovelace”</bdi>" in text
    assert "<bdi>Registered for “Picnic”</bdi>" in text


def test_who_is_on_no_list_can_be_added_with_what_is_known(manager_client, admin_client, thread):
    InboxThread.objects.update(contact_name="Zoë & Co")
    response = admin_client.get(address(thread))
    assert "Not on your lists" in response.content.decode()
    form = admin_client.get(response.context["adding"]).context["adminform"].form
    assert (form["phone"].value(), form["name"].value()) == (thread.phone, "Zoë & Co")
    text = read(manager_client, address(thread))
    assert "Not on your lists" in text
    assert "Add to the community" not in text


def test_a_short_code_is_not_offered_to_the_community(admin_client):
    assert "Add to the community" not in read(admin_client, address(make_thread("72055", "Your code")))


def bodies_and_line(response):
    """The texts of a page in their order, and "New" where that line stands."""
    lines = re.findall(r'<p class="bubble" dir="auto">(.*?)</p>|id="new"><span>(New)', response.content.decode())
    return [body or line for body, line in lines]


def test_above_the_first_unread_text_stands_that_it_is_new(manager_client, thread):
    InboxThread.objects.update(unread_count=1)
    assert bodies_and_line(manager_client.get(address(thread))) == ["Is there parking?", "New", "And bikes?"]
    add_text(thread, "We think so", "outbound")
    assert bodies_and_line(manager_client.get(address(thread)))[1:] == ["New", "And bikes?", "We think so"]
    InboxThread.objects.update(unread_count=0)
    assert "New" not in bodies_and_line(manager_client.get(address(thread)))


def test_the_line_stays_on_an_open_page_when_all_is_read(manager_client, thread):
    new = manager_client.get(address(thread)).context["new"]
    InboxThread.objects.update(unread_count=0)
    news = manager_client.get(address(thread, "news/"), {"new": new}).json()["timeline"]
    assert news.index('id="new"') < news.index("Is there parking?")
    InboxThread.objects.update(unread_count=1)
    assert 'id="new"' not in manager_client.get(address(thread, "news/"), {"new": 0}).json()["timeline"]


def test_a_page_reaches_the_first_unread_text(manager_client, long_thread):
    InboxThread.objects.update(unread_count=100)
    shown = bodies_and_line(manager_client.get(address(long_thread)))
    assert shown[4:7] == ["text number 19.", "New", "text number 20."]
    assert shown[-1] == "text number 119."


def links(page):
    return dict(re.findall(r'<a href="([^"]+)">(?:<bdi>)?([^<]+)', page))


@pytest.mark.parametrize("kind", ["unsubscribed", "suppressed"])
def test_what_keeps_texts_away_can_be_opened_by_who_may(
    admin_client, manager_client, thread, kind, make_unsubscribed, make_suppressed
):
    found = {"unsubscribed": make_unsubscribed, "suppressed": make_suppressed}[kind](phone=thread.phone)
    link = f"/admin/contacts/{kind}contact/{found.pk}/change/"
    earlier = str(Timeline(thread).page().entries[-1].mark)
    for place in ({}, {"before": earlier}):
        assert (
            links(read(admin_client, address(thread), **place))[link]
            == f"See the entry under {kind.title()} contacts"
        )
        assert link not in read(manager_client, address(thread), **place)
    assert admin_client.get(address(thread, "news/")).json()["entry"]["address"] == link
    assert manager_client.get(address(thread, "news/")).json()["entry"] is None


def test_the_consent_trail_and_the_history_of_any_phone_can_be_opened_by_who_may(
    admin_client, manager_client, thread, press
):
    message = thread.messages.last()
    flag(message)
    press(thread, "keep/", client=admin_client, text=message.pk)
    trail, history = f"/admin/contacts/consentrecord/?q=%2B{thread.phone[1:]}", address(thread, "history/")
    found = links(read(admin_client, address(thread)))
    assert (found[trail], found[history]) == ("Consent trail", "History")
    assert trail not in links(read(manager_client, address(thread)))
    shown = read(manager_client, history)
    assert f"{timezone.localtime().tzname()}</td><td>ann</td><td>It does not mean stop.</td>" in shown


def test_the_history_of_a_conversation_in_which_nobody_did_anything_says_so(manager_client, thread):
    assert "Nobody has named this conversation" in read(manager_client, address(thread, "history/"))
    assert manager_client.get(f"{INBOX}99999999/history/").status_code == 302


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


def test_an_open_page_marks_as_read_what_it_showed_since_its_last_mark(manager_client, thread):
    last = thread.messages.order_by("-pk").first().pk
    manager_client.post(address(thread, "read/"), {"up_to": last, "after": 0}, headers=JSON)
    assert fresh(thread).unread_count == 0
    manager_client.post(address(thread, "unread/"))
    manager_client.post(address(thread, "read/"), {"up_to": last, "after": last}, headers=JSON)
    assert fresh(thread).unread_count == 1


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


def test_a_number_that_blasts_skip_is_told_of(manager_client, thread, make_suppressed):
    make_suppressed(phone=thread.phone, reason="Landline")
    text = read(manager_client, address(thread))
    assert "Blasts skip this number." in text
    assert "Landline" in text


def test_news_bring_new_texts_states_and_their_ids(manager_client, thread):
    delivery = Delivery.objects.create(phone=thread.phone, status="pending")
    last = add_text(thread, "We think so", "outbound", delivery=delivery)
    news = manager_client.get(address(thread, "news/")).json()
    assert "Waiting…" in news["timeline"]
    assert f'id="text-{last.pk}"' in news["timeline"]
    assert (news["unread"], news["why_not"], news["earlier"]) == (2, "", "")
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


@pytest.fixture
def long_thread(make_phone):
    return make_thread(make_phone(), *(f"text number {number}." for number in range(120)))


def test_a_text_can_be_opened_with_what_is_around_it(manager_client, long_thread):
    text = long_thread.messages.get(body="text number 40.")
    response = manager_client.get(address(long_thread), {"at": text.pk})
    shown = squeeze(response.content.decode())
    assert f'is-theirs is-found" tabindex="-1" autofocus id="text-{text.pk}"' in shown
    assert shown.count("autofocus") == 1
    assert [f"text number {each}." in shown for each in (14, 15, 64, 65)] == [False, True, True, False]
    assert 'id="reply"' not in shown
    assert "data-news-url" not in shown
    page = response.context["page"]
    earlier = read(manager_client, address(long_thread), before=str(page.earlier))
    assert [f"text number {each}." in earlier for each in (14, 15)] == [True, False]
    later = read(manager_client, address(long_thread), since=str(page.later))
    assert [f"text number {each}." in later for each in (64, 65, 114, 115)] == [False, True, True, False]
    for each in (earlier, later):
        assert "Show earlier texts" in each
        assert "Show later texts" in each
        assert "Back to the latest texts" in each


def test_among_the_latest_texts_a_text_that_was_looked_for_can_be_answered(manager_client, long_thread):
    text = long_thread.messages.get(body="text number 110.")
    shown = read(manager_client, address(long_thread), at=text.pk)
    assert "text number 119." in shown
    assert f'is-found" tabindex="-1" autofocus id="text-{text.pk}"' in shown
    assert 'id="reply"' in shown
    assert f'data-news-url="{address(long_thread, "news/")}?new=0&amp;at={text.pk}"' in shown
    news = manager_client.get(address(long_thread, "news/"), {"at": text.pk}).json()["timeline"]
    assert f'is-found" tabindex="-1" autofocus id="text-{text.pk}"' in news


@pytest.mark.parametrize("at", ["0", "99999999", "x", "-1", "9" * 30, "of another"])
def test_a_text_that_is_not_there_shows_the_latest(manager_client, long_thread, thread, at):
    at = thread.messages.first().pk if at == "of another" else at
    shown = read(manager_client, address(long_thread), at=at)
    assert "text number 119." in shown
    assert "is-found" not in shown
    assert 'id="reply"' in shown


def test_the_page_and_its_news_count_what_is_unread_in_the_whole_inbox(manager_client, thread, make_phone):
    InboxThread.objects.create(phone=make_phone(), unread_count=1_200)
    assert "<title>(1,202) (720)" in read(manager_client, address(thread))
    assert manager_client.get(address(thread, "news/")).json()["unread_texts"] == 1_202
    InboxThread.objects.update(unread_count=0)
    assert "<title>(720)" in read(manager_client, address(thread))


def test_news_tell_where_the_page_before_them_ends(manager_client, long_thread):
    mark = manager_client.get(address(long_thread)).context["page"].earlier
    assert manager_client.get(address(long_thread, "news/")).json()["earlier"] == str(mark)


def test_blasts_lead_to_their_page_for_who_may_see_them(manager_client, thread, make_log):
    log = make_log(message_body="Hi {first_name}")
    Delivery.objects.create(message_log=log, phone=thread.phone, name="Ada L", status="delivered")
    text = read(manager_client, address(thread))
    assert "Hi Ada" in text
    assert f'<a href="/admin/messaging/messagelog/{log.pk}/change/">Blast</a>' in text


def test_what_staff_noted_about_consent_is_for_who_may_read_consent_records(manager_client, admin_client, thread):
    noted = {"source": "manual", "actor": "ann", "words": "Called: her cousin died"}
    ConsentRecord.objects.create(phone=thread.phone, kind="opt_out", **noted)
    for page in ("change/", "news/"):
        assert "her cousin died" in admin_client.get(address(thread, page)).content.decode()
        text = manager_client.get(address(thread, page)).content.decode()
        assert "Opted out by ann" in text
        assert "her cousin died" not in text


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
    text = press(thread, "stop/", client=admin_client, text=message.pk)
    assert "Opted out: no blast and no reply" in text
    assert "Opted out by ann: “And bikes?”" in text
    assert UnsubscribedContact.objects.get().phone == thread.phone
    assert "Somebody has decided that" in press(thread, "keep/", client=admin_client, text=message.pk)


def test_an_admin_decides_that_it_does_not_mean_stop(admin_client, thread, press):
    message = thread.messages.last()
    flag(message)
    said = "Noted: it does not mean stop. The person goes on getting texts."
    assert said in press(thread, "keep/", client=admin_client, text=message.pk)
    assert not UnsubscribedContact.objects.exists()
    assert "Does this mean stop?" not in read(admin_client, address(thread))
    assert "Somebody has decided that" in press(thread, "stop/", client=admin_client, text=message.pk)


def test_nobody_is_said_to_get_texts_who_gets_none(admin_client, thread, make_unsubscribed, make_suppressed, press):
    first, second = thread.messages.order_by("pk")
    flag(first)
    flag(second)
    make_suppressed(phone=thread.phone)
    text = press(thread, "keep/", client=admin_client, text=first.pk)
    assert "it does not mean stop. Blasts go on skipping this number" in text
    make_unsubscribed(phone=thread.phone)
    text = press(thread, "keep/", client=admin_client, text=second.pk)
    assert "it does not mean stop. The person has opted out all the same" in text
    assert "goes on getting texts" not in text


def test_the_question_shows_each_text_that_is_decided(admin_client, thread, press):
    for message in thread.messages.all():
        flag(message)
    text = read(admin_client, address(thread))
    assert "Do these mean stop?" in text
    assert "“Is there parking?”" in text
    assert "“And bikes?”" in text
    asked = [message.pk for message in thread.messages.order_by("pk")]
    assert all(text.count(f'name="text" value="{pk}"') == 2 for pk in asked)
    late = add_text(thread, "Wrong number")
    flag(late)
    text = press(thread, "keep/", client=admin_client, text=asked)
    assert "Does this mean stop?" in text
    assert "“Wrong number”" in text
    assert thread.messages.get(is_flagged=True) == late


@pytest.mark.parametrize("asked", ["", "x", "-1", "9" * 30, "²"])
def test_a_decision_about_an_odd_text_decides_nothing(admin_client, thread, press, asked):
    flag(thread.messages.last())
    assert "Somebody has decided that" in press(thread, "stop/", client=admin_client, text=asked)
    assert fresh(thread).flagged_at is not None


def test_who_may_not_decide_is_told_whom_to_ask(manager_client, thread):
    message = thread.messages.last()
    flag(message)
    text = read(manager_client, address(thread))
    assert "Ask an admin to decide." in text
    assert "Opt out this person" not in text
    for page in ("stop/", "keep/"):
        assert manager_client.post(address(thread, page), {"text": message.pk}).status_code == 403
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


@pytest.mark.parametrize("page", ["delete", "again", "leave"])
def test_what_is_pressed_about_a_text_that_is_gone_leads_to_the_inbox_with_a_word(admin_client, thread, page):
    response = admin_client.post(f"{INBOX}texts/{thread.messages.last().pk + 1}/{page}/", follow=True)
    assert response.redirect_chain == [(INBOX, 302)]
    assert "This text does not exist any more." in response.content.decode()


def test_a_link_to_delete_a_text_that_is_gone_leads_to_the_inbox_with_a_word(admin_client, thread):
    page = f"{INBOX}texts/{thread.messages.last().pk + 1}/delete/"
    assert "This text does not exist any more." in admin_client.get(page, follow=True).content.decode()


def test_each_link_that_deletes_says_what(admin_client, thread):
    text = read(admin_client, address(thread))
    for body in ("Is there parking?", "And bikes?"):
        assert f'aria-label="Delete “{body}” of ' in text


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


def test_a_reply_that_waits_for_a_worker_says_so(manager_client, thread):
    delivery = Delivery.objects.create(phone=thread.phone)
    add_text(thread, "At six", "outbound", delivery=delivery, automation_source="manual")
    assert "Waiting…" in read(manager_client, address(thread))
    Delivery.objects.update(updated_at=timezone.now() - timedelta(seconds=30))
    assert "Waiting: the worker is not running." in read(manager_client, address(thread))
    assert "Waiting: the worker is not running." in manager_client.get(address(thread, "news/")).json()["timeline"]
    WorkerHeartbeat.objects.create(host="here", pid=1, started_at=timezone.now(), beat_at=timezone.now())
    assert "Waiting…" in read(manager_client, address(thread))


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
