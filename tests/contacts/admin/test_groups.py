"""Groups in the admin: the list, the page of one, and putting people into it."""

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test.utils import CaptureQueriesContext

from contacts.models import Group, GroupMember

TARA = "+13035550152"


@pytest.fixture
def choir(make_group):
    return make_group(name="Choir")


def address(group, page="change/"):
    return f"/admin/contacts/group/{group.pk}/{page}"


def enroll(client, group, who, **more):
    return client.post(address(group, "enroll/"), {"who": who, **more}, follow=True)


def in_group(group):
    return list(group.members.order_by("pk").values_list("name", "phone"))


def put_into_group(client, rows, model="communitymember", **data):
    selected = {"action": "group_selected", "_selected_action": [row.pk for row in rows]}
    return client.post(f"/admin/contacts/{model}/", selected | data, follow=True)


def test_the_list_counts_people_and_who_can_be_texted(
    manager_client, choir, make_group, make_group_member, make_unsubscribed
):
    make_group(name="drivers")
    people = [make_group_member(choir) for _ in range(3)]
    make_unsubscribed(phone=people[0].phone)
    rows = manager_client.get("/admin/contacts/group/").context["cl"].result_list
    assert [(group.name, group.counts.total, group.counts.textable) for group in rows] == [
        ("Choir", 3, 2),
        ("drivers", 0, 0),
    ]


def test_the_list_takes_the_same_queries_however_many_groups(manager_client, make_group, make_group_member):
    def queries():
        with CaptureQueriesContext(connection) as captured:
            manager_client.get("/admin/contacts/group/")
        return len(captured)

    make_group_member(make_group())
    queries()
    few = queries()
    for _ in range(5):
        make_group_member(make_group())
    assert queries() == few


def test_its_page_shows_who_is_in_it_with_their_state(manager_client, choir, make_group_member, make_unsubscribed):
    people = [make_group_member(choir, name=name) for name in ("Ada", "Grace")]
    make_group_member(name="Elsewhere")
    make_unsubscribed(phone=people[0].phone, source=f"group:{choir.pk}")
    response = manager_client.get(address(choir))
    shown = [(row.name, row.standing.label) for row in response.context["people"]["shown_people"]]
    assert shown == [("Grace", "Can be texted"), ("Ada", "Opted out")]
    assert "Opted out of “Choir”" in response.text
    assert f"/admin/contacts/groupmember/?group={choir.pk}" in response.text
    assert f"compose/?group={choir.pk}" in response.text
    assert f"/admin/contacts/contactimport/new/group/{choir.pk}/" in response.text


def test_people_are_added_by_number_and_by_name(manager_client, choir, make_member):
    make_member(name="Tara Lund", phone=TARA)
    asked = enroll(manager_client, choir, "tara")
    assert "Is this who you mean?" in asked.text
    response = enroll(manager_client, choir, "tara", asked="tara", phone=TARA)
    assert "Added Tara Lund." in response.text
    assert in_group(choir) == [("Tara Lund", TARA)]
    assert LogEntry.objects.get().object_repr == "Tara Lund"
    assert "Tara Lund is already in this group." in enroll(manager_client, choir, TARA).text


def test_members_are_found_by_the_picker(manager_client, choir, make_group_member):
    make_group_member(choir, name="Zora Neale", phone=TARA)
    assert "Zora Neale" in manager_client.get("/admin/contacts/communitymember/suggest/", {"q": "zora"}).text


def test_removing_asks_first_and_leads_back_to_the_group(manager_client, choir, make_group_member):
    member = make_group_member(choir, name="Ada")
    page = f"/admin/contacts/groupmember/{member.pk}/delete/"
    assert page in manager_client.get(address(choir)).text
    assert "Remove Ada from Choir?" in manager_client.get(page).text
    assert in_group(choir)
    response = manager_client.post(page, {"post": "yes"}, follow=True)
    assert response.redirect_chain == [(address(choir), 302)]
    assert "Removed Ada from Choir." in response.text
    assert in_group(choir) == []


def test_many_are_removed_after_a_question(manager_client, choir, make_group_member):
    members = [make_group_member(choir) for _ in range(2)]
    selected = {"action": "delete_selected", "_selected_action": [row.pk for row in members]}
    assert "Remove 2 people?" in manager_client.post("/admin/contacts/groupmember/", selected).text
    response = manager_client.post("/admin/contacts/groupmember/", selected | {"confirmed": "2"}, follow=True)
    assert "Removed 2 people from the group." in response.text
    assert in_group(choir) == []


def test_a_group_is_made_and_renamed_and_no_name_is_taken_twice(manager_client, choir):
    manager_client.post("/admin/contacts/group/add/", {"name": "Drivers"})
    drivers = Group.objects.get(name="Drivers")
    manager_client.post(address(drivers), {"name": "The drivers"})
    drivers.refresh_from_db()
    assert drivers.name == "The drivers"
    assert "There is already a group of this name." in manager_client.post(address(drivers), {"name": "CHOIR"}).text


def test_deleting_a_group_says_what_happens(admin_client, choir, make_group_member):
    make_group_member(choir)
    page = admin_client.get(address(choir, "delete/")).text
    assert "The people in it stay on their other lists. Audiences that ask for this group stop working." in page
    assert "1 group member" in page
    admin_client.post(address(choir, "delete/"), {"post": "yes"})
    assert not Group.objects.exists()


def test_a_social_manager_deletes_no_group(manager_client, choir):
    assert manager_client.get(address(choir, "delete/")).status_code == 403


def test_selected_people_are_put_into_a_group(manager_client, choir, make_member, make_group_member):
    members = [make_member(name="Ada"), make_member(name="Grace")]
    make_group_member(choir, name="Countess", phone=members[0].phone)
    assert "Add 2 people to a group" in put_into_group(manager_client, members).text
    response = put_into_group(manager_client, members, confirmed="2", existing=choir.pk)
    assert "Added 1 person to Choir. 1 person was in it already." in response.text
    assert in_group(choir) == [("Countess", members[0].phone), ("Grace", members[1].phone)]
    assert GroupMember.objects.get(name="Grace").source == "manual"


def test_everyone_that_a_search_finds_is_put_into_a_new_group(manager_client, make_member):
    roses = [make_member(name=f"Rosa {number}") for number in range(60)]
    make_member(name="Ada")
    data = {"action": "group_selected", "_selected_action": roses[0].pk, "select_across": "1"}
    address = "/admin/contacts/communitymember/?q=rosa"
    response = manager_client.post(address, data | {"confirmed": "60", "name": "Roses"}, follow=True)
    assert "Added 60 people to Roses." in response.text
    assert Group.objects.get().members.count() == 60


def test_people_of_several_events_are_put_into_a_group_once(manager_client, choir, make_registration):
    rows = [make_registration(name="Tara", phone=TARA) for _ in range(2)]
    put_into_group(manager_client, rows, "eventregistration", confirmed="2", existing=choir.pk)
    assert in_group(choir) == [("Tara", TARA)]


@pytest.mark.parametrize("chosen", [{}, {"existing": "choir", "name": "New"}, {"existing": "nonsense"}])
def test_which_group_has_to_be_said_clearly(manager_client, choir, make_member, chosen):
    chosen = {key: choir.pk if value == "choir" else value for key, value in chosen.items()}
    response = put_into_group(manager_client, [make_member()], confirmed="1", **chosen)
    assert "Choose a group, or type the name of a new one." in response.text
    assert "The list changed" not in response.text
    assert not GroupMember.objects.exists()


def test_opting_out_from_a_group_says_so(admin_client, choir, make_group_member):
    member = make_group_member(choir)
    data = {"action": "unsubscribe_selected", "_selected_action": member.pk, "confirmed": "1"}
    admin_client.post("/admin/contacts/groupmember/", data)
    page = admin_client.get("/admin/contacts/unsubscribedcontact/").text
    assert "Opted out of “Choir”" in page


def test_a_group_is_exported(manager_client, choir, make_group_member):
    make_group_member(choir, name="Ada", phone=TARA)
    make_group_member(name="Elsewhere")
    response = manager_client.get(f"/admin/contacts/groupmember/export/?group={choir.pk}")
    said = b"".join(response.streaming_content).decode("utf-8-sig").splitlines()
    assert said[0] == "Name,Phone,Group,Added"
    assert [line.split(",")[:3] for line in said[1:]] == [["Ada", TARA, "Choir"]]
    assert "choir-group-members-" in response["Content-Disposition"]
