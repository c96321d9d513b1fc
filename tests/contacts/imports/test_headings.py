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


def role_of(heading, cells, phones):
    """The role of a column with that heading and cells, beside one of phones; None if it isn't seen as a heading."""
    rows = zip((heading, *cells), phones, strict=True)
    layout = detect([Line(number, list(row)) for number, row in enumerate(rows, start=1)])
    return layout.roles[0] if layout.header_line == 1 else None


@pytest.mark.parametrize("role", HEADINGS)
def test_the_role_of_a_heading(role):
    cells = CELLS.get(role, ("Mia", "Leo"))
    phones = ("", "", "") if role == "phone" else ("Phone", "3035550121", "3035550122")
    right = {role, Role.OTHER_PHONE} if role == "phone" else {role}
    found = {heading: role_of(heading, cells, phones) for heading in HEADINGS[role]}
    assert {heading: wrong for heading, wrong in found.items() if wrong not in right} == {}


@given(st.text(max_size=400))
def test_any_heading_has_a_meaning(text):
    assert isinstance(headings.read(text), headings.Meaning)
