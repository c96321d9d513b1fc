"""A select with hundreds of options, such as time zones."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.forms.utils import flatatt
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString


class LongSelect(forms.Select):
    """Like Django's, without a template for each option: those of the time zones took half of a page's time."""

    def render(self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None) -> SafeString:
        chosen = set(self.format_value(value))
        parts = [
            format_html('<optgroup label="{}">{}</optgroup>', first, _options(second, chosen))
            if isinstance(second, list | tuple)
            else _options([(first, second)], chosen)
            for first, second in self.choices
        ]
        own = self.build_attrs(self.attrs, {**(attrs or {}), "name": name})
        return format_html("<select{}>{}</select>", flatatt(own), SafeString("".join(parts)))


def _options(choices: Iterable[tuple[Any, Any]], chosen: set[str]) -> SafeString:
    return format_html_join(
        "",
        '<option value="{}"{}>{}</option>',
        ((value, SafeString(" selected" if str(value) in chosen else ""), label) for value, label in choices),
    )
