from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging.composing.cost import cost, estimate, plain_names, profile, profile_with_values, shape
from messaging.text.encoding import Encoding, measure
from messaging.text.personalization import UnknownToken, compile_template, with_opt_out_line
from tests.conftest import examples

KEYS = ("grade", "bus_stop")


def is_accepted(body, keys=()):
    try:
        compile_template(body, keys)
    except UnknownToken:
        return False
    return True


# Bodies and names near the end of a segment, with tokens, extension characters, other characters and emoji anywhere.
bodies = st.lists(
    st.one_of(
        st.sampled_from(["{name}", "{first_name}", "{full_name}"]),
        st.text(max_size=20),
        st.builds(
            lambda text, times: text * times, st.sampled_from(["a", "[", "ж", "😀", "é "]), st.integers(1, 155)
        ),
    ),
    max_size=6,
).map("".join)
names = st.one_of(
    st.none(),
    st.text(max_size=30),
    st.text(st.sampled_from("ab [€ж’😀,\n\xa0\u200d{}"), max_size=30),
    st.lists(st.sampled_from(["Dr.", "Mrs", "and", "Ann", "Zoë", "Жанна", "{a}", "Lopez,", "PhD", "😀"])).map(
        " ".join
    ),
    st.sampled_from(["there", "", " ", "x" * 100]),
)


@given(bodies.filter(is_accepted), st.booleans(), st.lists(names))
@examples(quick=60, thorough=300)
def test_the_estimate_equals_rendering_every_text(body, opt_out_line, audience):
    template = compile_template(with_opt_out_line(body) if opt_out_line else body)
    sizes = [measure(template.render(name)) for name in audience]

    result = estimate(template, profile(audience))

    assert result.recipients == len(audience)
    assert result.segments == sum(size.segments for size in sizes)
    assert result.shortest == min((size.segments for size in sizes), default=0)
    assert result.longest == max((size.segments for size in sizes), default=0)
    assert result.ucs2_recipients == sum(size.encoding is Encoding.UCS_2 for size in sizes)
    assert result.too_long == sum(size.characters > 1600 for size in sizes)
    assert result.most_characters == max((size.characters for size in sizes), default=0)


@given(
    st.lists(st.one_of(bodies, st.sampled_from(["{grade}", "{Grade|ж}", "{bus_stop|[x]}", "{first_name|you}"])))
    .map("".join)
    .filter(lambda body: is_accepted(body, KEYS)),
    st.lists(st.tuples(names, names, names)),
)
@examples(quick=60, thorough=300)
def test_the_estimate_equals_rendering_every_text_with_values(body, audience):
    template = compile_template(body, KEYS)
    rows = [
        (name, *(dict(zip(KEYS, values, strict=True))[key] for key in template.keys)) for name, *values in audience
    ]
    texts = [template.render(name, dict(zip(template.keys, values, strict=True))) for name, *values in rows]
    sizes = [measure(text) for text in texts]

    result = estimate(template, profile_with_values(rows))

    assert result.recipients == len(audience)
    assert result.segments == sum(size.segments for size in sizes)
    assert result.ucs2_recipients == sum(size.encoding is Encoding.UCS_2 for size in sizes)
    assert result.most_characters == max((size.characters for size in sizes), default=0)


@given(st.integers(1560, 1610), st.lists(names, min_size=1))
def test_texts_that_are_too_long_are_counted_exactly(length, audience):
    template = compile_template("x" * length + "{name}{first_name}")

    too_long = sum(len(template.render(name)) > 1600 for name in audience)

    assert estimate(template, profile(audience)).too_long == too_long


@given(bodies.filter(is_accepted), names, names)
def test_names_of_the_same_shape_have_the_same_size(body, name, other):
    template = compile_template(body)

    if shape(name) == shape(other):
        assert measure(template.render(name)) == measure(template.render(other))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Ann Lee", "aaaaaaa\naaa"),
        ("A[n] Lee", "a[a[aaaa\na[a["),
        ("Ann Лі", "жжжжжж\naaa"),
        ("Ann 😀", "жжжж😀\naaa"),
        ("Dr. Ann Lee", "aaaaaaaaaaa\naaa"),
    ],
)
def test_a_shape_only_keeps_the_kinds_of_characters(name, expected):
    assert shape(name) == expected


@pytest.mark.parametrize("name", [None, "", "  ", "\n"])
def test_missing_names_share_one_shape_that_no_name_has(name):
    assert shape(name) == ""
    assert shape("there") != ""


def test_values_have_shapes_as_names_do():
    assert shape("Ann Лі", "5[", None, "é") == "жжжжжж\naaa\na[\n\na"
    assert shape(None, "5") == "\n\na"


def test_plain_names_have_plain_values():
    assert plain_names(profile_with_values([("Ann Лі", "ж"), ("Ann Li", "a")])) == {"aaaaaa\naaa\na": 2}


def test_a_profile_counts_the_shapes_of_any_iterable():
    assert profile(name for name in ["Ann Lee", "Bob Ray", None, " "]) == {"aaaaaaa\naaa": 2, "": 2}


def test_each_text_counts_with_its_own_name():
    template = compile_template("x" * 155 + "{name}")

    result = estimate(template, profile(["Anna", "Annabelle", None, "Ann’s"]))

    assert (result.segments, result.shortest, result.longest) == (1 + 2 + 1 + 3, 1, 3)
    assert result.ucs2_recipients == 1


def test_an_empty_audience_costs_nothing():
    result = estimate(compile_template("Hi {name}"), profile([]))

    assert (result.recipients, result.segments, result.shortest, result.longest) == (0, 0, 0, 0)


def test_the_cost_is_exact():
    assert cost(3, Decimal("0.0079")) == Decimal("0.0237")
    assert cost(0, Decimal("0.0079")) == 0
