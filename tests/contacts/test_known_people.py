"""Whom staff mean by a number, a name, or both."""

import pytest

from contacts.known_people import Person, find, of_phone, read, resolve
from contacts.models import CommunityMember, EventRegistration
from contacts.phones import InvalidPhone

LISTS = (CommunityMember, EventRegistration)
TARA = Person("+13035550152", "Tara Lund")

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def tara(make_member):
    return make_member(name=TARA.name, phone=TARA.phone)


@pytest.mark.parametrize("typed", ["303 555 0152", "+1 (303) 555-0152", "3035550152", TARA.label])
def test_a_whole_number_is_its_owner(typed):
    assert resolve(typed, LISTS) == (TARA, [])


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("Ana Ruiz 720-555-0199", "Ana Ruiz"),
        ("720.555.0199 – Ana", "Ana"),
        ("Sinéad O’Brien: (720) 555-0199", "Sinéad O’Brien"),
        ("720 555 0199", ""),
    ],
)
def test_words_beside_a_number_are_the_name(typed, name):
    assert read(typed) == Person("+17205550199", name)


@pytest.mark.parametrize("typed", ["tara", "lund tara", "0152", "555-0152", "tara 0152"])
def test_names_and_parts_of_numbers_find_people(typed):
    assert resolve(typed, LISTS) == (None, [TARA])


def test_each_number_is_found_once_by_the_name_of_the_first_list(make_registration):
    make_registration(name="Tara at the picnic", phone=TARA.phone)
    make_registration(name="Tara Bay", phone="+17205550100")
    assert find("tara", LISTS) == [TARA, Person("+17205550100", "Tara Bay")]
    assert find("bay", [CommunityMember]) == []


@pytest.mark.parametrize("typed", ["72055501", "720 555 0152 ext. 4", "911", "Ana 123 456 7890"])
def test_a_number_that_cannot_be_texted_is_refused_with_a_sentence(typed):
    with pytest.raises(InvalidPhone) as refused:
        resolve(typed, LISTS)
    assert refused.value.sentence.endswith(".")


def test_a_name_that_nobody_has_is_nobody():
    assert resolve("Zoe", LISTS) == (None, [])


def test_the_label_is_the_number_where_there_is_no_name():
    assert of_phone("+17205550199").label == "(720) 555-0199"
