"""What a message is called: its first words after the greeting."""

from pathlib import Path

import pytest

from messaging.text.naming import LONGEST, name_of

LINES = Path(__file__).with_name("names.txt").read_text(encoding="utf-8").splitlines()
EXAMPLES = [line.replace(r"\n", "\n").split(" | ") for line in LINES if not line.startswith("#")]


@pytest.mark.parametrize(("body", "name"), EXAMPLES)
def test_a_message_is_called_by_its_first_words_after_the_greeting(body, name):
    assert name_of(body) == name


def test_a_word_that_is_too_long_is_cut():
    assert name_of("x" * 200) == "X" + "x" * (LONGEST - 2) + "…"


def test_an_empty_message_has_no_name():
    assert name_of(" ") == ""
