"""Files of the programs that people use, read to the people who are in them."""

import re
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contacts.imports.columns import detect
from contacts.imports.formats.tables import Line
from contacts.imports.headings import UNKNOWN
from contacts.imports.headings import read as read_heading
from contacts.imports.people import NoPerson, reader

from .importing import table_of

EXPORTS = tomllib.loads((Path(__file__).parent / "data" / "exports.toml").read_text())


def lines_of(text):
    with table_of(text.lstrip("\n").encode()) as table:
        return [line for line in table.lines() if not line.is_blank]


def read(lines):
    """The people of these lines, and how many lines are none."""
    layout = detect(lines)
    read_person = reader(layout)
    people, bad = [], 0
    for line in lines:
        if line.number > layout.header_line:
            try:
                people.append(read_person(line.cells))
            except NoPerson:
                bad += 1
    return people, bad


@pytest.mark.parametrize("name", EXPORTS)
def test_reads_the_people_of_an_export(name):
    export = EXPORTS[name]
    people, bad = read(lines_of(export["text"]))
    assert [[person.phone, person.name or ""] for person in people] == export["people"]
    assert [person.phone for person in people if person.opts_out] == export.get("refused", [])
    assert bad == export.get("bad", 0)


# Renaming the columns changes nothing

NAMED = [name for name, export in EXPORTS.items() if "bad" not in export and "title above" not in name]


def in_case(heading, dice):
    return "".join(dice.choice((letter.upper(), letter.lower())) for letter in heading)


def with_other_spaces(heading, dice):
    return re.sub(r"[ _-]+", lambda _: dice.choice((" ", "  ", "_", "-", " - ", ".")), heading)


def in_snake_case(heading, dice):
    return re.sub(r"\W+", "_", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", heading)).strip("_").lower()


def numbered(heading, dice):
    return f"{dice.randint(1, 40)}. {heading}"


def marked(heading, dice):
    return dice.choice((f"{heading} *", f"{heading}:", f" {heading} ", f'"{heading}"', f"{heading} (required)"))


@given(
    st.sampled_from(NAMED),
    st.lists(st.sampled_from([in_case, with_other_spaces, in_snake_case, numbered, marked]), max_size=3, unique=True),
    st.randoms(use_true_random=False),
)
def test_another_spelling_of_the_headings_changes_nothing(name, changes, dice):
    lines = lines_of(EXPORTS[name]["text"])
    header, *body = lines
    headings = [str(cell) for cell in header.cells]
    # Words are told apart by their case: that is spoilt last.
    for change in sorted(changes, key=lambda change: change is in_case):
        headings = [change(heading, dice) for heading in headings]
    assert read([Line(header.number, headings), *body]) == read(lines)


@given(st.sampled_from(NAMED), st.randoms(use_true_random=False))
def test_another_order_of_the_columns_changes_nothing(name, dice):
    lines = lines_of(EXPORTS[name]["text"])
    width = max(len(line.cells) for line in lines)
    blocks = blocks_of([str(cell) for cell in lines[0].cells] + [""] * (width - len(lines[0].cells)))
    dice.shuffle(blocks)
    order = [index for block in blocks for index in block]
    shuffled = [
        Line(line.number, [line.cells[index] if index < len(line.cells) else "" for index in order]) for line in lines
    ]
    assert outcome(shuffled) == outcome(lines)


def blocks_of(headings):
    """The columns that stay together: a label and its phone, a number and those that only their order ranks."""
    together, apart = [], []
    for index, heading in enumerate(headings):
        meaning = read_heading(heading)
        belongs = meaning.phone > UNKNOWN or meaning.is_kind or meaning.country_code or meaning.is_area_code
        belongs = belongs or meaning.is_half_of_last
        (together if belongs else apart).append(index)
    return [[index] for index in apart] + [together]


def outcome(lines):
    people, bad = read(lines)
    return people, bad
