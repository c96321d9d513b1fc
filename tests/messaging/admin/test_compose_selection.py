"""Blasts started from the lists of people."""

import re

import pytest
from django.urls import reverse

from messaging.composing import drafts
from messaging.composing.audience import Audience
from messaging.models import Draft, MessageLog
from tests.admin_pages import squeeze

from .pages import BLASTS

MEMBERS = "/admin/contacts/communitymember/"
COMPOSE = f"{BLASTS}compose/"


@pytest.fixture
def choose(manager_client):
    """Choose "Text selected members" for these rows, or for all that the list with `query` has."""

    def run(*members, client=manager_client, query="", is_across=False):
        data = {
            "action": "text_selected",
            "_selected_action": [member.pk for member in members],
            "select_across": int(is_across),
        }
        return client.post(f"{MEMBERS}{query}", data)

    return run


def phones(draft):
    return sorted(phone for phone, _ in Audience.of_draft(draft).sample(100))


def test_selected_members_become_the_audience(choose, make_member, manager_user):
    ann, bea, _ = make_member(), make_member(), make_member()
    response = choose(ann, bea)
    draft = Draft.objects.get()
    assert response.url == f"{COMPOSE}?draft={draft.token}"
    assert (draft.is_selection, draft.created_by) == (True, manager_user)
    assert phones(draft) == sorted([ann.phone, bea.phone])


def test_all_search_results_become_the_audience(choose, make_member):
    wanted = [make_member(name="Rosa Delgado"), make_member(name="Rosa Diaz")]
    make_member(name="Ann")
    choose(wanted[0], query="?q=rosa", is_across=True)
    assert phones(Draft.objects.get()) == sorted(member.phone for member in wanted)


def test_all_members_are_the_community(choose, make_member):
    member = make_member()
    make_member()
    choose(member, is_across=True)
    draft = Draft.objects.get()
    assert not draft.is_selection
    assert Audience.of_draft(draft).name == "Community"


def test_selecting_twice_creates_two_drafts(choose, make_member):
    ann, bea = make_member(), make_member()
    choose(ann)
    choose(bea)
    assert [phones(draft) for draft in Draft.objects.order_by("pk")] == [[ann.phone], [bea.phone]]


def test_a_thousand_members_need_no_more_queries_than_two(make_member, manager_user, django_assert_num_queries):
    members = [make_member() for _ in range(1_000)]
    everybody = type(members[0]).objects.filter(pk__gte=members[0].pk)
    with django_assert_num_queries(4):
        draft = drafts.select_members(everybody, manager_user)
    assert draft.members.count() == 1_000


def test_users_who_may_not_send_are_refused(choose, make_user, make_member, client):
    client.force_login(make_user(role="guest"))
    assert choose(make_member(), client=client).status_code == 403
    assert not Draft.objects.exists()


def test_the_compose_page_shows_the_selected_members(choose, make_member, manager_client):
    response = choose(make_member(), make_member())
    page = squeeze(manager_client.get(response.url).content.decode())
    assert "2 selected people" in page
    assert 'name="to"' not in page


def test_the_blast_only_goes_to_them(choose, make_member, manager_client, locmem, django_capture_on_commit_callbacks):
    ann = make_member()
    make_member()
    choose(ann)
    token = Draft.objects.get().token
    manager_client.post(COMPOSE, {"token": token, "message_body": "Hi"})
    confirm = reverse("admin:messaging_messagelog_confirm", args=[token])
    version = Draft.objects.get().version
    with django_capture_on_commit_callbacks(execute=True):
        manager_client.post(confirm, {"version": version})
    assert [to for to, _, _ in locmem.outbox] == [ann.phone]
    assert MessageLog.objects.get().audience_name == "1 selected person"


def test_a_posted_audience_does_not_replace_the_selection(choose, make_member, make_event, manager_client):
    choose(make_member())
    draft = Draft.objects.get()
    form = {"token": draft.token, "message_body": "Hi", "to": f"event:{make_event().pk}"}
    manager_client.post(COMPOSE, form)
    draft.refresh_from_db()
    assert (draft.is_selection, draft.target, draft.event) == (True, "community", None)


def test_members_deleted_in_the_meantime_are_left_out(choose, make_member, manager_client):
    member = make_member()
    choose(member)
    Draft.objects.update(message_body="Hi")
    member.delete()
    confirm = reverse("admin:messaging_messagelog_confirm", args=[Draft.objects.get().token])
    page = squeeze(manager_client.get(confirm).content.decode())
    assert "None of the selected people are still in the community." in page


@pytest.mark.parametrize("page", ["", "{pk}/change/"])
def test_an_event_links_to_a_blast_to_its_registrations(manager_client, make_event, page):
    event = make_event()
    html = manager_client.get(f"/admin/contacts/event/{page.format(pk=event.pk)}").content.decode()
    assert re.search(rf'<a href="{COMPOSE}\?event={event.pk}"[^>]*>Text registered people</a>', html)


def test_the_list_of_an_events_registrations_links_to_a_blast(manager_client, make_registration):
    event = make_registration().event
    address = "/admin/contacts/eventregistration/"
    link = f'<a href="{COMPOSE}?event={event.pk}">Text registered people</a>'
    assert link in manager_client.get(address, {"event": event.pk}).content.decode()
    assert "Text registered people" not in manager_client.get(address).content.decode()


def test_events_are_found_by_typing(manager_client, make_event):
    event = make_event(title="Open day")
    make_event(title="Picnic")
    query = {"app_label": "messaging", "model_name": "messagelog", "field_name": "event", "term": "open"}
    results = manager_client.get("/admin/autocomplete/", query).json()["results"]
    assert results == [{"id": str(event.pk), "text": "Open day"}]
