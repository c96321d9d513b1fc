"""Two who change many people at the same moment, on PostgreSQL: both get through, in whatever order they come."""

import pytest
from django.contrib import admin

from contacts.consent import opting_out
from contacts.models import CommunityMember, EventRegistration, SuppressedContact, UnsubscribedContact
from tests.meanwhile import meanwhile, on_postgresql

from .imports.importing import import_all, text

pytestmark = [pytest.mark.django_db(transaction=True), on_postgresql]
ADA, BEN = "+17205550123", "+17205550124"


def opt_out_members(*phones):
    opting_out.unsubscribe(CommunityMember.objects.filter(phone__in=phones), "Asked")


def opt_out_registrations(*phones):
    opting_out.unsubscribe(EventRegistration.objects.filter(phone__in=phones), "Asked")


def import_opt_outs(*phones):
    import_all(text(*(f"Somebody,{phone}" for phone in phones)), target="unsubscribed")


def restore_members(*phones):
    opting_out.restore(CommunityMember.objects.filter(phone__in=phones))


def lift_opt_outs(*phones):
    opting_out.lift(UnsubscribedContact.objects.filter(phone__in=phones))


def lift_suppressions(*phones):
    opting_out.lift(SuppressedContact.objects.filter(phone__in=phones))


def rename_members(*phones):
    import_all(text(*(f"Somebody,{phone}" for phone in phones)))


def delete_members(*phones):
    people = admin.site.get_model_admin(CommunityMember)
    people.delete_queryset(None, CommunityMember.objects.filter(phone__in=phones))


@pytest.fixture
def lists(monkeypatch, make_member, make_event, make_registration):
    monkeypatch.setattr(opting_out, "_BATCH", 1)
    event = make_event()
    for phone in (ADA, BEN):
        make_member(name="Nobody", phone=phone)
        make_registration(event, phone=phone)


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        (opt_out_registrations, opt_out_members),
        (opt_out_registrations, import_opt_outs),
        (import_opt_outs, opt_out_members),
    ],
)
def test_opt_outs_of_many(lists, theirs, ours):
    with meanwhile(lambda: theirs(BEN), lambda: theirs(ADA)):
        ours(ADA, BEN)
    assert set(UnsubscribedContact.objects.values_list("phone", flat=True)) == {ADA, BEN}


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        (restore_members, restore_members),
        (lift_opt_outs, restore_members),
        (lift_suppressions, restore_members),
        (opt_out_registrations, restore_members),
        (restore_members, import_opt_outs),
    ],
)
def test_restorations_of_many(lists, make_unsubscribed, make_suppressed, theirs, ours):
    for phone in (ADA, BEN):
        make_unsubscribed(phone=phone)
        make_suppressed(phone=phone)
    with meanwhile(lambda: theirs(BEN), lambda: theirs(ADA)):
        ours(ADA, BEN)
    assert UnsubscribedContact.objects.count() in (0, 2)


@pytest.mark.parametrize(("theirs", "ours"), [(rename_members, delete_members), (delete_members, rename_members)])
def test_an_import_into_a_list_and_deletions_from_it(lists, theirs, ours):
    with meanwhile(lambda: theirs(BEN), lambda: theirs(ADA)):
        ours(ADA, BEN)
    assert not CommunityMember.objects.filter(name="Nobody").exists()
