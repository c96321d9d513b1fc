"""Searching for conversations and texts."""

from datetime import timedelta

import pytest
from django.utils import timezone

from messaging.inbox import search
from messaging.models import InboxThread

from ..conversations import make_thread

pytestmark = pytest.mark.django_db


def found(text):
    return [thread.phone for thread in search.search(InboxThread.objects.order_by("pk"), text, 100)]


@pytest.mark.parametrize("typed", ["(720) 555-0123", "7205550123", "+1 720 555 0123", "0123", "720 555"])
def test_a_number_is_found_however_it_is_written(typed):
    make_thread("+17205550123", "Hello")
    make_thread("+13035550188", "Hello")
    assert found(typed) == ["+17205550123"]


def test_names_of_staff_and_of_lists_are_found(make_member, make_registration):
    make_member(name="Ada Lovelace", phone="+17205550123")
    make_registration(name="Zoë Park", phone="+17205550124")
    for phone in ("+17205550123", "+17205550124"):
        make_thread(phone, "Hello")
    make_thread("+17205550125", "Hello", contact_name="Neighbour Mary")
    assert found("love ada") == ["+17205550123"]
    assert found("zoe") == ["+17205550124"]
    assert found("mary") == ["+17205550125"]


@pytest.mark.parametrize("typed", ["école", "FERMÉE", "zürich école"])
def test_words_are_found_in_any_case(typed):
    make_thread("+17205550123", "ÉCOLE fermée à Zürich")
    make_thread("+17205550124", "Hello", contact_name="École fermée Zürich")
    assert found(typed) == ["+17205550123", "+17205550124"]


def test_people_are_found_by_their_given_name_and_the_one_on_our_lists(make_member):
    make_member(name="Ada Lovelace", phone="+17205550123")
    make_thread("+17205550123", "Hello", contact_name="The treasurer")
    assert found("ada") == found("treasurer") == ["+17205550123"]


def test_all_words_must_be_found_in_one_text():
    make_thread("+17205550123", "Is there parking?", "On Saturday")
    make_thread("+17205550124", "Parking on saturday 🎉?")
    assert found("parking saturday") == ["+17205550124"]
    assert found("🎉") == ["+17205550124"]
    assert found("parking_") == []


def test_a_name_and_a_number_together_narrow_the_search(make_member):
    for phone in ("+17205550123", "+17205550124"):
        make_member(name="Ada Lovelace", phone=phone)
        make_thread(phone, "Hello")
    assert found("ada 0124") == ["+17205550124"]


def test_a_search_has_a_limited_number_of_results(make_phone):
    for _ in range(3):
        make_thread(make_phone(), "Hello")
    assert search.search(InboxThread.objects.order_by("-pk"), "hello", 2).count() == 2
    assert search.search(InboxThread.objects.all(), "   ", 2).count() == 3


def test_only_the_latest_texts_are_searched(monkeypatch, make_phone):
    monkeypatch.setattr(search, "TEXTS_SEARCHED", 1)
    make_thread(make_phone(), "Old parking", created_at=timezone.now() - timedelta(days=1))
    new = make_thread(make_phone(), "New parking")
    assert found("parking") == [new.phone]


def test_the_latest_text_with_the_words_is_found(make_phone):
    threads = [make_thread(make_phone(), *bodies) for bodies in (("A unicorn", "Unicorns!", "ok"), ("Hello",))]
    found = search.find_texts(threads, "unicorn")
    assert {key: message.body for key, message in found.items()} == {threads[0].pk: "Unicorns!"}


@pytest.mark.parametrize(
    ("body", "typed", "shown"),
    [
        ("Is there a unicorn?", "UNICORN", "Is there a [unicorn]?"),
        ("École\n\nfermée", "fermée ecole", "[École] [fermée]"),
        ("E\u0301cole ou ecole", "école", "[E\u0301cole] ou [ecole]"),
        ("Hauptstraße 5, strasse", "STRASSE", "Haupt[straße] 5, [strasse]"),
        ("Con\ufb01rmed", "fi", "Con[\ufb01]rmed"),
        ("Con\ufb01rmed", "f i", "Con[\ufb01]rmed"),
        ("Hi \u0301", "\u0301", "Hi \u0301"),
        ("a + b", "+ b", "a [+] [b]"),
        ("parks parking", "park parking", "[park]s [parking]"),
        (
            "word " * 30 + "unicorn" + " word" * 30,
            "unicorn",
            "…word word word word word word word [unicorn] word wo…",
        ),
        ("x" * 90 + "unicorn", "unicorn", "…" + "x" * 40 + "[unicorn]"),
        ("y" * 60, "straße", "y" * 50 + "…"),
    ],
)
def test_an_excerpt_shows_where_the_words_are(body, typed, shown):
    parts = search.excerpt(body, typed, 50)
    assert "".join(f"[{part}]" if is_word else part for part, is_word in parts) == shown
