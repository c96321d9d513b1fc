import contextlib
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging.text.encoding import is_gsm
from messaging.text.personalization import (
    OPT_OUT_LINE,
    TOKENS,
    Field,
    UnknownToken,
    clean_name,
    compile_template,
    first_name,
    with_opt_out_line,
)


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


def test_an_unknown_token_is_refused_with_a_list_of_valid_ones():
    with pytest.raises(UnknownToken) as refusal:
        compile_template("Hi {nmae}!")

    assert str(refusal.value) == "{nmae} is not a field. Use {name}, {full_name} or {first_name}."
    assert refusal.value.tokens == ("{nmae}",)


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


@pytest.mark.parametrize(
    ("name", "cleaned"),
    [
        ("Ann Lee", "Ann Lee"),
        ("  Ann   Lee ", "Ann Lee"),
        ("Ann\r\n\tLee", "Ann Lee"),
        ("Ann\x00\x07Lee", "Ann Lee"),
        ("Ann\xa0Lee\u3000", "Ann Lee"),
        ("Ann\u2028Lee", "Ann Lee"),
        ("\u202aAnn\u200b Lee\u202c", "Ann Lee"),
        ("\ufeff", ""),
        ("José Ñúñez", "José Ñúñez"),
        ("می\u200cخواهم", "می\u200cخواهم"),
    ],
)
def test_a_name_is_cleaned_for_the_text(name, cleaned):
    assert clean_name(name) == cleaned


@given(st.text(st.characters(exclude_categories=[])))
def test_a_cleaned_name_is_on_one_line_and_clean(text):
    name = clean_name(text)

    assert name == clean_name(name) == " ".join(name.split())


def test_a_non_breaking_space_does_not_make_the_text_ucs_2():
    assert is_gsm(render("Hi {name}!", "\u202aAnn\xa0Lee\u202c"))


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("Maria", "Maria"),
        ("Maria del Carmen Lopez", "Maria"),
        ("Dr. Maria Lopez", "Maria"),
        ("dr Maria Lopez", "Maria"),
        ("Prof. Dr. Maria Lopez", "Maria"),
        ("Fr. Tom Walsh", "Tom"),
        ("Br. Luke", "Br. Luke"),
        ("Msgr. Paul Dee", "Paul"),
        ("Rt. Rev. Paul Dee", "Paul"),
        ("Sgt. Ann Alder", "Ann"),
        ("Hon. Ann Alder", "Ann"),
        ("Hon Nguyen", "Hon"),
        ("M. Paul Dee", "Paul"),
        ("Lic. Ana Ruiz", "Ana"),
        ("Doña Ana Ruiz", "Ana"),
        ("Don Alder", "Don"),
        ("Frau Dr. Anna Alder", "Anna"),
        ("Mme Anna Alder", "Anna"),
        ("The Alder Family", "The Alder Family"),
        ("Familie Alder", "Familie Alder"),
        ("Alder Family", "Alder Family"),
        ("Sra. Ana Silva", "Ana"),
        ("Mr. Lopez", "Mr. Lopez"),
        ("Mr. and Mrs. Lopez", "Mr. and Mrs. Lopez"),
        ("Miss", "Miss"),
        ("Drew Lee", "Drew"),
        ("Lopez, Maria", "Maria"),
        ("Lopez, Maria J.", "Maria"),
        ("Garcia Lopez,Maria", "Maria"),
        ("Smith, John, Jr.", "John"),
        ("Maria Lopez, PhD", "Maria"),
        ("Maria Lopez, M.D.", "Maria"),
        ("Dr. Maria Lopez, Ph.D.", "Maria"),
        ("Maria Lopez, Dr.", "Maria"),
        ("Lopez,", "Lopez"),
        (",", ","),
    ],
)
def test_the_first_name_is_what_people_call_the_person(name, first):
    assert first_name(name) == first


@given(st.text().map(clean_name).filter(bool))
def test_a_first_name_is_a_part_of_the_name(name):
    assert first_name(name)
    assert first_name(name) in name
