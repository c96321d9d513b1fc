"""The page of one conversation: its head, its texts, and where its links lead."""

import re

import pytest
from django.utils import timezone

from contacts.models import ConsentRecord
from messaging.inbox.timeline import Timeline
from messaging.models import Delivery, InboxThread
from tests.messaging.admin.pages import inline_code
from tests.messaging.conversations import INBOX, add_text, address, flag, fresh, make_thread, read

pytestmark = pytest.mark.django_db


def test_the_page_shows_the_texts_with_days_and_zone(manager_client, thread):
    text = read(manager_client, address(thread))
    assert text.index("Is there parking?") < text.index("And bikes?")
    assert timezone.localtime().tzname() in text
    assert 'class="timeline-day"' in text
    assert not inline_code(text)


def test_a_text_that_arrived_late_says_so(manager_client, thread):
    assert "Arrived late" not in read(manager_client, address(thread))
    add_text(thread, "join", is_late=True)
    assert '<span class="tag">Arrived late</span>' in read(manager_client, address(thread))


def test_the_header_links_to_the_person_on_each_list(
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


def test_the_header_shows_names_on_lists_that_differ_from_the_given_one(
    manager_client, thread, make_member, make_registration, make_event
):
    make_member(phone=thread.phone, name="Ada Lovelace")
    make_registration(phone=thread.phone, name="Ada L.", event=make_event(title="Picnic"))
    assert " as “" not in read(manager_client, address(thread))
    InboxThread.objects.update(contact_name="Ada L.")
    text = read(manager_client, address(thread))
    assert "<bdi>In the community as “Ada Lovelace”</bdi>" in text
    assert "<bdi>Registered for “Picnic”</bdi>" in text


def test_people_on_no_list_can_be_added_with_a_prefilled_form(manager_client, admin_client, thread):
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


def links(page):
    return dict(re.findall(r'<a href="([^"]+)">(?:<bdi>)?([^<]+)', page))


@pytest.mark.parametrize("kind", ["unsubscribed", "suppressed"])
def test_opt_outs_and_unreachable_numbers_are_linked_for_users_with_permission(
    admin_client, manager_client, thread, kind, make_unsubscribed, make_suppressed
):
    found = {"unsubscribed": make_unsubscribed, "suppressed": make_suppressed}[kind](phone=thread.phone)
    link = f"/admin/contacts/{kind}contact/{found.pk}/change/"
    earlier = str(Timeline(thread).page().entries[-1].mark)
    for place in ({}, {"before": earlier}):
        assert links(read(admin_client, address(thread), **place))[link] == "See details"
        assert link not in read(manager_client, address(thread), **place)
    assert admin_client.get(address(thread, "news/")).json()["entry"]["address"] == link
    assert manager_client.get(address(thread, "news/")).json()["entry"] is None


def test_consent_history_and_change_log_are_linked_for_users_with_permission(
    admin_client, manager_client, thread, press
):
    message = thread.messages.last()
    flag(message)
    press(thread, "keep/", client=admin_client, text=message.pk)
    trail, history = f"/admin/contacts/consentrecord/?q=%2B{thread.phone[1:]}", address(thread, "history/")
    found = links(read(admin_client, address(thread)))
    assert (found[trail], found[history]) == ("Consent history", "Change log")
    assert {trail, history}.isdisjoint(links(read(manager_client, address(thread))))
    shown = read(admin_client, history)
    assert f"{timezone.localtime().tzname()}</td><td>ann</td><td>Not an opt-out.</td>" in shown


def test_an_empty_change_log_says_so(admin_client, thread):
    assert "No changes yet." in read(admin_client, address(thread, "history/"))
    assert admin_client.get(f"{INBOX}99999999/history/").status_code == 302


def test_the_page_says_if_blasts_skip_the_number(manager_client, thread, make_suppressed):
    make_suppressed(phone=thread.phone, reason="Landline")
    text = read(manager_client, address(thread))
    assert "Blasts skip this number." in text
    assert "Landline" in text


def test_polls_return_new_texts_statuses_and_ids(manager_client, thread):
    delivery = Delivery.objects.create(phone=thread.phone, status="pending")
    last = add_text(thread, "We think so", "outbound", delivery=delivery)
    news = manager_client.get(address(thread, "news/")).json()
    assert "Waiting to send…" in news["timeline"]
    assert f'id="text-{last.pk}"' in news["timeline"]
    assert (news["unread"], news["why_not"], news["earlier"]) == (2, "", "")
    Delivery.objects.update(status="delivered")
    assert "Delivered" in manager_client.get(address(thread, "news/")).json()["timeline"]


def test_blasts_link_to_their_page_for_users_with_permission(manager_client, thread, make_log):
    log = make_log(message_body="Hi {first_name}")
    Delivery.objects.create(message_log=log, phone=thread.phone, name="Ada L", status="delivered")
    text = read(manager_client, address(thread))
    assert "Hi Ada" in text
    assert f'<a href="/admin/messaging/messagelog/{log.pk}/change/">Blast</a>' in text


def test_notes_about_consent_need_the_permission_to_view_consent_records(manager_client, admin_client, thread):
    noted = {"source": "manual", "actor": "ann", "words": "Called: her cousin died"}
    ConsentRecord.objects.create(phone=thread.phone, kind="opt_out", **noted)
    for page in ("change/", "news/"):
        assert "her cousin died" in admin_client.get(address(thread, page)).content.decode()
        text = manager_client.get(address(thread, page)).content.decode()
        assert "Opted out by ann" in text
        assert "her cousin died" not in text


def test_media_are_described(manager_client, thread):
    add_text(thread, "", raw_payload='{"NumMedia": "1", "MediaContentType0": "image/png"}')
    assert "1 picture. Open it in the Twilio console" in read(manager_client, address(thread))


def test_a_name_is_given_and_removed(thread, press):
    assert "Named Ada." in press(thread, "name/", name=" Ada ")
    assert fresh(thread).contact_name == "Ada"
    assert "Name removed." in press(thread, "name/", name="")
    assert fresh(thread).contact_name is None


def test_a_name_that_is_too_long_is_refused_with_the_reason(thread, press):
    text = press(thread, "name/", name="x" * 101)
    assert "The name has 101 characters, and the limit is 100." in text
    assert fresh(thread).contact_name is None


def test_texts_of_strangers_are_escaped(manager_client, thread):
    add_text(thread, "<img src=x onerror=alert(1)>")
    flag(thread.messages.last())
    text = read(manager_client, address(thread))
    assert "<img src=x" not in text
    assert text.count("&lt;img src=x") == 2


@pytest.mark.parametrize("key", ["0", "99999999", "nonsense", "9" * 30])
def test_a_conversation_that_does_not_exist_leads_to_the_inbox(manager_client, key):
    response = manager_client.get(f"{INBOX}{key}/change/", follow=True)
    assert "This conversation no longer exists." in response.content.decode()


def test_pages_of_missing_conversations_are_not_found(manager_client):
    for page in ("news", "read", "reply"):
        assert manager_client.post(f"{INBOX}99999999/{page}/").status_code == 404
