"""Links with public URL shorteners in a text."""

import pytest

from messaging.composing.link_shorteners import DOMAINS, find_shorteners, shortening_domains


@pytest.mark.parametrize(
    ("text", "domains"),
    [
        ("Sign up: bit.ly/picnic", ["bit.ly"]),
        ("https://TinyURL.com/abc now", ["tinyurl.com"]),
        ("See (http://www.t.co/x).", ["t.co"]),
        ("rb.gy/a, is.gd/b and rb.gy/c", ["rb.gy", "is.gd"]),
        ("https://cutt.ly", ["cutt.ly"]),
        ("Go to goo.gl.", ["goo.gl"]),
        ("https://example.org/?next=bit.ly", []),
        ("rabbit.ly/x habit.ly/y", []),
        ("bit.ly.example.org/x", []),
        ("ann@bit.ly", []),
        ("a bit. lying down", []),
        ("{first_name}.t.co", []),
        ("", []),
    ],
)
def test_the_domains_of_shorteners_are_found(text, domains):
    assert find_shorteners(text) == domains


def test_the_list_is_sorted_lower_case_and_without_duplicates():
    lines = [line for line in DOMAINS.read_text("utf-8").splitlines() if line and not line.startswith("#")]
    assert lines == sorted({line.lower() for line in lines})
    assert shortening_domains() == set(lines)
