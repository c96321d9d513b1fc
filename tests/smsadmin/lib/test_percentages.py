import pytest

from smsadmin.lib.percentages import percent


@pytest.mark.parametrize(
    ("part", "whole", "said"),
    [
        (0, 0, "0%"),
        (0, 9, "0%"),
        (1, 1000, "<1%"),
        (1, 100, "1%"),
        (45, 100, "45%"),
        (2, 3, "67%"),
        (8_999, 9_000, "99%"),
        (9_000, 9_000, "100%"),
    ],
)
def test_a_part_is_shown_as_a_percentage(part, whole, said):
    assert percent(part, whole) == said
