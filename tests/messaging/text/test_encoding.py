import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging.text.encoding import (
    BASIC_CHARACTERS,
    EXTENSION_CHARACTERS,
    MAX_CHARACTERS,
    Encoding,
    Forcing,
    forcing_characters,
    is_gsm,
    measure,
    normalize_newlines,
    split,
    to_gsm,
)

ESCAPE = 0x1B
# 3GPP TS 23.038, 6.2.1: where the default alphabet differs from ASCII, by position.
UNLIKE_ASCII = {
    **dict(enumerate("@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ")),
    **dict(zip([0x1C, 0x1D, 0x1E, 0x1F, 0x24, 0x40, 0x60], "ÆæßÉ¤¡¿", strict=True)),
    **dict(zip([0x5B, 0x5C, 0x5D, 0x5E, 0x5F], "ÄÖÑÜ§", strict=True)),
    **dict(zip([0x7B, 0x7C, 0x7D, 0x7E, 0x7F], "äöñüà", strict=True)),
}
DEFAULT_ALPHABET = {
    position: UNLIKE_ASCII.get(position, chr(position)) for position in range(0x80) if position != ESCAPE
}
EXTENSION_TABLE = dict(zip([0x0A, 0x14, 0x28, 0x29, 0x2F, 0x3C, 0x3D, 0x3E, 0x40, 0x65], "\f^{}\\[~]|€", strict=True))

# Texts of every kind, long enough for several segments.
characters = st.one_of(
    st.sampled_from("a bé\n"), st.sampled_from("[€\f"), st.sampled_from("ж’\t"), st.sampled_from("😀🇺")
)
runs = st.builds(lambda character, times: character * times, characters, st.integers(1, 160))
long_texts = st.lists(runs, max_size=6).map("".join)
gsm_texts = st.lists(
    st.builds(lambda c, times: c * times, st.sampled_from("aé[€"), st.integers(1, 160)), max_size=6
).map("".join)
texts = st.one_of(st.text(), long_texts, gsm_texts)


def units_of(text, encoding):
    if encoding == "UCS-2":
        return len(text.encode("utf-16-le")) // 2
    return sum(2 if character in EXTENSION_TABLE.values() else 1 for character in text)


def longest_prefixes(text, encoding):
    """The segments computed another way: cut off the longest prefix that fits, until nothing is left."""
    single, part = {"GSM-7": (160, 153), "UCS-2": (70, 67)}[encoding]
    if units_of(text, encoding) <= single:
        return [text] if text else []
    parts = []
    while text:
        size = min(part, len(text))
        while units_of(text[:size], encoding) > part:
            size -= 1
        parts.append(text[:size])
        text = text[size:]
    return parts


def test_the_default_alphabet_is_the_standards_table_in_its_order():
    assert len(DEFAULT_ALPHABET) == 127
    assert list(BASIC_CHARACTERS) == [DEFAULT_ALPHABET[position] for position in sorted(DEFAULT_ALPHABET)]


def test_the_extension_table_has_the_standards_ten_characters():
    assert list(EXTENSION_CHARACTERS) == [EXTENSION_TABLE[position] for position in sorted(EXTENSION_TABLE)]


def test_a_character_of_the_default_alphabet_is_one_septet():
    sizes = {character: measure(character) for character in DEFAULT_ALPHABET.values()}

    assert [
        character
        for character, size in sizes.items()
        if (size.encoding, size.units, size.segments) != ("GSM-7", 1, 1)
    ] == []


def test_a_character_of_the_extension_table_is_two_septets():
    sizes = {character: measure(character) for character in EXTENSION_TABLE.values()}

    assert [
        character
        for character, size in sizes.items()
        if (size.encoding, size.units, size.characters, size.segments) != ("GSM-7", 2, 1, 1)
    ] == []


@given(st.characters(exclude_characters=BASIC_CHARACTERS + EXTENSION_CHARACTERS, exclude_categories=["Cs"]))
def test_any_other_character_makes_a_text_ucs_2(character):
    assert measure(f"Hello {character}").encoding is Encoding.UCS_2


@pytest.mark.parametrize("character", ["\0", "\t", "\v", "\x07", "\x1b", "\x7f", "ç", "`", "’", "\xa0", "α", "А"])
def test_lookalikes_and_control_characters_make_a_text_ucs_2(character):
    assert measure(character).encoding is Encoding.UCS_2


@pytest.mark.parametrize(
    ("length", "segments", "remaining"),
    [(1, 1, 159), (160, 1, 0), (161, 2, 145), (306, 2, 0), (307, 3, 152), (459, 3, 0), (460, 4, 152)],
)
def test_gsm_texts_hold_160_septets_or_153_in_each_part(length, segments, remaining):
    size = measure("a" * length)

    assert (size.units, size.segments, size.remaining) == (length, segments, remaining)


@pytest.mark.parametrize(
    ("length", "segments", "remaining"),
    [(1, 1, 69), (70, 1, 0), (71, 2, 63), (134, 2, 0), (135, 3, 66), (201, 3, 0), (202, 4, 66)],
)
def test_ucs_2_texts_hold_70_units_or_67_in_each_part(length, segments, remaining):
    size = measure("ж" * length)

    assert (size.encoding, size.units, size.segments, size.remaining) == ("UCS-2", length, segments, remaining)


def test_an_empty_text_has_no_segments():
    size = measure("")

    assert (size.encoding, size.units, size.segments, size.remaining, size.characters) == ("GSM-7", 0, 0, 160, 0)
    assert split("") == []


def test_an_extension_character_that_straddles_a_segments_end_moves_to_the_next():
    text = "a" * 152 + "€" + "a" * 152

    assert split(text) == ["a" * 152, "€" + "a" * 151, "a"]
    assert (measure(text).units, measure(text).segments, measure(text).remaining) == (306, 3, 152)


def test_an_extension_character_that_ends_a_segment_stays_in_it():
    text = "a" * 151 + "€" + "a" * 153

    assert split(text) == ["a" * 151 + "€", "a" * 153]


def test_159_septets_and_an_extension_character_are_two_segments():
    assert measure("a" * 158 + "{").segments == 1
    assert measure("a" * 159 + "{").segments == 2


def test_an_emoji_that_straddles_a_segments_end_moves_to_the_next():
    text = "ж" * 66 + "😀" + "ж" * 66

    assert split(text) == ["ж" * 66, "😀" + "ж" * 65, "ж"]
    assert (measure(text).units, measure(text).segments, measure(text).remaining) == (134, 3, 66)


def test_35_emoji_fit_one_segment_and_36_need_two():
    assert (measure("😀" * 35).segments, measure("😀" * 35).remaining) == (1, 0)
    assert [len(part) for part in split("😀" * 36)] == [33, 3]


def test_an_extension_character_is_one_unit_in_ucs_2():
    assert measure("[€]ж").units == 4


@given(texts)
def test_the_segments_joined_are_the_text(text):
    assert "".join(split(text)) == text


@given(texts)
def test_each_segment_is_as_long_as_fits(text):
    assert split(text) == longest_prefixes(text, measure(text).encoding)


@given(texts)
def test_the_measure_agrees_with_the_split(text):
    size = measure(text)
    parts = split(text)
    single, part = {"GSM-7": (160, 153), "UCS-2": (70, 67)}[size.encoding]

    assert size.segments == len(parts)
    assert size.units == units_of(text, size.encoding)
    assert size.characters == len(text)
    if len(parts) < 2:
        assert size.remaining == single - size.units
    else:
        assert size.remaining == part - units_of(parts[-1], size.encoding)


def test_a_text_of_more_than_1600_characters_is_too_long():
    assert not measure("a" * MAX_CHARACTERS).is_too_long
    assert measure("a" * (MAX_CHARACTERS + 1)).is_too_long


def test_every_kind_of_line_break_is_billed_as_one_character():
    assert normalize_newlines("a\r\nb\rc\nd\r\n\r\n") == "a\nb\nc\nd\n\n"


def test_forcing_characters_come_in_order_of_appearance_with_their_count_and_replacement():
    assert forcing_characters("It’s “free” – don’t miss it…") == [
        Forcing("’", "right single quotation mark", 2, "'"),
        Forcing("“", "left double quotation mark", 1, '"'),
        Forcing("”", "right double quotation mark", 1, '"'),
        Forcing("–", "en dash", 1, "-"),
        Forcing("…", "horizontal ellipsis", 1, "..."),
    ]


def test_a_gsm_text_has_no_forcing_characters_and_is_left_alone():
    text = BASIC_CHARACTERS + EXTENSION_CHARACTERS

    assert forcing_characters(text) == []
    assert to_gsm(text) == text


@pytest.mark.parametrize(
    ("typed", "replacement"),
    [
        ("‘", "'"),
        ("`", "'"),
        ("„", '"'),
        ("«", '"'),
        ("—", "-"),
        ("•", "-"),
        ("\xa0", " "),
        ("\u2009", " "),
        ("\u3000", " "),
        ("\t", " "),
        ("\v", "\n"),
        ("\u2028", "\n"),
        ("\u200b", ""),
        ("\ufeff", ""),
        ("\xad", ""),
        ("\0", ""),
        ("\x1b", ""),
        ("á", "a"),
        ("ç", "c"),
        ("È", "E"),
        ("ấ", "a"),
        ("ǻ", "å"),
        ("ł", "l"),
        ("œ", "oe"),
        ("ﬁ", "fi"),
        ("½", "1/2"),
        ("™", "(TM)"),
        ("≠", "!="),
        ("Ａ", "A"),
        ("！", "!"),
        ("𝐇", "H"),
        ("e\u0301", "é"),
        ("e\u0302", "e"),
        ("1\ufe0f\u20e3", "1"),
        ("©\ufe0f", "(c)"),
        ("😀", None),
        ("ж", None),
        ("中", None),
        ("\ufffd", None),
    ],
)
def test_common_characters_have_a_replacement(typed, replacement):
    (forcing,) = forcing_characters(f"x{typed}x")

    assert (forcing.character, forcing.replacement) == (typed, replacement)
    assert to_gsm(f"x{typed}x") == f"x{typed if replacement is None else replacement}x"


@pytest.mark.parametrize("emoji", ["👨‍👩‍👧", "👍🏽", "❤️", "🇺🇸", "🏳️‍🌈", "🏴\U000e0067\U000e0062\U000e007f"])
def test_an_emoji_of_several_code_points_is_one_character(emoji):
    assert [(forcing.character, forcing.count) for forcing in forcing_characters(f"Hi {emoji}{emoji}!")] == [
        (emoji, 2)
    ]


@pytest.mark.parametrize(
    ("character", "name"),
    [
        ("ç", "latin small letter c with cedilla"),
        ("\t", "tab"),
        ("\0", "null character"),
        ("\x07", "character U+0007"),
        ("\ue000", "character U+E000"),
        ("\u200d", "zero width joiner"),
        ("👍🏽", "thumbs up sign + emoji modifier fitzpatrick type-4"),
        ("❤️", "heavy black heart"),
        ("e\u0301", "latin small letter e with acute (typed as 2 characters)"),
    ],
)
def test_each_forcing_character_has_a_name(character, name):
    assert [forcing.name for forcing in forcing_characters(character)] == [name]


def test_replacing_keeps_what_has_no_replacement():
    assert to_gsm("“Hola” 😀 привет…") == '"Hola" 😀 привет...'


@pytest.mark.parametrize(
    ("typed", "replaced"),
    [("1½ cups", "1 1/2 cups"), ("½ cup", "1/2 cup"), ("10² m²", "10 2 m2"), ("１２３", "123"), ("1𝟐", "12")],
)
def test_replacing_does_not_run_a_number_into_another(typed, replaced):
    assert to_gsm(typed) == replaced


@given(texts)
def test_a_text_is_ucs_2_exactly_when_something_forces_it(text):
    assert is_gsm(text) == (measure(text).encoding is Encoding.GSM_7) == (forcing_characters(text) == [])


@given(texts)
def test_a_text_with_every_forcing_character_replaced_is_gsm(text):
    can_be_gsm = all(forcing.replacement is not None for forcing in forcing_characters(text))

    assert is_gsm(to_gsm(text)) == can_be_gsm


@given(st.text())
def test_replacing_twice_changes_nothing_more(text):
    assert to_gsm(to_gsm(text)) == to_gsm(text)


@given(st.characters(exclude_categories=["Cs", "Cn"]))
def test_every_replacement_is_gsm(character):
    for forcing in forcing_characters(character):
        assert forcing.replacement is None or is_gsm(forcing.replacement)


@given(st.characters(categories=["Ll", "Lu"], max_codepoint=0x24F))
def test_an_accented_latin_letter_never_loses_more_than_its_accents(character):
    plain = to_gsm(character)

    if is_gsm(plain) and unicodedata.normalize("NFKD", character)[0].isascii():
        assert unicodedata.normalize("NFKD", plain)[0] == unicodedata.normalize("NFKD", character)[0]
