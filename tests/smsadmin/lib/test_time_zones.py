"""Time zones that can be chosen."""

import pytest

from smsadmin.lib import time_zones


def test_every_zone_can_be_chosen_once_the_own_one_first():
    groups = dict(time_zones.choices("Europe/Vienna"))
    names = [name for group in groups.values() for name, _ in group]
    assert names[0] == "Europe/Vienna"
    assert len(names) == len(set(names))
    assert set(time_zones.all_names()) == set(names)


def test_names_are_shown_without_underscores():
    assert ("America/New_York", "America/New York") in dict(time_zones.choices("UTC"))["Common"]


@pytest.mark.parametrize("name", ["Mars/Olympus", "", "/etc/passwd", "../UTC", "x" * 300])
def test_what_is_not_a_zone_is_known(name):
    assert not time_zones.is_zone(name)
