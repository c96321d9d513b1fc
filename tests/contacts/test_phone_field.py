"""Every way into a PhoneField gives E.164 or a refusal."""

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, Value
from django.db.models.functions import Concat

from contacts.models import CommunityMember, EventRegistration, UnsubscribedContact
from contacts.phones import InvalidPhone

NUMBER = "+17205550123"
TYPED = "(720) 555-0123"

pytestmark = pytest.mark.django_db


def stored():
    return CommunityMember.objects.get().phone


def test_save_normalizes_the_row_and_the_instance():
    member = CommunityMember(phone=TYPED)
    member.save()
    assert member.phone == stored() == NUMBER


def test_create_bulk_create_and_update_normalize():
    CommunityMember.objects.bulk_create([CommunityMember(phone=TYPED)])
    assert stored() == NUMBER
    CommunityMember.objects.update(phone="303 555 0145")
    assert stored() == "+13035550145"
    member = CommunityMember.objects.get()
    member.phone = 7205550123
    CommunityMember.objects.bulk_update([member], ["phone"])
    assert stored() == NUMBER
    CommunityMember.objects.update(phone=7205550199)
    assert stored() == "+17205550199"


def test_get_or_create_and_update_or_create_know_a_number_however_typed():
    member, created = CommunityMember.objects.get_or_create(phone=TYPED)
    assert created
    assert CommunityMember.objects.get_or_create(phone="720.555.0123") == (member, False)
    assert CommunityMember.objects.update_or_create(phone="720 555 0123", defaults={"name": "Ada"})[0] == member


@pytest.mark.parametrize("phone", ["garbage", "", None, "911", 5, "\ud800", "7205550123 x5"])
def test_what_is_no_number_is_never_written(phone):
    with pytest.raises(InvalidPhone), transaction.atomic():
        CommunityMember.objects.create(phone=phone)
    with pytest.raises(InvalidPhone), transaction.atomic():
        CommunityMember.objects.bulk_create([CommunityMember(phone=phone)])
    CommunityMember.objects.create(phone=NUMBER)
    with pytest.raises(InvalidPhone), transaction.atomic():
        CommunityMember.objects.update(phone=phone)
    assert stored() == NUMBER


def test_expressions_pass_as_they_are():
    member = CommunityMember.objects.create(phone=NUMBER)
    CommunityMember.objects.update(phone=F("phone"))
    CommunityMember.objects.update(phone=Concat(Value("+1"), Value("3035550145")))
    assert stored() == "+13035550145"
    member.phone = Value("+13035550146")
    member.save()
    assert stored() == "+13035550146"


@pytest.mark.parametrize("typed", [TYPED, NUMBER, 7205550123, "720.555.0123", "\u202a720 555 0123"])
def test_look_ups_find_a_number_however_typed(typed):
    CommunityMember.objects.create(phone=NUMBER)
    assert CommunityMember.objects.filter(phone=typed).exists()
    assert CommunityMember.objects.filter(phone__in=["garbage", typed]).exists()
    assert not CommunityMember.objects.exclude(phone=typed).exists()


@pytest.mark.parametrize("typed", ["garbage", "", "911", "\0", "\ud800", 5, True])
def test_look_ups_with_what_is_no_number_find_nothing(typed):
    CommunityMember.objects.create(phone=NUMBER)
    assert not CommunityMember.objects.filter(phone=typed).exists()
    assert not CommunityMember.objects.filter(phone__in=[typed]).exists()


def test_parts_of_numbers_can_be_looked_up():
    CommunityMember.objects.create(phone=NUMBER)
    assert CommunityMember.objects.filter(phone__startswith="+1720").exists()
    assert CommunityMember.objects.filter(phone__contains="5550").exists()
    assert CommunityMember.objects.filter(phone__gt="+1").exists()


def test_full_clean_finds_the_number_that_is_taken_however_typed():
    CommunityMember.objects.create(phone=NUMBER)
    with pytest.raises(ValidationError) as caught:
        CommunityMember(phone=TYPED).full_clean()
    assert caught.value.message_dict == {"phone": ["This number is already in the community."]}


def test_full_clean_finds_the_number_that_is_registered_for_the_event(make_event):
    event = make_event()
    EventRegistration.objects.create(event=event, phone=NUMBER)
    with pytest.raises(ValidationError, match="already registered for the event"):
        EventRegistration(event=event, phone=TYPED).full_clean()
    EventRegistration(event=make_event(), phone=TYPED).full_clean()


def test_full_clean_gives_the_sentence():
    with pytest.raises(ValidationError) as caught:
        UnsubscribedContact(phone="12").full_clean()
    assert "too short" in caught.value.message_dict["phone"][0]
