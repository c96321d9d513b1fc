"""What staff do with selected people: asked before, counted after, refused to whom it is not for."""

import pytest
from django.apps import apps
from django.contrib.admin.models import LogEntry
from django.urls import reverse

from contacts.admin import people as people_admin
from contacts.models import CommunityMember, Event, EventRegistration, SuppressedContact, UnsubscribedContact

MEMBERS = reverse("admin:contacts_communitymember_changelist")
REGISTRATIONS = reverse("admin:contacts_eventregistration_changelist")
UNSUBSCRIBED = reverse("admin:contacts_unsubscribedcontact_changelist")
SUPPRESSED = reverse("admin:contacts_suppressedcontact_changelist")


def choose(client, address, action, rows, **more):
    data = {"action": action, "_selected_action": [row.pk for row in rows], "index": 0, **more}
    return client.post(address, data)


def do(client, address, action, rows, **more):
    """Choose the action and answer its question with yes; the texts of the messages."""
    asked = choose(client, address, action, rows, **more)
    data = {
        "action": action,
        "_selected_action": [row.pk for row in rows],
        "confirmed": asked.context["count"],
        **more,
    }
    response = client.post(address, data, follow=True)
    assert response.status_code == 200
    return [str(message) for message in response.context["messages"]]


def test_opting_out_members_keeps_them_and_says_so(admin_client, make_member, make_unsubscribed):
    members = [make_member() for _ in range(3)]
    make_unsubscribed(phone=members[0].phone, source="inbound")
    said = do(admin_client, MEMBERS, "unsubscribe_selected", members)
    assert said == ["Stopped all texts to 2 people. 1 person had already opted out."]
    assert CommunityMember.objects.textable().count() == 0
    assert CommunityMember.objects.count() == 3
    sources = dict(UnsubscribedContact.objects.values_list("phone", "source"))
    assert sources == {members[0].phone: "inbound", members[1].phone: "community", members[2].phone: "community"}
    entry = UnsubscribedContact.objects.get(phone=members[1].phone)
    assert entry.name == members[1].name
    assert "ann" in entry.reason


def test_opting_out_registrations_names_their_event(admin_client, make_event, make_registration):
    event = make_event()
    registration = make_registration(event)
    twin = make_registration(make_event(), phone=registration.phone)
    said = do(admin_client, REGISTRATIONS, "unsubscribe_selected", [registration, twin])
    assert said == ["Stopped all texts to 1 person."]
    assert UnsubscribedContact.objects.get().source == f"event:{event.pk}"


@pytest.mark.parametrize("action", ["unsubscribe_selected", "restore_selected", "delete_selected"])
def test_nothing_is_done_before_the_answer(admin_client, make_member, make_unsubscribed, action):
    member, other = make_member(name="Ada Lovelace"), make_member()
    make_unsubscribed(phone=other.phone)
    asked = choose(admin_client, MEMBERS, action, [member, other])
    assert "Ada Lovelace" in asked.text
    assert "2 people" in asked.text
    assert UnsubscribedContact.objects.count() == 1
    assert CommunityMember.objects.count() == 2


def test_allowing_texts_explains_itself_and_clears_both_lists(
    admin_client, make_member, make_unsubscribed, make_suppressed
):
    members = [make_member() for _ in range(3)]
    make_unsubscribed(phone=members[0].phone)
    make_suppressed(phone=members[0].phone)
    make_suppressed(phone=members[1].phone)
    asked = choose(admin_client, MEMBERS, "restore_selected", members)
    assert "Only do this for people who asked for it" in asked.text
    said = do(admin_client, MEMBERS, "restore_selected", members)
    assert said == ["2 people can be texted again. 1 person already could be."]
    assert CommunityMember.objects.textable().count() == 3


def test_allowing_texts_from_the_opt_out_list(admin_client, make_unsubscribed, make_suppressed):
    entries = [make_unsubscribed() for _ in range(3)]
    make_suppressed(phone=entries[0].phone)
    make_suppressed(phone=entries[1].phone, category="soft_fail")
    said = do(admin_client, UNSUBSCRIBED, "lift_selected", entries)
    assert said == [
        "2 people can be texted again. "
        "1 person still can’t be texted because of an entry under “Unreachable numbers”."
    ]
    assert not UnsubscribedContact.objects.exists()
    assert SuppressedContact.objects.count() == 2


def test_allowing_texts_from_the_list_of_unreachable_numbers(admin_client, make_suppressed):
    said = do(admin_client, SUPPRESSED, "lift_selected", [make_suppressed()])
    assert said == ["1 person can be texted again."]
    assert not SuppressedContact.objects.exists()


def test_deleting_people(admin_client, make_member, make_unsubscribed):
    members = [make_member() for _ in range(3)]
    make_unsubscribed(phone=members[0].phone)
    said = do(admin_client, MEMBERS, "delete_selected", members[:2])
    assert said == ["Deleted 2 people from the community."]
    assert CommunityMember.objects.get() == members[2]
    assert UnsubscribedContact.objects.count() == 1
    assert LogEntry.objects.count() == 2


def test_all_that_match_are_meant_when_all_are_selected(admin_client, make_member, monkeypatch):
    monkeypatch.setattr(people_admin, "_DELETED_AT_ONCE", 2)
    monkeypatch.setattr(people_admin, "_LOGGED_ONE_BY_ONE", 2)
    matching = [make_member(name="Ada") for _ in range(5)]
    other = make_member(name="Grace")
    said = do(admin_client, f"{MEMBERS}?q=ada", "delete_selected", matching[:1], select_across=1)
    assert said == ["Deleted 5 people from the community."]
    assert CommunityMember.objects.get() == other
    assert [entry.object_repr for entry in LogEntry.objects.all()] == ["5 people"]


def test_everyone_blocked_can_be_allowed_at_once_while_filtered(admin_client, make_member, make_unsubscribed):
    members = [make_member() for _ in range(4)]
    for member in members[:3]:
        make_unsubscribed(phone=member.phone)
    said = do(admin_client, f"{MEMBERS}?state=textable", "unsubscribe_selected", members[3:], select_across=1)
    assert said == ["Stopped all texts to 1 person."]
    said = do(admin_client, f"{MEMBERS}?state=opted_out", "restore_selected", members[:1], select_across=1)
    assert said == ["4 people can be texted again."]


def test_a_list_that_changed_meanwhile_is_asked_about_again(admin_client, make_member):
    first = make_member()
    answer = {"action": "delete_selected", "_selected_action": first.pk, "select_across": 1, "confirmed": 1}
    make_member()
    response = admin_client.post(MEMBERS, answer)
    assert "nothing was done" in response.text
    assert "Delete 2 people" in response.text
    assert CommunityMember.objects.count() == 2


@pytest.mark.parametrize("selected", [["x"], ["9" * 30], ["-1"], ["1", "'"]])
def test_an_empty_selection_is_not_an_error(admin_client, make_member, selected):
    make_member()
    data = {"action": "delete_selected", "_selected_action": selected, "index": 0}
    response = admin_client.post(MEMBERS, data, follow=True)
    assert "couldn&#x27;t be read" in response.text
    assert CommunityMember.objects.count() == 1


@pytest.mark.parametrize(
    ("address", "action"),
    [
        (MEMBERS, "unsubscribe_selected"),
        (MEMBERS, "restore_selected"),
        (MEMBERS, "delete_selected"),
        (MEMBERS, "export_selected"),
        (REGISTRATIONS, "unsubscribe_selected"),
        (REGISTRATIONS, "restore_selected"),
        (UNSUBSCRIBED, "lift_selected"),
        (SUPPRESSED, "lift_selected"),
    ],
)
def test_a_social_manager_is_refused(
    manager_client, make_member, make_registration, make_unsubscribed, address, action
):
    row = make_registration() if address == REGISTRATIONS else make_member()
    make_unsubscribed(phone=row.phone)
    assert choose(manager_client, address, action, [row], confirmed=1).status_code == 403
    assert CommunityMember.objects.count() + EventRegistration.objects.count() == 1
    assert UnsubscribedContact.objects.count() == 1


def test_a_social_manager_may_delete_and_export_registrations(manager_client, make_registration):
    registration = make_registration()
    assert choose(manager_client, REGISTRATIONS, "export_selected", [registration]).status_code == 200
    assert do(manager_client, REGISTRATIONS, "delete_selected", [registration]) == [
        "Deleted 1 person from their events."
    ]


def test_deleting_an_event_tells_how_many_registrations_go_with_it(admin_client, make_event, make_registration):
    event = make_event(title="Picnic")
    for _ in range(3):
        make_registration(event)
    address = reverse("admin:contacts_event_delete", args=[event.pk])
    asked = admin_client.get(address)
    assert "3 registrations" in asked.text
    assert EventRegistration.objects.count() == 3
    admin_client.post(address, {"post": "yes"})
    assert not Event.objects.exists()
    assert not EventRegistration.objects.exists()


def test_an_event_that_is_needed_elsewhere_is_not_deleted(admin_client, make_event):
    event = make_event(title="Picnic")
    flow = apps.get_model("surveys", "SurveyFlow")
    flow.objects.create(name="Join", trigger_keyword="JOIN", questions_json="[]", linked_event=event)
    address = reverse("admin:contacts_event_delete", args=[event.pk])
    assert "protected" in admin_client.get(address).text
    assert admin_client.post(address, {"post": "yes"}).status_code == 200
    assert Event.objects.exists()


def test_a_social_manager_does_not_delete_events(manager_client, make_event):
    event = make_event()
    assert (
        manager_client.post(reverse("admin:contacts_event_delete", args=[event.pk]), {"post": "yes"}).status_code
        == 403
    )
    assert Event.objects.exists()


def test_deleting_an_entry_says_that_it_allows_texts_again(admin_client, make_unsubscribed):
    entry = make_unsubscribed()
    address = reverse("admin:contacts_unsubscribedcontact_delete", args=[entry.pk])
    assert "will reach them again" in admin_client.get(address).text
    admin_client.post(address, {"post": "yes"})
    assert not UnsubscribedContact.objects.exists()


def test_the_buttons_on_a_members_page_ask_too(admin_client, make_member):
    member = make_member(name="Ada")
    asked = admin_client.post(MEMBERS, {"action": "unsubscribe_selected", "_selected_action": member.pk})
    assert "Stop all texts to Ada?" in asked.text
    assert not UnsubscribedContact.objects.exists()
