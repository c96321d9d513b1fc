"""The inbox as staff see it: the list of conversations, its filters, its actions, and its looks for news."""

import json
import re
from datetime import timedelta

import pytest
from django.db.models import F
from django.utils import timezone

from messaging.admin.inbox.list import InboxThreadAdmin
from messaging.models import Delivery, InboxMessage, InboxThread
from smsadmin.lib import dates
from tests.admin_pages import squeeze

from ..conversations import INBOX, add_text, flag, make_thread, read
from .pages import inline_code

pytestmark = pytest.mark.django_db


def test_an_empty_inbox_says_what_will_come(manager_client):
    assert "No texts yet." in read(manager_client, INBOX)


def test_conversations_are_listed_newest_first_with_names_and_texts(manager_client, make_member):
    make_member(name="Ada Lovelace", phone="+17205550123")
    old = make_thread("+17205550123", "Is there parking?", is_read=False)
    InboxThread.objects.filter(pk=old.pk).update(last_message_at=timezone.now() - timedelta(hours=30))
    new = make_thread("+13035550188", "Hi")
    add_text(new, "Welcome", "outbound")
    text = read(manager_client, INBOX)
    assert text.index("(303) 555-0188") < text.index("Ada Lovelace")
    assert "(720) 555-0123" in text
    assert '<span class="direction">Sent:</span> <bdi>Welcome</bdi>' in text
    assert '1<span class="visually-hidden"> unread</span>' in text
    assert "2 conversations" in text
    assert not inline_code(text)


def test_a_given_name_is_shown_with_a_different_name_on_our_lists(manager_client, make_member):
    make_member(name="Ada <b>", phone="+17205550123")
    make_thread("+17205550123", "Hi", contact_name="The treasurer")
    text = read(manager_client, INBOX)
    assert '<span class="phone-number">(720) 555-0123</span> · <bdi>Ada &lt;b&gt;</bdi>' in text
    InboxThread.objects.update(contact_name="Ada <b>")
    text = read(manager_client, INBOX)
    assert '<span class="phone-number">(720) 555-0123</span></span>' in text


def test_the_time_is_short_and_exact_on_hover(manager_client, make_phone):
    at = make_thread(make_phone(), "Hi").last_message_at
    assert f'title="{dates.moment(at)}">{dates.when(at)}</time>' in read(manager_client, INBOX)


def test_flags_and_opt_outs_are_marked(manager_client, make_phone, make_unsubscribed):
    flagged, gone = make_thread(make_phone(), "Hm"), make_thread(make_phone(), "STOP")
    flag(flagged.messages.get())
    make_unsubscribed(phone=gone.phone)
    text = read(manager_client, INBOX)
    assert text.count("Possible opt-out") == text.count('<span class="tag">Opted out</span>') == 1


def test_a_suppressed_opt_out_counts_as_an_opt_out(manager_client, make_phone, make_suppressed):
    """Neither can be texted, unlike an unreachable number."""
    for name, category in {"Old": "opt_out", "Dead": "hard_fail"}.items():
        thread = make_thread(make_phone(), "Hi", contact_name=f"{name} one")
        make_suppressed(phone=thread.phone, category=category)
    assert read(manager_client, INBOX).count('<span class="tag">Opted out</span>') == 1
    assert re.findall(r"<bdi>(\w+) one</bdi>", read(manager_client, INBOX, state="opted_out")) == ["Old"]


@pytest.mark.parametrize(("state", "who"), [("unread", 0), ("undecided", 1), ("opted_out", 2)])
def test_the_list_can_be_filtered(manager_client, make_phone, make_unsubscribed, state, who):
    threads = [make_thread(make_phone(), "Hi", contact_name=f"Person {number}") for number in range(4)]
    InboxThread.objects.filter(pk=threads[0].pk).update(unread_count=1)
    flag(threads[1].messages.get())
    make_unsubscribed(phone=threads[2].phone)
    text = read(manager_client, INBOX, state=state)
    assert [number for number in range(4) if f"Person {number}" in text] == [who]


def test_an_unconfirmed_reply_is_marked_and_needs_a_decision(manager_client, make_phone):
    """Even if the person has texted since."""
    claimed_at = timezone.now() - timedelta(days=1)
    for name, fields in {
        "Doubt": {"status": "unknown"},
        "Fresh": {"status": "unknown", "claimed_at": timezone.now()},
        "Left": {"status": "unknown", "is_left": True},
        "Fine": {"status": "delivered"},
    }.items():
        thread = make_thread(make_phone(), contact_name=f"{name} one")
        delivery = Delivery.objects.create(phone=thread.phone, **{"claimed_at": claimed_at, **fields})
        add_text(thread, "At six", "outbound", delivery=delivery, automation_source="manual")
        add_text(thread, "Hello?")
    text = read(manager_client, INBOX, state="undecided")
    assert re.findall(r"<bdi>(\w+) one</bdi>", text) == ["Doubt"]
    assert '<span class="tag tag-flag">Unconfirmed</span>' in text
    assert read(manager_client, INBOX).count(">Unconfirmed</span>") == 1


def test_a_filter_that_finds_nobody_says_so(manager_client, make_phone):
    make_thread(make_phone(), "Hi")
    assert "No conversations match" in read(manager_client, INBOX, state="undecided")
    assert "Nothing matches “zebra”" in read(manager_client, INBOX, q="zebra")


def test_a_search_finds_words_within_a_filter(manager_client, make_phone):
    make_thread(make_phone(), "parking?", contact_name="Read one")
    make_thread(make_phone(), "parking!", contact_name="New one", is_read=False)
    text = read(manager_client, INBOX, q="parking", state="unread")
    assert "New one" in text
    assert "Read one" not in text


def test_a_search_shows_and_links_to_the_text_it_found(manager_client, make_phone):
    thread = make_thread(make_phone(), "Do you have a unicorn <b>?", "ok", "ok 2")
    text = read(manager_client, INBOX, q="UNICORN")
    first = thread.messages.order_by("pk")[0]
    assert "<bdi>Do you have a <mark>unicorn</mark> &lt;b&gt;?</bdi>" in text
    assert f'href="{INBOX}{thread.pk}/change/?at={first.pk}"' in text
    assert "ok 2" not in text


def test_people_found_by_name_are_shown_with_their_latest_text(manager_client, make_phone):
    thread = make_thread(make_phone(), "Hello", "ok", contact_name="Ada")
    text = read(manager_client, INBOX, q="ada")
    assert "<bdi>ok</bdi>" in text
    assert f'href="{INBOX}{thread.pk}/change/"' in text


def test_texts_of_strangers_are_escaped(manager_client, make_phone):
    make_thread(make_phone(), "<script>alert(1)</script>", contact_name="<b>Bold</b>")
    text = read(manager_client, INBOX)
    assert "<script>alert(1)" not in text
    assert "<b>Bold" not in text


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"NumMedia": "1", "MediaContentType0": "image/jpeg"}, "Picture"),
        ({"NumMedia": "2", "MediaContentType0": "image/jpeg", "MediaContentType1": "image/png"}, "2 pictures"),
        (
            {"NumMedia": "2", "MediaContentType0": "text/vcard", "MediaContentType1": "video/mp4"},
            "1 file and 1 video",
        ),
        ({"NumMedia": "1"}, "File"),
        ({"NumMedia": "0"}, "(no words)"),
        ({}, "(no words)"),
    ],
)
def test_texts_without_words_are_described(manager_client, make_phone, fields, said):
    thread = make_thread(make_phone())
    add_text(thread, "", raw_payload=json.dumps(fields))
    add_text(make_thread(make_phone()), "With words", raw_payload='{"NumMedia": "1"}')
    text = read(manager_client, INBOX)
    assert f"<bdi>{said}</bdi>" in text
    assert "<bdi>With words</bdi>" in text


def test_a_conversation_whose_texts_were_all_deleted_says_so(manager_client, make_phone):
    make_thread(make_phone())
    assert "No texts left here." in read(manager_client, INBOX)


def press(client, action, threads, page="", **data):
    """What "Go" on that page posts, with the selection of these threads; what the next page says."""
    hidden = re.findall(r'<input type="hidden" name="(shown|up_to)" value="([^"]*)"', page)
    fields = {name: [value for each, value in hidden if each == name] for name in ("shown", "up_to")}
    data = {"action": action, "_selected_action": [thread.pk for thread in threads], **fields, **data}
    return squeeze(client.post(INBOX, data, follow=True).content.decode())


def come_in(thread, body):
    add_text(thread, body)
    InboxThread.objects.filter(pk=thread.pk).update(unread_count=F("unread_count") + 1)


@pytest.fixture
def unread():
    """How many texts of a thread are unread."""
    return lambda thread: InboxThread.objects.get(pk=thread.pk).unread_count


def test_selected_conversations_are_marked_as_read(manager_client, make_phone, unread):
    thread, other = (make_thread(make_phone(), "Hi", "Hello?", is_read=False) for _ in range(2))
    text = press(manager_client, "mark_read", [thread], read(manager_client, INBOX))
    assert "1 conversation marked as read." in text
    assert (unread(thread), unread(other)) == (0, 2)
    text = press(manager_client, "mark_read", [thread], read(manager_client, INBOX))
    assert "All of them were already read." in text


def test_selected_conversations_are_marked_as_unread(manager_client, make_phone, unread):
    thread, other = (make_thread(make_phone(), "Hi") for _ in range(2))
    assert "1 conversation marked as unread." in press(manager_client, "mark_unread", [thread])
    assert (unread(thread), unread(other)) == (1, 0)


def test_a_text_that_came_after_the_list_was_shown_stays_unread(manager_client, make_phone, unread):
    threads = [make_thread(make_phone(), "Hi", is_read=False) for _ in range(3)]
    page = read(manager_client, INBOX)
    come_in(threads[0], "Are you there?")
    text = press(manager_client, "mark_read", threads, page)
    assert "2 conversations marked as read." in text
    assert "1 conversation stays unread because a new text just came in." in text
    assert [unread(thread) for thread in threads] == [1, 0, 0]


def test_all_pages_are_marked_as_read_up_to_the_latest_text_shown(manager_client, make_phone, monkeypatch, unread):
    monkeypatch.setattr(InboxThreadAdmin, "list_per_page", 2)
    old = [make_thread(make_phone(), "Hi", "Hello?", is_read=False) for _ in range(4)]
    InboxMessage.objects.update(created_at=timezone.now() - timedelta(hours=1))
    page = read(manager_client, INBOX)
    come_in(old[0], "Not shown yet")
    new = make_thread(make_phone(), "Nor is this", is_read=False)
    text = press(manager_client, "mark_read", old[2:], page, select_across="1")
    assert "3 conversations marked as read." in text
    assert "2 conversations stay unread because new texts just came in." in text
    assert [unread(thread) for thread in [*old, new]] == [1, 0, 0, 0, 1]


@pytest.mark.parametrize("junk", [{}, {"shown": ["x", "1-", "-", "9" * 30 + "-1"], "up_to": "²"}])
def test_texts_that_were_not_shown_stay_unread(manager_client, make_phone, unread, junk):
    thread = make_thread(make_phone(), "Hi", is_read=False)
    press(manager_client, "mark_read", [thread], **junk)
    assert unread(thread) == 1


def test_a_poll_says_up_to_which_text_it_shows(manager_client, make_phone, unread):
    thread = make_thread(make_phone(), "Hi", is_read=False)
    come_in(thread, "Are you there?")
    page = manager_client.get(INBOX, headers={"X-Poll": "1"}).content.decode()
    press(manager_client, "mark_read", [thread], page)
    assert unread(thread) == 0


def test_a_poll_gets_only_the_rows(manager_client, make_phone):
    make_thread(make_phone(), "Hello there")
    response = manager_client.get(INBOX, headers={"X-Poll": "1"})
    text = response.content.decode()
    assert "Hello there" in text
    assert "<header" not in text
    assert "<html" not in text


def test_pages_hold_fifty(manager_client, make_phone):
    for _ in range(51):
        make_thread(make_phone())
    assert read(manager_client, INBOX).count('class="thread') == 50
    assert read(manager_client, INBOX, p=2).count('class="thread') == 1


def test_a_long_list_takes_no_more_queries_than_a_short_one(
    manager_client, make_phone, django_assert_max_num_queries
):
    for _ in range(40):
        make_thread(make_phone(), "Hi")
    with django_assert_max_num_queries(15):
        manager_client.get(INBOX)


def test_the_page_and_its_polls_say_how_many_texts_are_unread(manager_client, make_phone):
    thread = make_thread(make_phone(), "Hi", is_read=False)
    InboxThread.objects.filter(pk=thread.pk).update(unread_count=66666)
    text = read(manager_client, INBOX)
    assert "<title>(66,666) Inbox | SMS Admin</title>" in text
    assert 'Inbox<span class="unread" data-unread-texts> (66,666)</span>' in text
    news = manager_client.get(INBOX, headers={"X-Poll": "1"}).content.decode()
    assert 'data-unread="66666"' in news
    InboxThread.objects.update(unread_count=0)
    assert "<title>Inbox | SMS Admin</title>" in read(manager_client, INBOX)


def test_nobody_adds_or_deletes_a_conversation(admin_client, make_phone):
    thread = make_thread(make_phone(), "Hi")
    assert admin_client.get(f"{INBOX}add/").status_code == 403
    assert admin_client.post(f"{INBOX}{thread.pk}/delete/", {"post": "yes"}).status_code == 403
    data = {"action": "delete_selected", "_selected_action": thread.pk, "post": "yes"}
    assert admin_client.post(INBOX, data).status_code == 403
    assert InboxThread.objects.exists()
