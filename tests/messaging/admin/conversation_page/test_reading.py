"""What is new in a conversation, what is marked as read, and how earlier and later texts are reached."""

import re

import pytest
from django.test import Client

from messaging.models import InboxThread
from tests.admin_pages import squeeze
from tests.messaging.conversations import INBOX, add_text, address, fresh, make_thread, read

pytestmark = pytest.mark.django_db
JSON = {"accept": "application/json"}


def bodies_and_line(response):
    """The texts of a page in their order, and "New" where that line stands."""
    lines = re.findall(r'<p class="bubble" dir="auto">(.*?)</p>|id="new"><span>(New)', response.content.decode())
    return [body or line for body, line in lines]


def test_the_first_unread_text_is_marked_as_new(manager_client, thread):
    InboxThread.objects.update(unread_count=1)
    assert bodies_and_line(manager_client.get(address(thread))) == ["Is there parking?", "New", "And bikes?"]
    add_text(thread, "We think so", "outbound")
    assert bodies_and_line(manager_client.get(address(thread)))[1:] == ["New", "And bikes?", "We think so"]
    InboxThread.objects.update(unread_count=0)
    assert "New" not in bodies_and_line(manager_client.get(address(thread)))


def test_the_line_stays_on_an_open_page_when_everything_is_read(manager_client, thread):
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
def test_an_invalid_mark_leaves_texts_unread(manager_client, thread, up_to):
    manager_client.post(address(thread, "read/"), {"up_to": up_to})
    assert fresh(thread).unread_count == 2


def test_marked_as_unread_it_leads_back_to_the_inbox(manager_client, thread):
    InboxThread.objects.update(unread_count=0)
    response = manager_client.post(address(thread, "unread/"))
    assert response.headers["location"] == INBOX
    assert fresh(thread).unread_count == 1


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
def test_an_invalid_position_in_the_url_shows_the_latest_texts(manager_client, thread, before):
    assert "And bikes?" in read(manager_client, address(thread), before=before)


def test_a_text_can_be_opened_with_the_texts_around_it(manager_client, long_thread):
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


def test_a_found_text_among_the_latest_can_be_answered(manager_client, long_thread):
    text = long_thread.messages.get(body="text number 110.")
    shown = read(manager_client, address(long_thread), at=text.pk)
    assert "text number 119." in shown
    assert f'is-found" tabindex="-1" autofocus id="text-{text.pk}"' in shown
    assert 'id="reply"' in shown
    assert f'data-news-url="{address(long_thread, "news/")}?new=0&amp;at={text.pk}"' in shown
    news = manager_client.get(address(long_thread, "news/"), {"at": text.pk}).json()["timeline"]
    assert f'is-found" tabindex="-1" autofocus id="text-{text.pk}"' in news


@pytest.mark.parametrize("at", ["0", "99999999", "x", "-1", "9" * 30, "of another"])
def test_a_missing_text_shows_the_latest(manager_client, long_thread, thread, at):
    at = thread.messages.first().pk if at == "of another" else at
    shown = read(manager_client, address(long_thread), at=at)
    assert "text number 119." in shown
    assert "is-found" not in shown
    assert 'id="reply"' in shown


def test_the_page_and_its_polls_count_unread_texts_in_the_whole_inbox(manager_client, thread, make_phone):
    InboxThread.objects.create(phone=make_phone(), unread_count=1_200)
    assert "<title>(1,202) (720)" in read(manager_client, address(thread))
    assert manager_client.get(address(thread, "news/")).json()["unread_texts"] == 1_202
    InboxThread.objects.update(unread_count=0)
    assert "<title>(720)" in read(manager_client, address(thread))


def test_polls_say_where_the_earlier_page_ends(manager_client, long_thread):
    mark = manager_client.get(address(long_thread)).context["page"].earlier
    assert manager_client.get(address(long_thread, "news/")).json()["earlier"] == str(mark)


def test_a_form_of_another_site_does_nothing(manager_user, thread):
    client = Client(enforce_csrf_checks=True)
    client.force_login(manager_user)
    assert client.post(address(thread, "read/"), {"up_to": "9"}).status_code == 403
    assert fresh(thread).unread_count == 2
