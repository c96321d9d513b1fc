"""The lists of people in the admin, as staff see them."""

from datetime import UTC, datetime

import pytest
from django.urls import reverse

from contacts.admin import changelist, filters, people
from contacts.models import CommunityMember, EventRegistration, SuppressedContact
from messaging.composing import drafts
from smsadmin.lib import pagination

MEMBERS = reverse("admin:contacts_communitymember_changelist")
REGISTRATIONS = reverse("admin:contacts_eventregistration_changelist")
UNSUBSCRIBED = reverse("admin:contacts_unsubscribedcontact_changelist")
SUPPRESSED = reverse("admin:contacts_suppressedcontact_changelist")
EVENTS = reverse("admin:contacts_event_changelist")


def rows(response):
    return [row.phone for row in response.context["cl"].result_list]


def test_a_member_is_listed_with_phone_and_state(admin_client, make_member):
    make_member(name="Ada Lovelace", phone="+17205550123")
    make_member(name=None, phone="+447700900123")
    page = admin_client.get(MEMBERS)
    for shown in (
        "Ada Lovelace",
        "(720) 555-0123",
        "(no name)",
        "+44 7700 900123",
        "Can be texted",
        "2 people",
    ):
        assert shown in page.text


def test_the_list_says_why_somebody_cannot_be_texted(
    admin_client, make_member, make_unsubscribed, make_suppressed, make_event
):
    event = make_event(title="Picnic")
    phones = [make_member().phone for _ in range(5)]
    at = datetime(2026, 5, 3, 20, 5, tzinfo=UTC)
    make_unsubscribed(phone=phones[0], source="inbound", created_at=at)
    make_unsubscribed(phone=phones[1], source=f"event:{event.pk}")
    make_unsubscribed(phone=phones[2], source="event:99999999")
    make_suppressed(phone=phones[3], reason="A landline. Ask for a mobile number.", created_at=at)
    make_suppressed(phone=phones[4], category="soft_fail", reason="Out of range.")
    page = admin_client.get(MEMBERS).text
    for shown in (
        "Opted out by text, May 3, 2026",
        "Opted out of “Picnic”,",
        "Opted out of a deleted event,",
        "Since May 3, 2026: A landline. Ask for a mobile number.<",
    ):
        assert shown in page
    assert "Out of range" not in page
    assert page.count("Can be texted</span>") == 1


def test_a_page_takes_the_same_queries_for_one_row_and_for_fifty(
    admin_client, make_member, make_unsubscribed, make_event, django_assert_max_num_queries
):
    event = make_event()
    for _ in range(60):
        make_unsubscribed(phone=make_member().phone, source=f"event:{event.pk}")
    admin_client.get(MEMBERS)  # Once a minute a visit is noted in the session.
    with django_assert_max_num_queries(9):
        assert len(rows(admin_client.get(MEMBERS))) == 50


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("state=textable", [0, 3]),
        ("state=opted_out", [1]),
        ("state=suppressed", [2]),
        ("state=opted_out&q=720", [1]),
        ("state=textable&q=ada", [0, 3]),
        ("state=nonsense", [0, 1, 2, 3]),
        ("q=ada", [0, 1, 2, 3]),
        ("q=0100", [0]),
        ("o=2", [0, 1, 2, 3]),
    ],
)
def test_the_list_is_filtered_searched_and_sorted(
    admin_client, make_member, make_unsubscribed, make_suppressed, query, expected
):
    phones = [make_member(name="Ada").phone for _ in range(4)]
    make_unsubscribed(phone=phones[1])
    make_suppressed(phone=phones[2])
    make_suppressed(phone=phones[3], category="soft_fail")
    shown = rows(admin_client.get(f"{MEMBERS}?{query}"))
    assert sorted(shown) == [phones[number] for number in expected]


def test_newest_come_first_and_phones_and_dates_sort(admin_client, make_member):
    phones = [make_member().phone for _ in range(3)]
    assert rows(admin_client.get(MEMBERS)) == phones[::-1]
    assert rows(admin_client.get(f"{MEMBERS}?o=2")) == phones
    assert rows(admin_client.get(f"{MEMBERS}?o=4")) == phones
    assert rows(admin_client.get(f"{MEMBERS}?o=1")) == phones[::-1]


@pytest.mark.parametrize("query", ["p=99", "p=x", "state=", "o=99.x", "e=1", "event=9", "all=", "_facets=True"])
def test_odd_addresses_are_no_errors(admin_client, make_member, query):
    make_member()
    assert admin_client.get(f"{MEMBERS}?{query}", follow=True).status_code == 200
    assert admin_client.get(f"{REGISTRATIONS}?{query}", follow=True).status_code == 200


def test_a_long_list_is_not_counted_to_its_end(admin_client, make_member, monkeypatch):
    monkeypatch.setattr(pagination, "COUNTED", 3)
    monkeypatch.setattr(people.ListAdmin, "list_per_page", 2)
    for _ in range(5):
        make_member()
    page = admin_client.get(MEMBERS)
    assert "more than 3 people" in page.text
    assert len(rows(page)) == 2
    assert page.context["cl"].paginator.num_pages == 2


def test_a_broad_search_says_that_it_is_limited(admin_client, make_member, make_unsubscribed, monkeypatch):
    for module in (changelist, filters, people):
        monkeypatch.setattr(module, "MOST_FOUND", 3)
    for _ in range(5):
        make_unsubscribed(phone=make_member(name="Ada").phone)
    for query in ("q=ada", "q=720", "state=opted_out"):
        page = admin_client.get(f"{MEMBERS}?{query}")
        assert len(rows(page)) == 3
        assert "Showing the first 3 matches." in page.text
    assert "are listed." not in admin_client.get(f"{MEMBERS}?q=0100").text


def test_empty_lists_say_what_to_do(admin_client, make_event):
    event = make_event(title="Picnic")
    assert "Nobody is in the community yet." in admin_client.get(MEMBERS).text
    assert "Nobody is registered for Picnic yet." in admin_client.get(f"{REGISTRATIONS}?event={event.pk}").text
    assert "Nobody has opted out." in admin_client.get(UNSUBSCRIBED).text
    assert "No unreachable numbers" in admin_client.get(SUPPRESSED).text
    assert "Nothing matches “zzz”." in admin_client.get(f"{MEMBERS}?q=zzz").text
    assert "Nothing matches these filters." in admin_client.get(f"{MEMBERS}?state=opted_out").text


def test_registrations_are_narrowed_to_their_event(admin_client, make_event, make_registration):
    picnic, dance = make_event(title="Picnic"), make_event(title="Dance")
    here, _ = make_registration(picnic), make_registration(dance)
    page = admin_client.get(f"{REGISTRATIONS}?event={picnic.pk}")
    assert rows(page) == [here.phone]
    assert "People registered for Picnic" in page.text
    assert rows(admin_client.get(f"{REGISTRATIONS}?event=99999999")) == []
    assert len(rows(admin_client.get(REGISTRATIONS))) == 2


def test_an_event_that_is_not_among_the_last_can_be_filtered_by(admin_client, make_event, make_registration):
    old = make_event(title="Long ago")
    here = make_registration(old)
    for _ in range(12):
        make_event()
    assert "Long ago" in admin_client.get(f"{REGISTRATIONS}?event={old.pk}").text
    assert rows(admin_client.get(f"{REGISTRATIONS}?event={old.pk}")) == [here.phone]


def test_events_show_how_many_are_registered_and_can_be_texted(
    admin_client, make_event, make_registration, make_unsubscribed, make_suppressed
):
    event, empty = make_event(title="Picnic"), make_event(title="Dance")
    phones = [make_registration(event).phone for _ in range(6)]
    make_unsubscribed(phone=phones[0])
    make_suppressed(phone=phones[0])
    make_suppressed(phone=phones[1])
    make_suppressed(phone=phones[2], category="soft_fail")
    page = admin_client.get(EVENTS)
    counts = {row.title: (row.counts.total, row.counts.textable) for row in page.context["cl"].result_list}
    assert counts == {"Picnic": (6, 4), "Dance": (0, 0)}
    own = reverse("admin:contacts_event_change", args=[event.pk])
    assert f'<a href="{own}">6</a>' in page.text
    counts = admin_client.get(own).context["counts"]
    assert (counts.total, counts.textable) == (6, 4)
    assert (
        "Nobody is registered yet." in admin_client.get(reverse("admin:contacts_event_change", args=[empty.pk])).text
    )


def test_a_members_page_says_whether_and_why(admin_client, make_member, make_unsubscribed):
    member = make_member()
    address = reverse("admin:contacts_communitymember_change", args=[member.pk])
    assert "Can be texted" in admin_client.get(address).text
    entry = make_unsubscribed(phone=member.phone, source="inbound")
    page = admin_client.get(address).text
    assert "Opted out by text" in page
    assert reverse("admin:contacts_unsubscribedcontact_change", args=[entry.pk]) in page
    assert "restore_selected" in page


def test_a_social_manager_sees_the_state_but_neither_entry_nor_button(manager_client, make_member, make_unsubscribed):
    member = make_member()
    make_unsubscribed(phone=member.phone, source="inbound")
    page = manager_client.get(reverse("admin:contacts_communitymember_change", args=[member.pk])).text
    assert "Opted out by text" in page
    assert "See details" not in page
    assert "restore_selected" not in page


@pytest.mark.parametrize("address", [UNSUBSCRIBED, SUPPRESSED])
def test_a_social_manager_may_not_see_who_is_blocked(manager_client, address):
    assert manager_client.get(address).status_code == 403


def test_a_number_is_normalized_and_compared_as_such_in_the_form(admin_client, make_member):
    add = reverse("admin:contacts_communitymember_add")
    response = admin_client.post(add, {"name": "Ada", "phone": "(720) 555-0123"})
    assert response.status_code == 302
    assert CommunityMember.objects.get().phone == "+17205550123"
    again = admin_client.post(add, {"name": "Ada", "phone": "1-720-555-0123"})
    assert "This number is already in the community." in again.text
    bad = admin_client.post(add, {"name": "Ada", "phone": "720 555 0123 ext. 4"})
    assert "has an extension" in bad.text
    other = make_member()
    change = reverse("admin:contacts_communitymember_change", args=[other.pk])
    assert "already in the community" in admin_client.post(change, {"name": "", "phone": "720.555.0123"}).text


def test_a_registration_starts_with_the_event_of_the_list(admin_client, make_event):
    event = make_event()
    add = reverse("admin:contacts_eventregistration_add")
    page = admin_client.get(f"{add}?_changelist_filters=event%3D{event.pk}")
    assert page.context["adminform"].form.initial["event"] == str(event.pk)
    admin_client.post(add, {"event": event.pk, "name": "", "phone": "7205550123"})
    again = admin_client.post(add, {"event": event.pk, "name": "", "phone": "+1 720 555 0123"})
    assert "This number is already registered for the event." in again.text
    assert EventRegistration.objects.count() == 1


def test_the_phone_of_an_entry_cannot_be_changed(admin_client, make_unsubscribed, make_suppressed):
    entries = [make_unsubscribed(phone="+17205550123"), make_suppressed(phone="+17205550123")]
    for entry in entries:
        address = reverse(f"admin:contacts_{entry._meta.model_name}_change", args=[entry.pk])
        admin_client.post(address, {"phone": "+17205550124", "name": "New", "reason": "New", "category": "hard_fail"})
        entry.refresh_from_db()
        assert entry.phone == "+17205550123"
        assert entry.reason == "New"


def test_a_suppression_says_where_it_comes_from(admin_client, make_suppressed, make_member):
    make_member(name="Ada", phone="+17205550123")
    make_suppressed(phone="+17205550123", source="30006", source_type="message_log")
    add = reverse("admin:contacts_suppressedcontact_add")
    admin_client.post(add, {"phone": "720 555 0124", "category": "hard_fail", "reason": ""})
    added = SuppressedContact.objects.get(phone="+17205550124")
    assert (
        "Added by staff" in admin_client.get(reverse("admin:contacts_suppressedcontact_change", args=[added.pk])).text
    )
    listed = admin_client.get(SUPPRESSED).text
    assert "Ada" in listed
    assert "(unknown)" in listed


def test_lists_work_without_inline_scripts_styles_and_handlers(admin_client, make_member):
    make_member()
    for address in (
        MEMBERS,
        EVENTS,
        reverse("admin:contacts_communitymember_change", args=[CommunityMember.objects.get().pk]),
    ):
        page = admin_client.get(address).text
        assert " style=" not in page
        assert " onclick=" not in page


@pytest.mark.parametrize("make", ["make_member", "make_unsubscribed", "make_suppressed"])
def test_a_row_with_which_nothing_goes_is_deleted_without_a_count(request, admin_client, make):
    row = request.getfixturevalue(make)()
    page = admin_client.get(reverse(f"admin:contacts_{row._meta.model_name}_delete", args=[row.pk]))
    assert page.status_code == 200
    assert "With it go" not in page.text


def test_a_member_who_was_chosen_for_a_draft_is_deleted_without_a_count(admin_client, admin_user, make_member):
    member = make_member()
    drafts.select_members(CommunityMember.objects.filter(pk=member.pk), admin_user)
    assert (
        "With it go" not in admin_client.get(reverse("admin:contacts_communitymember_delete", args=[member.pk])).text
    )


@pytest.mark.parametrize(("count", "words"), [(1, "1 registration."), (2, "2 registrations.")])
def test_what_goes_with_an_event_is_counted_and_named(admin_client, make_event, make_registration, count, words):
    event = make_event()
    for _ in range(count):
        make_registration(event)
    page = admin_client.get(reverse("admin:contacts_event_delete", args=[event.pk])).text
    assert f"This also deletes {words}" in page
