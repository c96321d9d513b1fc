import zoneinfo

import pytest
from django import forms
from django.test.html import parse_html

from smsadmin.lib.long_select import LongSelect

ZONES = [("All", [(name, name.replace("_", " ")) for name in sorted(zoneinfo.available_timezones())])]
MIXED = [("", "None"), ("Few", [("a", "A & B"), ('"b"', "<b>")]), (3, "Three")]


@pytest.mark.parametrize("choices", [MIXED, ZONES, []], ids=["mixed", "zones", "none"])
@pytest.mark.parametrize("value", [None, "", '"b"', 3, "3", "America/Denver", "elsewhere"])
def test_it_is_rendered_as_djangos(choices, value):
    both = [widget(choices=choices, attrs={"class": "wide"}) for widget in (LongSelect, forms.Select)]
    ours, djangos = (parse_html(each.render("zone", value, {"id": "z<1", "required": True})) for each in both)
    assert ours == djangos
