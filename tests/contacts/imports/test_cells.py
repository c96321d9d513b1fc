"""What people write into cells."""

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contacts.imports import cells
from contacts.imports.cells import Answer, read_answer, read_phone
from contacts.phones import E164, InvalidPhone

CELLS = tomllib.loads((Path(__file__).parent / "data" / "cells.toml").read_text())


def number_in(text):
    """The number that is read, "" for none."""
    try:
        return read_phone(text)[0]
    except InvalidPhone:
        return ""


@pytest.mark.parametrize(("text", "number"), CELLS["phones"])
def test_the_phone_in_a_cell(text, number):
    assert number_in(text) == number


def test_several_numbers_are_mentioned():
    assert read_phone("303-555-0106 / 720-555-0107")[1] == "Two numbers in the cell; we use (303) 555-0106"
    assert read_phone("303-555-0106; 720-555-0107; 720-555-0108")[1].startswith("3 numbers in the cell")
    assert read_phone("303-555-0106 / 303-555-0106")[1] == ""


@pytest.mark.parametrize("name", CELLS["names"])
def test_a_name_is_a_name(name):
    assert not cells.is_no_name(name)


@pytest.mark.parametrize("name", CELLS["no_names"])
def test_what_is_no_name(name):
    assert cells.is_no_name(name)


@pytest.mark.parametrize(
    ("text", "answer"),
    [(text, Answer[kind.upper()]) for kind in ("yes", "no", "out", "blank") for text in CELLS[kind]],
)
def test_the_answers_of_cells(text, answer):
    assert read_answer(text) is answer


@given(st.one_of(st.text(), st.text(st.sampled_from("720-555010()/;, chmw:+\nxaor"), max_size=60)))
def test_any_cell_is_a_phone_or_a_sentence(text):
    number = number_in(text)
    assert number == "" or E164.fullmatch(number)


@given(st.text())
def test_any_cell_has_an_answer(text):
    assert isinstance(read_answer(text), Answer)
    assert cells.refuses(text, asks_for_consent=True) in {True, False}


def test_a_cell_of_a_hundred_thousand_words_is_looked_at_briefly():
    essay = "no reason " * 100_000
    assert read_answer(essay) is Answer.NO
    assert number_in(essay) == ""
