"""Somebody changes their mind at the very moment at which staff decide for them, on PostgreSQL.

Whoever comes second has the last word, on the lists and on the trail alike.
"""

import pytest
from django.db import IntegrityError
from psycopg import errors

from contacts.consent import opting_out
from contacts.models import CommunityMember, ConsentRecord, UnsubscribedContact
from tests.meanwhile import meanwhile, on_postgresql

pytestmark = [pytest.mark.django_db(transaction=True), on_postgresql]
ADA = "+17205550123"


@pytest.fixture
def member(make_member):
    return make_member(phone=ADA)


def unsubscribe():
    opting_out.unsubscribe(CommunityMember.objects.all(), "Asked")


def restore():
    opting_out.restore(CommunityMember.objects.all())


def lift():
    opting_out.lift(UnsubscribedContact.objects.all())


def say_stop():
    opting_out.opt_out(ADA, "inbound", words="STOP")


def say_start():
    opting_out.opt_in(ADA, "inbound", words="START")


@pytest.mark.parametrize("staff", [restore, lift])
def test_a_stop_during_a_restoration_counts(member, staff):
    say_stop()
    with meanwhile(staff, lambda: None):
        say_stop()
    assert UnsubscribedContact.objects.filter(phone=ADA).exists()
    kinds = [ConsentRecord.Kind.OPT_OUT, ConsentRecord.Kind.OPT_IN, ConsentRecord.Kind.OPT_OUT]
    assert list(ConsentRecord.objects.order_by("pk").values_list("kind", flat=True)) == kinds
    assert list(ConsentRecord.objects.order_by("created_at").values_list("kind", flat=True)) == kinds


@pytest.mark.parametrize("staff", [restore, lift])
def test_a_restoration_during_a_stop_comes_after_it(member, staff):
    say_stop()
    with meanwhile(say_stop, lambda: None):
        staff()
    assert not UnsubscribedContact.objects.exists()
    assert ConsentRecord.objects.latest("pk").kind == ConsentRecord.Kind.OPT_IN


def test_a_start_while_staff_opt_the_person_out_counts(member):
    with meanwhile(unsubscribe, lambda: None):
        say_start()
    assert not UnsubscribedContact.objects.exists()
    kinds = [ConsentRecord.Kind.OPT_OUT, ConsentRecord.Kind.OPT_IN]
    assert list(ConsentRecord.objects.order_by("pk").values_list("kind", flat=True)) == kinds


def test_staff_who_opt_a_person_out_during_a_start_have_the_last_word(member):
    with meanwhile(say_start, lambda: None):
        unsubscribe()
    assert UnsubscribedContact.objects.filter(phone=ADA).exists()
    assert ConsentRecord.objects.latest("pk").kind == ConsentRecord.Kind.OPT_OUT


def test_staff_are_told_of_an_opt_out_that_came_while_they_wrote_it_down(admin_client):
    with meanwhile(say_stop, lambda: None):
        data = {"who": ADA, "how": "Phone call", "note": "Twice"}
        response = admin_client.post("/admin/contacts/unsubscribedcontact/record/", data, follow=True)
    assert "had already opted out" in response.text
    assert UnsubscribedContact.objects.get().source == "inbound"
    assert ConsentRecord.objects.latest("pk").words == "Phone call: Twice"


def test_an_entry_that_comes_and_goes_between_two_looks_is_made(member, monkeypatch):
    """Somebody's STOP after the first look, and somebody's restoration before the second."""
    entries = UnsubscribedContact._default_manager
    gone = [IntegrityError("duplicate key")]
    gone[0].__cause__ = errors.UniqueViolation()
    look = type(entries.all()).get_or_create

    def stumble(rows, *args, **kwargs):
        if gone:
            raise gone.pop()
        return look(rows, *args, **kwargs)

    monkeypatch.setattr(type(entries.all()), "get_or_create", stumble)
    say_stop()
    assert UnsubscribedContact.objects.get().phone == ADA
