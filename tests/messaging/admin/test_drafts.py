"""Drafts: kept while they are written, listed for everyone, continued and deleted."""

import uuid

import pytest
from django.urls import reverse

from messaging.models import Draft
from tests.admin_pages import squeeze

COMPOSE = "/admin/messaging/messagelog/compose/"
DRAFTS = "/admin/messaging/draft/"


@pytest.fixture
def keep(manager_client):
    """Post the form as the page does by itself; whether it was kept."""

    def run(client=manager_client, **fields):
        form = {"token": str(uuid.uuid4()), "to": "community", "message_body": "Hi", **fields}
        response = client.post(f"{COMPOSE}keep/", form)
        assert response.status_code == 200
        return response.json()["is_kept"]

    return run


@pytest.fixture
def draft(manager_user):
    return Draft.objects.create(created_by=manager_user, message_body="Hi {first_name}, the garden opens")


def copy_url(draft):
    return reverse("admin:messaging_draft_copy", args=[draft.pk])


# Keeping ---------------------------------------------------------------------------------------------------------


def test_what_is_typed_is_kept_as_one_draft(keep, manager_user):
    token = str(uuid.uuid4())
    assert keep(token=token, message_body="H")
    assert keep(token=token, message_body="Hi all", has_opt_out_line="on")
    draft = Draft.objects.get()
    assert (str(draft.token), draft.message_body, draft.created_by) == (token, "Hi all", manager_user)


def test_what_cannot_be_sent_yet_is_kept_too_and_has_to_be_corrected(keep, manager_client):
    for fields in ({"message_body": "Hi {nmae}"}, {"to": ""}):
        token = str(uuid.uuid4())
        assert keep(token=token, **fields)
        confirm = reverse("admin:messaging_messagelog_confirm", args=[token])
        assert manager_client.post(confirm).url == f"{COMPOSE}?draft={token}"
        assert manager_client.get(f"{COMPOSE}?draft={token}").status_code == 200


@pytest.mark.parametrize("text", ["", " \n", "x" * 10_001])
def test_nothing_is_kept_of_no_words_or_far_too_many(keep, text):
    assert not keep(message_body=text)
    assert not Draft.objects.exists()


def test_words_that_were_deleted_are_not_kept(keep, draft):
    assert keep(token=draft.token, message_body="")
    draft.refresh_from_db()
    assert draft.message_body == ""


def test_a_draft_that_has_not_changed_is_not_written_again(keep, draft):
    version = draft.version
    keep(token=draft.token, message_body=draft.message_body, has_opt_out_line="on")
    draft.refresh_from_db()
    assert draft.version == version


def test_a_draft_that_was_sent_stays_as_it_was(keep, draft):
    Draft.objects.update(sent_at=draft.created_at)
    assert not keep(token=draft.token, message_body="Too late")
    draft.refresh_from_db()
    assert draft.message_body == "Hi {first_name}, the garden opens"


def test_anothers_draft_is_not_changed(draft, admin_client):
    response = admin_client.post(f"{COMPOSE}keep/", {"token": draft.token, "message_body": "Mine"})
    assert response.status_code == 403


def test_get_requests_keep_nothing(manager_client):
    assert manager_client.get(f"{COMPOSE}keep/").status_code == 405


# The list --------------------------------------------------------------------------------------------------------


def test_drafts_of_everyone_are_listed_by_first_words_audience_and_author(
    draft, admin_user, manager_client, make_event, make_member
):
    Draft.objects.create(
        created_by=admin_user, message_body="Come", target="event", event=make_event(title="Open day")
    )
    chosen = Draft.objects.create(created_by=admin_user, message_body="Chosen", is_selection=True)
    chosen.members.set([make_member(), make_member()])
    Draft.objects.create(created_by=admin_user, message_body="")
    Draft.objects.create(created_by=admin_user, message_body="Sent", sent_at=draft.created_at)
    page = squeeze(manager_client.get(DRAFTS).content.decode())
    for words in ("The garden opens", "Open day", "2 selected people", str(admin_user), ">Today "):
        assert words in page
    assert page.count('class="field-message"') == 3


def test_a_list_of_many_takes_as_many_queries_as_one_of_few(
    admin_user, admin_client, make_member, django_assert_max_num_queries
):
    for number in range(20):
        chosen = Draft.objects.create(created_by=admin_user, message_body=f"Hi {number}", is_selection=True)
        chosen.members.set([make_member()])
    with django_assert_max_num_queries(12):
        admin_client.get(DRAFTS)


def test_without_drafts_the_list_says_what_it_is_for(manager_client):
    assert "What you write is kept here by itself" in manager_client.get(DRAFTS).content.decode()


def test_ones_own_draft_is_continued_where_it_is_written(draft, manager_client):
    response = manager_client.get(f"{DRAFTS}{draft.pk}/change/")
    assert response.url == f"{COMPOSE}?draft={draft.token}"
    page = manager_client.get(response.url).content.decode()
    assert "the garden opens</textarea>" in page
    assert f"{DRAFTS}{draft.pk}/delete/" in page


def test_anothers_draft_is_read_and_continued_in_a_copy(draft, admin_client, admin_user, make_member):
    member = make_member()
    Draft.objects.update(is_selection=True)
    draft.members.set([member])
    page = admin_client.get(f"{DRAFTS}{draft.pk}/change/").content.decode()
    assert "Hi {first_name}, the garden opens" in page
    assert "1 selected person" in page
    response = admin_client.post(copy_url(draft))
    copied = Draft.objects.get(created_by=admin_user)
    assert response.url == f"{COMPOSE}?draft={copied.token}"
    assert (copied.message_body, copied.is_selection) == (draft.message_body, True)
    assert list(copied.members.all()) == [member]
    assert Draft.objects.filter(pk=draft.pk).exists()


@pytest.mark.parametrize("page", ["change/", "copy/"])
def test_a_draft_that_is_gone_leads_to_the_list(admin_client, page):
    method = admin_client.post if page == "copy/" else admin_client.get
    assert method(f"{DRAFTS}99999999/{page}").url == DRAFTS


def test_people_delete_their_own_drafts_and_admins_everyones(manager_client, admin_client, admin_user, draft):
    others = Draft.objects.create(created_by=admin_user, message_body="Not yours")
    assert manager_client.post(f"{DRAFTS}{others.pk}/delete/", {"post": "yes"}).status_code == 403
    manager_client.post(DRAFTS, {"action": "delete_selected", "_selected_action": [others.pk], "post": "yes"})
    assert Draft.objects.count() == 2
    assert manager_client.post(f"{DRAFTS}{draft.pk}/delete/", {"post": "yes"}).url == DRAFTS
    assert list(Draft.objects.all()) == [others]
    hers = Draft.objects.create(message_body="Without an author")
    admin_client.post(DRAFTS, {"action": "delete_selected", "_selected_action": [hers.pk, others.pk], "post": "yes"})
    assert not Draft.objects.exists()


def test_roles_that_may_not_send_see_no_drafts(client, make_user, draft):
    client.force_login(make_user(role="guest"))
    assert client.get(DRAFTS).status_code == 403
    assert client.get(f"{DRAFTS}{draft.pk}/change/").status_code == 403
    assert client.post(copy_url(draft)).status_code == 403
