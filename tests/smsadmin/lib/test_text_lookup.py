"""Words are found case-insensitively in any alphabet, on each database."""

import pytest
from django.db import transaction
from hypothesis import example, given
from hypothesis import strategies as st

from contacts.models import Event
from smsadmin.lib.text_lookup import find, fold, mentions

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "typed", ["école", "ECOLE", "ecole", "fermee", "e\u0301cole", "FERMÉE À", "zurich", "e ferm"]
)
@pytest.mark.parametrize(
    "title", ["ÉCOLE fermée à Zürich", "E\u0301cole ferme\u0301e a\u0300 Zu\u0308rich", "Ecole Fermee a Zurich"]
)
def test_words_are_found_in_any_case_and_without_accents(make_event, title, typed):
    mine = make_event(title=title)
    make_event(title="Ecologists firmly in Zug")
    make_event(title="Écologistes fermement à Zoug")
    assert list(Event.objects.filter(title__mentions=typed)) == [mine]


@pytest.mark.parametrize(
    ("typed", "title"),
    [
        ("москва", "Концерт: МОСКВА"),
        ("елка", "Ёлка"),
        ("strasse", "Hauptstraße 5"),
        ("STRAßE", "Main Strasse"),
        ("αθηνα", "Η Αθήνα"),
        ("שלום", "שָׁלוֹם"),
        ("istanbul", "İstanbul"),
        ("fi", "Con\ufb01rmed"),
        ("한국", "한국 축제"),
    ],
)
def test_words_of_any_alphabet_are_found(make_event, typed, title):
    mine = make_event(title=title)
    make_event(title="Picnic")
    make_event(title="Пикник")
    assert list(Event.objects.filter(title__mentions=typed)) == [mine]


@given(
    st.text("aAeEéÉiIıİsSσςΣßẞжЖёЁ\ufb01\u0301\u05b8 %_", max_size=6),
    st.text("aéIıİsσςßжё\ufb01\u0301", min_size=1, max_size=2),
)
@example("Γεια σου Νίκος", "Νίκος")
@example("ΝΊΚΟΣ", "νίκος")
@example("Kapı", "KAPI")
def test_each_database_finds_what_python_finds(text, typed):
    with transaction.atomic():
        found = Event.objects.create(title=text)
        assert Event.objects.filter(title__mentions=typed).exists() == mentions(text, fold(typed))
        assert bool(list(find(text, [typed]))) <= mentions(text, fold(typed))
        found.delete()


@pytest.mark.parametrize("typed", ["100%", "a_b", "c\\d", "«", "é%", "é_"])
def test_no_character_is_a_wildcard(make_event, typed):
    make_event(title="100 axb cd éa")
    mine = make_event(title="« 100% a_b c\\d é% é_")
    assert list(Event.objects.filter(title__mentions=typed)) == [mine]


@pytest.mark.parametrize("typed", ["nobody", "Čapek"])
def test_rows_without_a_name_match_nothing(make_member, typed):
    member = make_member(name=None)
    assert not type(member).objects.filter(name__mentions=typed).exists()
    assert type(member).objects.exclude(name__mentions=typed).exists()
