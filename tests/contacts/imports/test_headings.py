"""What headings mean, in any spelling and language of contacts/vocabulary."""

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contacts.imports import headings
from contacts.imports.columns import Role, detect
from contacts.imports.formats.tables import Line

HEADINGS = tomllib.loads((Path(__file__).parent / "data" / "headings.toml").read_text())
CELLS = {
    "phone": ("7205550111", "7205550112"),
    "country_code": ("+44", "+1"),
    "opt_out": ("Yes", "No"),
    "consent": ("Yes", "No"),
    "ignored": ("one", "two"),
    "last_first": ("Stone, Mia", "Reed, Leo"),
}


@pytest.mark.parametrize(("role", "heading"), [(role, heading) for role in HEADINGS for heading in HEADINGS[role]])
def test_the_role_of_a_heading(role, heading):
    first, second = CELLS.get(role, ("Mia", "Leo"))
    phones = ("", "", "") if role == "phone" else ("Phone", "3035550121", "3035550122")
    rows = [[heading, phones[0]], [first, phones[1]], [second, phones[2]]]
    layout = detect([Line(number, row) for number, row in enumerate(rows, start=1)])
    assert layout.header_line == 1
    found = layout.roles[0]
    assert found == role or (role == "phone" and found == Role.OTHER_PHONE)


@given(st.text(max_size=400))
def test_any_heading_has_a_meaning(text):
    assert isinstance(headings.read(text), headings.Meaning)
