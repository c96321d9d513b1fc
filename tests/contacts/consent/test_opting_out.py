"""Opt-outs by staff, their undoing, and what is known of a phone."""

import pytest

from contacts import textability
from contacts.consent import opting_out
from contacts.consent.opting_out import Outcome
from contacts.models import CommunityMember, EventRegistration, SuppressedContact, UnsubscribedContact
from contacts.models.suppression import blocked_by, suppressed
from contacts.names import known_names


def test_memory_does_not_grow_with_the_selection_and_all_are_reached(make_member, make_unsubscribed, monkeypatch):
    monkeypatch.setattr(opting_out, "_BATCH", 3)
    members = [make_member() for _ in range(8)]
    make_unsubscribed(phone=members[4].phone)
    outcome = opting_out.unsubscribe(CommunityMember.objects.textable(), "Asked by phone")
    assert outcome == Outcome(7, 0)
    assert opting_out.unsubscribe(CommunityMember.objects.all(), "Again") == Outcome(0, 8)
    assert UnsubscribedContact.objects.filter(reason="Asked by phone").count() == 7


def test_an_opt_out_counts_from_the_persons_own_word_else_from_the_old_list(
    make_unsubscribed, make_suppressed, make_phone
):
    said, listed = make_unsubscribed(), make_suppressed(category="opt_out")
    make_suppressed(phone=said.phone, category="opt_out")
    dead = make_suppressed(category="hard_fail")
    found = opting_out.opted_out_since([said.phone, listed.phone, dead.phone, make_phone()])
    assert found == {said.phone: said.created_at, listed.phone: listed.created_at}


def test_a_phone_with_two_registrations_is_counted_once(make_event, make_registration):
    first = make_registration()
    make_registration(make_event(), phone=first.phone)
    assert opting_out.unsubscribe(EventRegistration.objects.all(), "") == Outcome(1, 0)
    assert opting_out.restore(EventRegistration.objects.all()) == Outcome(1, 0)


def test_restoring_counts_people_and_not_entries(make_member, make_unsubscribed, make_suppressed):
    members = [make_member() for _ in range(3)]
    make_unsubscribed(phone=members[0].phone)
    make_suppressed(phone=members[0].phone)
    make_suppressed(phone=members[1].phone, category="soft_fail")
    other = make_unsubscribed()
    assert opting_out.restore(CommunityMember.objects.all()) == Outcome(1, 2)
    assert UnsubscribedContact.objects.get() == other
    assert not SuppressedContact.objects.exists()


def test_lifting_tells_who_is_still_blocked(make_unsubscribed, make_suppressed):
    both = make_unsubscribed()
    make_unsubscribed()
    make_suppressed(phone=both.phone)
    assert opting_out.lift(SuppressedContact.objects.all()) == Outcome(0, 1)
    assert opting_out.lift(UnsubscribedContact.objects.all()) == Outcome(2, 0)


def test_the_state_is_the_same_by_page_and_by_query(make_member, make_unsubscribed, make_suppressed):
    members = [make_member() for _ in range(5)]
    make_unsubscribed(phone=members[0].phone)
    make_suppressed(phone=members[1].phone)
    make_suppressed(phone=members[2].phone, category="soft_fail")
    make_unsubscribed(phone=members[3].phone)
    make_suppressed(phone=members[3].phone)
    states = ["opted_out", "suppressed", "textable", "opted_out", "textable"]
    found = textability.standings(member.phone for member in members)
    assert [found[member.phone].state for member in members] == states
    by_query = (
        CommunityMember.objects.annotate(blocked_by=blocked_by()).order_by("pk").values_list("blocked_by", flat=True)
    )
    assert [state or "textable" for state in by_query] == states
    assert CommunityMember.objects.textable().count() == 2
    assert CommunityMember.objects.opted_out().count() == 2
    assert CommunityMember.objects.suppressed().count() == 2
    assert found[members[3].phone].record == UnsubscribedContact.objects.get(phone=members[3].phone)


@pytest.mark.parametrize("listed", ["opted_out", "suppressed"])
def test_the_newest_blocked_are_those_of_the_list(make_member, make_unsubscribed, make_suppressed, listed):
    make = {"opted_out": make_unsubscribed, "suppressed": make_suppressed}[listed]
    members = [make_member() for _ in range(4)]
    for member in members:
        make(phone=member.phone)
    make()  # Somebody else, newer than all.
    newest = getattr(CommunityMember.objects.all(), listed)(newest=2)
    assert set(newest) == set(members[2:])
    of_some = getattr(CommunityMember.objects.filter(pk__lte=members[1].pk), listed)(newest=1)
    assert list(of_some) == [members[1]]


def test_events_are_counted_with_their_textable_registrants(make_event, make_registration, make_unsubscribed):
    first, second, empty = make_event(), make_event(), make_event()
    registration = make_registration(first)
    make_registration(second, phone=registration.phone)
    make_registration(second)
    make_unsubscribed(phone=registration.phone)
    counts = textability.registration_counts([first.pk, second.pk, empty.pk])
    assert [(counts[event.pk].total, counts[event.pk].textable) for event in (first, second, empty)] == [
        (1, 0),
        (2, 1),
        (0, 0),
    ]
    assert textability.registration_counts([]) == {}


def test_members_names_come_before_those_of_registrations(make_member, make_registration):
    make_member(name="Ada", phone="+17205550123")
    make_registration(name="Ada L.", phone="+17205550123")
    make_member(name=None, phone="+17205550124")
    make_registration(name="Old", phone="+17205550124")
    make_registration(name="New", phone="+17205550124")
    assert known_names(["+17205550123", "+17205550124", "+17205550125"]) == {
        "+17205550123": "Ada",
        "+17205550124": "New",
    }


def test_sources_are_shown_in_words(make_event):
    event = make_event(title="Picnic")
    labels = textability.source_labels([f"event:{event.pk}", "event:", "event:x", "event:" + "9" * 40, "manual"])
    assert labels[f"event:{event.pk}"] == "Opted out of “Picnic”"
    assert labels["event:x"] == labels["event:"] == "Opted out of a deleted event"
    assert labels["manual"] == "Added by staff"


def test_a_soft_failure_blocks_nobody(make_member, make_suppressed):
    make_suppressed(phone=make_member().phone, category="soft_fail")
    assert CommunityMember.objects.filter(suppressed()).count() == 0
