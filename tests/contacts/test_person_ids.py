"""The ids of people in addresses: phones, encrypted, without a row."""

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contacts import person_ids

PHONES = st.from_regex(r"\+[1-9][0-9]{6,14}", fullmatch=True)


@given(PHONES)
def test_an_id_leads_back_to_its_phone(phone):
    assert person_ids.decode(str(person_ids.encode(phone))) == phone


@given(PHONES, PHONES)
def test_two_phones_have_two_ids(one, other):
    assert (person_ids.encode(one) == person_ids.encode(other)) is (one == other)


@given(PHONES)
def test_an_id_has_nothing_of_the_phone(phone):
    assert phone[-7:] not in str(person_ids.encode(phone))


@pytest.mark.parametrize("sender", ["22395", "MyBank", "(unknown)", "Zoë"])
def test_senders_that_are_no_phone_have_an_id(sender):
    assert person_ids.decode(str(person_ids.encode(sender))) == sender


@pytest.mark.parametrize("phone", ["", "x" * 17, "a\nb", "erased-12"])
def test_what_is_nobody_has_no_id_and_no_page(phone):
    assert person_ids.encode(phone) is None
    assert person_ids.page_of(phone) == ""


@given(st.text(max_size=40))
def test_garbage_is_nobody(text):
    assert person_ids.decode(text) is None


@given(st.uuids())
def test_an_id_that_is_not_ours_is_nobody(person_id):
    assert person_ids.decode(str(person_id)) is None


def test_another_secret_key_makes_other_ids(settings):
    before = person_ids.encode("+17205550100")
    settings.SECRET_KEY = "another"
    assert person_ids.encode("+17205550100") != before
    assert person_ids.decode(str(before)) is None


def test_an_id_is_a_uuid():
    assert isinstance(person_ids.encode("+17205550100"), uuid.UUID)
