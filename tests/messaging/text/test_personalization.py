import contextlib
import pickle
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging.text.encoding import is_gsm
from messaging.text.names import clean_name
from messaging.text.personalization import (
    OPT_OUT_LINE,
    TOKENS,
    Field,
    UnknownToken,
    compile_template,
    text_sent,
    with_opt_out_line,
)

EXAMPLES = tomllib.loads(Path(__file__).with_name("profile_fields.toml").read_text())
KEYS = tuple(EXAMPLES["keys"])


def render(body, name):
    return compile_template(body).render(name)


@pytest.mark.parametrize(
    ("token", "text"),
    [("{name}", "Maria Lopez"), ("{full_name}", "Maria Lopez"), ("{first_name}", "Maria")],
)
def test_a_token_becomes_the_name(token, text):
    assert render(f"Hi {token}, see you!", "Maria Lopez") == f"Hi {text}, see you!"


@pytest.mark.parametrize("token", TOKENS)
@pytest.mark.parametrize("name", [None, "", "   ", "\n\t", "\u200b\ufeff"])
def test_a_recipient_without_a_name_is_called_there(token, name):
    assert render(f"Hi {token}!", name) == "Hi there!"


@pytest.mark.parametrize(
    "token", ["{First_Name}", "{FIRST NAME}", "{ first_name }", "{first-name}", "{FirstName}", "{{first_name}}"]
)
def test_a_token_is_recognized_in_any_usual_spelling(token):
    assert render(f"Hi {token}!", "Maria Lopez") == "Hi Maria!"


def test_a_token_may_be_anywhere_and_repeat():
    assert render("{first_name}{name}: {first_name}", "Ann Lee") == "AnnAnn Lee: Ann"


def test_a_misspelled_token_is_refused_with_the_nearest_one():
    with pytest.raises(UnknownToken) as refusal:
        compile_template("Hi {nmae}!")

    assert str(refusal.value) == "{nmae} is not a field. Did you mean {name}?"
    assert refusal.value.tokens == ("{nmae}",)


def test_an_unknown_token_is_refused_with_a_list_of_valid_ones():
    with pytest.raises(UnknownToken) as refusal:
        compile_template("Hi {town}!")

    assert str(refusal.value) == "{town} is not a field. Use {name}, {full_name} or {first_name}."


@pytest.mark.parametrize("case", EXAMPLES["inserted"], ids=lambda case: case["body"])
def test_a_profile_field_becomes_the_persons_value(case):
    values = {key: case["values"].get(key) for key in KEYS}

    assert compile_template(case["body"], KEYS).render(case.get("name"), values) == case["text"]


@pytest.mark.parametrize("case", EXAMPLES["refused"], ids=lambda case: case["body"])
def test_what_is_no_profile_field_is_refused_with_a_remedy(case):
    with pytest.raises(UnknownToken) as refusal:
        compile_template(case["body"], KEYS)

    assert str(refusal.value) == case["says"]


def test_a_refusal_names_only_some_of_many_fields():
    with pytest.raises(UnknownToken) as refusal:
        compile_template("{xyz}", [f"field_{number}" for number in range(50)])

    assert str(refusal.value).endswith("{field_6}, {field_7} or another of your fields.")


def test_a_template_knows_its_profile_fields_and_those_it_needs():
    template = compile_template("{name} {grade} {bus_stop|?} {grade|x} {first_name|y}", KEYS)

    assert template.keys == ("grade", "bus_stop")
    assert template.required_keys == ("grade",)


def test_a_value_is_cleaned_as_names_are():
    assert compile_template("{grade}.", KEYS).render(None, {"grade": "\u202a5\xa0b\u202c"}) == "5 b."


def test_a_profile_field_of_a_names_key_never_replaces_the_name():
    template = compile_template("{full_name} {first_name}", ("full_name", "firstname"))

    assert (template.keys, template.render("Ann Lee")) == ((), "Ann Lee Ann")


@given(st.text())
def test_braces_in_a_value_are_never_a_field(text):
    value = clean_name(text) + "{name}{grade}"

    assert compile_template("{grade}", KEYS).render("Ann", {"grade": value}) == value


@pytest.mark.parametrize(
    ("body", "values", "text"),
    [
        ("{grade}, {first_name}", {"grade": "5"}, "5, Ann"),
        ("{grade|none}, {name}", {"grade": None}, "none, Ann Lee"),
        ("{grade}, {name}", {"grade": None}, "{grade}, Ann Lee"),
        ("{nickname}, {name}", None, "{nickname}, {name}"),
    ],
)
def test_what_was_sent_needs_no_field_that_still_exists(body, values, text):
    assert text_sent(body, "Ann Lee", values) == text


def test_several_unknown_tokens_are_named_once_each_in_order():
    with pytest.raises(UnknownToken) as refusal:
        compile_template("Hi {name}, {city} {last name}, {city}")

    assert str(refusal.value) == ("{city} and {last name} are not fields. Use {name}, {full_name} or {first_name}.")


@pytest.mark.parametrize(
    "body", ["{prénom}", "{имя}", "{contact.name}", "{name, first}", "{ see you }", "{name1}", "{{nmae}}", "{name!r}"]
)
def test_braces_around_anything_with_a_letter_are_a_field(body):
    with pytest.raises(UnknownToken) as refusal:
        compile_template(f"Hi {body}!")

    assert refusal.value.tokens == (body,)


@pytest.mark.parametrize(
    ("body", "token"),
    [("Hi {name, come", "{name"), ("Hi name}!", "name}"), ("{first name, hi", "{first name"), ("{name]", "{name")],
)
def test_a_field_that_lacks_a_brace_is_refused(body, token):
    with pytest.raises(UnknownToken) as refusal:
        compile_template(body)

    assert refusal.value.tokens == (token,)


@pytest.mark.parametrize(
    "body", ["{", "}", "{}", "{ }", "{{}}", "{{", "}{", "{1}", ":-{ :-}", "{-:", "{a\nb}", "{names", "username}"]
)
def test_other_braces_are_text(body):
    template = compile_template(f"x {body} x")

    assert template.render("Ann") == f"x {body} x"


def test_a_long_unknown_token_is_quoted_in_part():
    with pytest.raises(UnknownToken) as refusal:
        compile_template("{" + "x" * 500 + "}")

    assert len(str(refusal.value)) < 120


def test_the_error_can_be_pickled():
    refusal = pickle.loads(pickle.dumps(UnknownToken(("{nmae}",))))  # noqa: S301

    assert refusal.tokens == ("{nmae}",)


@given(st.text())
def test_braces_in_a_name_are_never_a_field(text):
    name = clean_name(text)

    assert render("{name}|{name}", f"{name}{{first_name}}") == f"{name}{{first_name}}|{name}{{first_name}}"


@given(st.text(st.sampled_from("{}na me_1\n")))
def test_a_body_is_refused_by_what_it_says_or_rendered(body):
    with contextlib.suppress(UnknownToken):
        template = compile_template(body)
        has_field = any(isinstance(piece, Field) for piece in template.pieces)
        assert (template.render("Ann") != template.render("Bob")) == has_field
        return
    with pytest.raises(UnknownToken) as refusal:
        compile_template(body)
    assert all(token in body for token in refusal.value.tokens)


def test_the_opt_out_line_is_on_its_own_line():
    assert render(with_opt_out_line("Hi {name}!"), "Ann") == f"Hi Ann!\n{OPT_OUT_LINE}"


def test_the_opt_out_line_directly_follows_the_text():
    assert render(with_opt_out_line("Hi!\r\n\r\n"), None) == f"Hi!\n{OPT_OUT_LINE}"


@pytest.mark.parametrize(
    "line", [OPT_OUT_LINE, "reply stop to unsubscribe", "Reply STOP  to\nUnsubscribe!", "(Reply STOP to unsubscribe)"]
)
def test_the_opt_out_line_is_not_repeated(line):
    assert render(with_opt_out_line(f"Hi! {line}"), None) == f"Hi! {line}"


def test_line_breaks_are_one_character_and_the_body_is_stripped():
    assert render(" Hi\r\n{name}\r\n\n", "Ann") == "Hi\nAnn"


def test_a_non_breaking_space_does_not_make_the_text_ucs_2():
    assert is_gsm(render("Hi {name}!", "\u202aAnn\xa0Lee\u202c"))
