"""The inbox as staff see it: the list of conversations, its filters, its actions, and its looks for news."""

from datetime import timedelta

import pytest
from django.utils import timezone

from messaging.models import InboxThread

from .conversations import INBOX, add_text, flag, make_thread, read
from .pages import inline_code

pytestmark = pytest.mark.django_db


def test_an_empty_inbox_says_what_will_come(manager_client):
    assert "No texts yet." in read(manager_client, INBOX)


def test_conversations_stand_the_newest_first_with_who_and_what(manager_client, make_member):
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


def test_the_time_of_today_has_its_zone(manager_client, make_phone):
    make_thread(make_phone(), "Hi")
    local = timezone.localtime()
    assert f" {local.tzname()}</time>" in read(manager_client, INBOX)


def test_flags_and_opt_outs_are_marked(manager_client, make_phone, make_unsubscribed):
    flagged, gone = make_thread(make_phone(), "Hm"), make_thread(make_phone(), "STOP")
    flag(flagged.messages.get())
    make_unsubscribed(phone=gone.phone)
    text = read(manager_client, INBOX)
    assert text.count("May mean stop") == text.count('<span class="tag">Opted out</span>') == 1


@pytest.mark.parametrize(("state", "who"), [("unread", 0), ("undecided", 1), ("opted_out", 2)])
def test_the_list_can_be_narrowed(manager_client, make_phone, make_unsubscribed, state, who):
    threads = [make_thread(make_phone(), "Hi", contact_name=f"Person {number}") for number in range(4)]
    InboxThread.objects.filter(pk=threads[0].pk).update(unread_count=1)
    flag(threads[1].messages.get())
    make_unsubscribed(phone=threads[2].phone)
    text = read(manager_client, INBOX, state=state)
    assert [number for number in range(4) if f"Person {number}" in text] == [who]


def test_a_filter_that_finds_nobody_says_so(manager_client, make_phone):
    make_thread(make_phone(), "Hi")
    assert "No conversation is like that" in read(manager_client, INBOX, state="undecided")
    assert "Nothing matches “zebra”" in read(manager_client, INBOX, q="zebra")


def test_a_search_finds_words_and_narrows_a_filter(manager_client, make_phone):
    make_thread(make_phone(), "parking?", contact_name="Read one")
    make_thread(make_phone(), "parking!", contact_name="New one", is_read=False)
    text = read(manager_client, INBOX, q="parking", state="unread")
    assert "New one" in text
    assert "Read one" not in text


def test_texts_of_strangers_are_escaped(manager_client, make_phone):
    make_thread(make_phone(), "<script>alert(1)</script>", contact_name="<b>Bold</b>")
    text = read(manager_client, INBOX)
    assert "<script>alert(1)" not in text
    assert "<b>Bold" not in text


def test_a_conversation_whose_texts_were_all_deleted_says_so(manager_client, make_phone):
    make_thread(make_phone())
    assert "No text is left here." in read(manager_client, INBOX)


@pytest.mark.parametrize(("action", "before", "after"), [("mark_read", 2, 0), ("mark_unread", 0, 1)])
def test_selected_conversations_are_marked(manager_client, make_phone, action, before, after):
    thread, other = (make_thread(make_phone(), unread_count=before) for _ in range(2))
    data = {"action": action, "_selected_action": thread.pk}
    response = manager_client.post(INBOX, data, follow=True)
    assert "1 conversation is marked as" in response.content.decode()
    counts = InboxThread.objects.in_bulk()
    assert (counts[thread.pk].unread_count, counts[other.pk].unread_count) == (after, before)


def test_a_look_for_news_gets_the_rows_alone(manager_client, make_phone):
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
    with django_assert_max_num_queries(12):
        manager_client.get(INBOX)


def test_nobody_adds_or_deletes_a_conversation(admin_client, make_phone):
    thread = make_thread(make_phone(), "Hi")
    assert admin_client.get(f"{INBOX}add/").status_code == 403
    assert admin_client.post(f"{INBOX}{thread.pk}/delete/", {"post": "yes"}).status_code == 403
    data = {"action": "delete_selected", "_selected_action": thread.pk, "post": "yes"}
    assert admin_client.post(INBOX, data).status_code == 403
    assert InboxThread.objects.exists()
