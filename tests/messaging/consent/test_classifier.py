"""Classifying texts: the table of examples, and properties of any text."""

import functools
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from messaging.consent.classifier import Verdict, classify, is_clear_opt_out
from messaging.consent.languages import FOLDER, languages
from messaging.consent.words import HELP_WORDS, OPT_IN_WORDS, OPT_OUT_WORDS, YES, bare_word
from messaging.text.encoding import MAX_CHARACTERS

from .examples import examples

ALL = examples()
# Two tests look at each example.
classified = functools.cache(classify)
WISHES = {Verdict.OPT_OUT, Verdict.FLAGGED}
RESERVED = sorted(OPT_OUT_WORDS | OPT_IN_WORDS | HELP_WORDS | {YES})
CLEAR = [each.body for each in ALL if each.verdict is Verdict.OPT_OUT]
ASKING = [each.body for each in ALL if each.verdict in WISHES]


@pytest.mark.parametrize("place", sorted({each.place for each in ALL}))
def test_each_example_is_classified_correctly(place):
    wrong = [
        (each.body, found.verdict.value, found.why)
        for each in ALL
        if each.place == place
        if (found := classified(each.body)).verdict is not each.verdict
    ]
    assert wrong == []


def test_no_example_is_listed_twice():
    bodies = [each.body for each in ALL]
    assert len(bodies) == len(set(bodies))


def test_each_language_with_phrases_has_examples():
    assert {path.stem for path in FOLDER.glob("*.toml")} == {each.language for each in ALL}


def test_each_opt_out_or_flag_has_a_reason_in_english():
    assert [body for body in ASKING if not re.fullmatch(r"[ -~“”…]{5,120}", classified(body).why)] == []


# Politeness, signatures, laughs and capitals ------------------------------------------------------------------------

POLITE_BEFORE = ["Please ", "Hi, ", "Hello! ", "Good morning. ", "Sorry, but ", "Thanks, but ", "Excuse me: ", "Ok. "]
POLITE_AFTER = [
    " please",
    ", thanks",
    ". Thank you!",
    " Thank you so much",
    ", have a nice day",
    ". God bless",
    "!!!",
]
SIGNATURES = [
    "\nBea Birch",
    " - Bea Birch",
    ". Bea",
    "\n\nSent from my iPhone",
    "\nThanks,\nBea Birch",
    "\n-B. Birch",
]
EMOJI = [" 🙏", " 😡😡", "🙄", " 😂", " 🛑", "❤️ ", " 👎🏽"]


@given(
    st.sampled_from(CLEAR),
    st.sampled_from(["", *POLITE_BEFORE]),
    st.sampled_from(["", *POLITE_AFTER]),
    st.sampled_from(["", *SIGNATURES]),
    st.sampled_from(["", *EMOJI]),
)
def test_politeness_signatures_and_emoji_do_not_make_an_opt_out_ordinary(body, before, after, signature, emoji):
    assert classify(f"{before}{body}{after}{emoji}{signature}").verdict in WISHES


@given(st.sampled_from(ASKING), st.sampled_from([str.upper, str.lower, str.title, str.swapcase]))
def test_case_does_not_make_an_opt_out_ordinary(body, change):
    if body.upper().lower() == body.lower():
        assert classify(change(body)).verdict in WISHES


@given(
    st.sampled_from(ASKING),
    st.integers(2, 4),
    st.sampled_from(["", "\n", "  ", "."]),
    st.sampled_from(["", "!", "!!", "\n\n"]),
)
def test_extra_spaces_and_punctuation_do_not_make_an_opt_out_ordinary(body, times, before, after):
    assert classify(before + body.replace(" ", " " * times) + after).verdict in WISHES


@given(st.sampled_from(CLEAR), st.sampled_from([str.upper, str.lower]), st.sampled_from(["", " ", "!", "\n\n"]))
def test_a_clear_request_is_clear_in_any_case(body, change, after):
    if body.upper().lower() == body.lower() and "\n" not in body:
        assert classify(change(body) + after).verdict in WISHES


# Bare words -----------------------------------------------------------------------------------------------------

# Characters that may surround a word: no letters, digits or combining marks.
surroundings = st.text(
    st.sampled_from(" \t\n.,!?;:'\"“”‘’«»()[]-–—…*_~🛑🙏❤\ufe0f\u200b\u200d\u2060\ufeff\u00a0\x00"), max_size=8
)


@given(st.sampled_from(RESERVED), st.data(), surroundings, surroundings)
def test_a_reserved_word_is_recognized_in_any_case_and_punctuation(word, data, before, after):
    spelt = "".join(data.draw(st.sampled_from([letter.upper(), letter.lower()])) for letter in word)

    assert bare_word(before + spelt + after) == word


@given(st.sampled_from(sorted(OPT_OUT_WORDS)), surroundings, surroundings)
def test_a_reserved_opt_out_word_is_clear_whatever_surrounds_it(word, before, after):
    assert is_clear_opt_out(before + word + after)


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ("ＳＴＯＰ", "STOP"),
        ("st\u200bop", "STOP"),
        ("\ufeffStop\ufe0f", "STOP"),
        ("S\u00adTOP", "STOP"),
        ("join", "JOIN"),
        ("¡Sí!", "SÍ"),
        ("", ""),
        ("   ", ""),
        ("!?", ""),
        ("stop please", ""),
        ("stop\nplease", ""),
        ("stop\u00a0please", ""),
    ],
)
def test_a_text_is_read_as_one_word_or_none(body, word):
    assert bare_word(body) == word


@given(st.text())
def test_a_bare_word_is_one_word_and_stays_the_same(body):
    word = bare_word(body)

    assert len(word.split()) <= 1
    assert bare_word(word) == word


def test_a_word_in_a_megabyte_of_spaces_is_that_word():
    assert bare_word(" " * 500_000 + "stop" + "\n" * 500_000) == "STOP"


# Any text at all ----------------------------------------------------------------------------------------------------

any_text = st.text(st.characters(), max_size=3000) | st.binary(max_size=3000).map(
    lambda raw: raw.decode("utf-8", "surrogateescape")
)
mixed_words = st.lists(
    st.sampled_from(sorted({word for each in ALL for word in each.body.split()})), max_size=60
).map(" ".join)


@given(any_text | mixed_words)
@example("\ud800stop\udfff texting me\x00")
@example("ﷺ" * 2000)
def test_any_text_at_all_is_classified(body):
    assert classify(body).verdict in Verdict


@pytest.mark.parametrize(
    "body",
    [
        "stop " * 250_000,
        "no thanks please " * 70_000,
        "please stop texting me now and " * 40_000,
        "stop.\n" * 200_000,
        "i don't want to get all of these " * 40_000,
        "please keep sending me texts about " * 40_000,
        "Loved “" * 200_000,
        "👍 to “" * 200_000,
        "A ajouté un « " * 100_000,
        "\u200a\u200b👍" * 300_000,
        "不要" * 500_000,
        " " * 1_000_000,
        "a" * 1_000_000,
        "\u200b" * 1_000_000,
        "ﷺ" * 500_000,
        "a\u0301" * 500_000,
    ],
    ids=lambda body: body[:12],
)
def test_a_text_of_a_megabyte_is_classified_by_its_beginning(body):
    assert classify(body).verdict is classify(body[:MAX_CHARACTERS]).verdict


@pytest.mark.parametrize(
    ("body", "has_more"),
    [
        ("Stop texting this number. My new one is 720-555-0133", True),
        ("Stop texting me. And bring back the chairs, the key is under the mat.", True),
        ("Please stop texting me. Thank you!", False),
        ("STOP", False),
    ],
)
def test_an_opt_out_that_says_more_is_recognized(body, has_more):
    assert classify(body).has_more is has_more
    assert classify(body).verdict is Verdict.OPT_OUT


@pytest.mark.parametrize(
    "body",
    [
        "We're leaving town so please stop texting me",
        "I'm going to need you to stop texting me",
        "Stop texting me because nobody here reads it",
        "Stop texting me creep",
        "I'm no longer in your choir please remove me from your list",
    ],
)
def test_a_request_joined_to_something_else_opts_out(body):
    assert classify(body).verdict is Verdict.OPT_OUT


@pytest.mark.parametrize(
    "body",
    [
        "I have to stop texting now, driving",
        "Tell Bob to stop texting in class",
        "He won't stop texting me",
        "If you stop texting me I'll cry",
        "Stop texting Bob",
        "I never said stop",
        "Stop texting me at night",
    ],
)
def test_talking_about_stopping_texts_never_opts_out_directly(body):
    assert classify(body).verdict is not Verdict.OPT_OUT


@pytest.mark.parametrize(
    "number", ["303-555-0144", "(303) 555-0144", "303.555.0144", "+1 303 555 0144", "3035550144"]
)
def test_a_request_for_a_number_written_out_opts_out(number):
    finding = classify(f"Please stop texting {number}")

    assert finding.verdict is Verdict.OPT_OUT
    assert finding.has_more is True


def test_a_bare_stop_opts_out_next_to_a_complaint_about_texts_but_not_next_to_other_words():
    assert classify("Your texts wake up my baby. Please stop.").verdict is Verdict.OPT_OUT
    assert classify("The choir was lovely. Please stop.").verdict is Verdict.FLAGGED


def test_someone_elses_name_is_flagged_if_written_as_a_name():
    assert classify("I'm not Debbie").verdict is Verdict.FLAGGED
    assert classify("I'm not hungry").verdict is Verdict.ORDINARY


def test_telling_word_combinations_are_flagged_in_any_order_unless_explained():
    assert classify("Could you limit the texts").verdict is Verdict.FLAGGED
    assert classify("I could not open the texts").verdict is Verdict.ORDINARY


def test_a_request_with_a_full_stop_after_each_word_is_one_request():
    assert classify("PLEASE. STOP. TEXTING. ME.").verdict is Verdict.OPT_OUT


def test_a_swear_word_in_asterisks_hides_no_request():
    assert classify("Stop f***ing texting me").verdict is Verdict.OPT_OUT


def test_one_letter_typos_are_recognized_but_foreign_words_are_not_typos():
    spellings = languages().spellings
    assert spellings["unsubscrbe"] == ("unsubscribe",)
    assert "remova" not in spellings
    assert "massage" not in spellings
