"""Phone numbers, without a database."""

import pickle

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from contacts import phones
from contacts.phones import E164, InvalidPhone, normalize

NUMBER = "+17205550123"


def sentence(raw, region=None):
    with pytest.raises(InvalidPhone) as caught:
        normalize(raw, region)
    assert caught.value.messages == [caught.value.sentence]
    return caught.value.sentence


@pytest.mark.parametrize(
    "typed",
    [
        "7205550123",
        "(720) 555-0123",
        "720-555-0123",
        "720.555.0123",
        "720 555 0123",
        "720/555-0123",
        "1 720 555 0123",
        "1-720-555-0123",
        "17205550123",
        "+1 (720) 555-0123",
        "+1.720.555.0123",
        "001 720 555 0123",
        "011 1 720 555 0123",
        "  7205550123\t\r\n",
        "720,555,0123",
        "7205550123,",
        "tel:+1-720-555-0123",
        "TEL: 7205550123",
        "p:+17205550123",
        "sms:+17205550123",
        "whatsapp:+17205550123",
        "SMS: (720) 555-0123",
    ],
)
def test_ways_of_typing_a_number_give_the_same_number(typed):
    assert normalize(typed) == NUMBER


@pytest.mark.parametrize(
    "copied",
    [
        "\u202a+1\u00a0(720)\u00a0555-0123\u202c",
        "\u200e720\u200b555\u200b0123",
        "\ufeff7205550123",
        "720\u2011555\u20110123",
        "720\u2013555\u20130123",
        "720\u2009555\u20090123",
        "\uff17\uff12\uff10\uff15\uff15\uff15\uff10\uff11\uff12\uff13",
        "\u0667\u0662\u0660\u0665\u0665\u0665\u0660\u0661\u0662\u0663",
        "720\x005550123",
    ],
)
def test_what_copying_leaves_in_a_number_is_ignored(copied):
    assert normalize(copied) == NUMBER


@pytest.mark.parametrize(
    "cell",
    [
        7205550123,
        7205550123.0,
        "7205550123.0",
        "7205550123.00",
        "7205550123,0",
        "'7205550123",
        "’7205550123",
        "'+17205550123",
        '="7205550123"',
        '"7205550123"',
        "7,205,550,123",
        "17,205,550,123.00",
        "7'205'550'123",
        b"7205550123",
        bytearray(b"+1 720 555 0123"),
    ],
)
def test_what_spreadsheets_make_of_a_number_is_understood(cell):
    assert normalize(cell) == NUMBER


@pytest.mark.parametrize("cell", ["7.20555E+09", "7,20555E+09", "7.205550123e9", "7E9", 1e300])
def test_scientific_notation_is_refused_because_digits_are_lost(cell):
    assert "has lost digits" in sentence(cell)


@pytest.mark.parametrize(
    "typed",
    [
        "720-555-0123 x12",
        "720-555-0123x12",
        "720-555-0123 ext. 5",
        "7205550123ext5",
        "720 555 0123 Extension 77",
        "+49 30 901820 Durchwahl 12",
        "7205550123;ext=5",
        "7205550123,12",
        "7205550123#12",
        "tel:+17205550123;ext=5",
    ],
)
def test_extensions_are_refused(typed):
    assert "has an extension" in sentence(typed)


@pytest.mark.parametrize("typed", ["1-800-FLOWERS", "720-555-0123 (home)", "720555O123", "Tel 7205550123"])
def test_letters_are_refused(typed):
    assert "has letters in it" in sentence(typed)


@pytest.mark.parametrize("typed", ["911", "12345", "741741", "*72"])
def test_short_codes_are_refused(typed):
    assert "short codes and internal numbers can’t be texted" in sentence(typed)


def test_a_number_without_area_code_is_refused():
    assert sentence("555-0123") == "“555-0123” has no area code. Give the full number."


@pytest.mark.parametrize(
    ("typed", "region"), [("900-234-5678", "US"), ("+1 900 234 5678", "GB"), ("0909 879 0000", "GB")]
)
def test_premium_rate_numbers_are_refused(typed, region):
    assert "premium-rate" in sentence(typed, region)


@pytest.mark.parametrize(
    "typed", ["720-555-0123 / 303-555-0145", "7205550123;3035550145", "720-555-0123 or 303-555-0145"]
)
def test_a_cell_with_two_numbers_is_refused_as_such(typed):
    assert "more than one number" in sentence(typed)


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("+999 1234567", "a country code that doesn’t exist"),
        ("+0 720 555 0123", "a country code that doesn’t exist"),
        ("+1 720 555 01234", "too many digits"),
        ("447700900123", "Numbers abroad start with +"),
        ("720555012", "too short"),
        ("+1234567890", "too short"),
        ("-", "is not a phone number"),
        ("?", "is not a phone number"),
        ("", "missing"),
        (" \u200b\t", "missing"),
        (None, "missing"),
        ("7" * 2000, "too long"),
        pytest.param(10**5000, "too long", id="a huge number"),
        (float("nan"), "is not a phone number"),
    ],
)
def test_what_is_no_number_is_refused_with_a_sentence(typed, words):
    assert words in sentence(typed)


@pytest.mark.parametrize(
    ("typed", "region", "expected"),
    [
        ("07700 900123", "GB", "+447700900123"),
        ("+44 (0)7700 900123", "US", "+447700900123"),
        ("0044 7700 900123", "US", "+447700900123"),
        ("0171 2345678", "DE", "+491712345678"),
        ("06 12 34 56 78", "FR", "+33612345678"),
        ("+1 720 555 0123", "GB", NUMBER),
    ],
)
def test_a_number_without_plus_belongs_to_the_region(typed, region, expected):
    assert normalize(typed, region) == expected


def test_the_default_region_is_a_setting(settings):
    settings.DEFAULT_PHONE_REGION = "GB"
    assert normalize("07700 900123") == "+447700900123"
    assert phones.display("+447700900123") == "07700 900123"
    assert phones.display(NUMBER) == "+1 720-555-0123"


def test_numbers_are_displayed_as_people_at_home_write_them():
    assert phones.display(NUMBER) == "(720) 555-0123"
    assert phones.display("+447700900123") == "+44 7700 900123"
    assert phones.display("garbage") == "garbage"


def test_a_refusal_travels_between_processes():
    error = pickle.loads(pickle.dumps(InvalidPhone("No.")))  # noqa: S301
    assert error.sentence == "No."
    assert error.code == "invalid_phone"


def test_a_refusal_quotes_only_what_can_be_shown():
    said = sentence("\ud800 \x1b[31m 12")
    said.encode()
    assert said.isprintable()


@given(st.one_of(st.text(), st.binary(), st.integers(), st.floats(), st.decimals(), st.booleans(), st.none()))
@example("\ud800")
@example("+" * 250)
@example("1" * 250)
@example("%s %(x)s {}")
def test_anything_at_all_gives_a_number_or_a_sentence(raw):
    try:
        result = normalize(raw)
    except InvalidPhone as refusal:
        result = refusal.sentence
    result.encode()
    assert E164.fullmatch(result) or result.endswith(".")


@given(
    st.text(alphabet="0123456789+-() .,/x#;E'\u00a0\u202a", max_size=30),
    st.sampled_from(["US", "GB", "DE", "IT", "MX", "BR", "RU"]),
)
@example("00", "US")
@example("+49 0 0 170 1234567", "DE")
@example("+7 8 8 005 550 123", "RU")
def test_an_accepted_number_is_e164_and_comes_out_of_itself(text, region):
    try:
        number = normalize(text, region)
    except InvalidPhone:
        return
    assert E164.fullmatch(number)
    assert len(number) <= phones.MAX_LENGTH
    assert normalize(number, region) == number
    assert normalize(number, "US") == number
    assert normalize(phones.display(number), "US") == number


separators = st.sampled_from(["", " ", "-", ".", "\u00a0", " - ", "\u2011"])


@given(
    st.sampled_from(["720", "303", "212", "415", "616"]),
    st.integers(100, 199),
    st.sampled_from(["", "1", "+1", "001", "'", "tel:+1", "\u202a+1"]),
    separators,
    separators,
    separators,
    st.booleans(),
)
def test_formatting_makes_no_difference(area, line, prefix, first, second, third, in_brackets):
    shown_area = f"({area})" if in_brackets else area
    typed = f"{prefix}{first}{shown_area}{second}555{third}0{line}"
    assert normalize(typed) == f"+1{area}5550{line}"


# Numbers that nobody can have


@pytest.mark.parametrize(
    "typed",
    [
        "000-000-0000",
        "111-111-1111",
        "222-222-2222",
        "+1 999 999 9999",
        "123-456-7890",
        "0123456789",
        "9876543210",
        "+49 1111111111",
    ],
)
def test_fillers_are_refused(typed):
    assert "is a placeholder" in sentence(typed)


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("020-555-0101", "020 isn’t a North American area code"),
        ("120-555-0101", "120 isn’t a North American area code"),
        ("911-555-0101", "911 isn’t a North American area code"),
        ("+1 411 555 0101", "411 isn’t a North American area code"),
        ("720-055-0101", "055 never follows the area code"),
        ("720-155-0101", "155 never follows the area code"),
        ("720-911-0101", "911 never follows the area code"),
    ],
)
def test_numbers_that_north_america_never_gives_out_are_refused(typed, words):
    assert words in sentence(typed)


@pytest.mark.parametrize(
    ("typed", "region"), [("800-911-0101", "US"), ("+44 7777 777777", "US"), ("0111 234 5678", "GB")]
)
def test_other_plans_and_toll_free_numbers_keep_their_own_rules(typed, region):
    assert normalize(typed, region)


# One phone in several national spellings


@pytest.mark.parametrize(
    ("typed", "region", "expected"),
    [
        ("+52 1 55 1234 5678", "US", "+525512345678"),
        ("011 52 1 55 1234 5678", "US", "+525512345678"),
        ("0052 1 55 1234 5678", "US", "+525512345678"),
        ("+52 55 1234 5678", "US", "+525512345678"),
        ("044 55 1234 5678", "MX", "+525512345678"),
        ("1 55 1234 5678", "MX", "+525512345678"),
        ("+54 11 2345 6789", "US", "+5491123456789"),
        ("+54 9 11 2345 6789", "US", "+5491123456789"),
        ("011 15 2345-6789", "AR", "+5491123456789"),
        ("+55 11 8765 4321", "US", "+5511987654321"),
        ("+55 11 98765 4321", "US", "+5511987654321"),
        ("+55 11 3765 4321", "US", "+551137654321"),
    ],
)
def test_a_phone_with_several_national_spellings_is_kept_in_one(typed, region, expected):
    assert normalize(typed, region) == expected


@given(st.text(alphabet="+0123456789", max_size=16))
@example("+5215512345678")
@example("+541123456789")
def test_the_kept_spelling_is_stable_and_changes_nothing_else(text):
    once = phones.canonical(text)
    assert phones.canonical(once) == once
    assert once == text or text[:3] in {"+52", "+54", "+55"}


def test_a_number_that_no_library_knows_has_its_kept_spelling():
    assert phones.canonical("+5210000000000") == "+520000000000"
