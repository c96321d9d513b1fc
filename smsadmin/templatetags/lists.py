"""`{% load lists %}`: the name of a model's list, and labels for each cell of the admin's lists.

On a phone, a list has no header row: each row is a card, and its cells show their own labels.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from django import template
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import capfirst

from smsadmin import navigation

register = template.Library()


@register.filter
def list_name(opts: Any) -> str:
    """What the navigation calls the list of a model, given by its `_meta`; else the model's plural."""
    return navigation.list_name(opts.label) or capfirst(str(opts.verbose_name_plural))


@register.filter
def label_cells(cells: Iterable[SafeString], headers: list[dict[str, Any]]) -> Iterator[SafeString]:
    """Adds `data-label` to the cells of one row, given in the order of the list's headers."""
    for cell, header in zip(cells, headers, strict=True):
        name = str(header["text"])
        # No label for the checkbox, or for the row's heading, which is the card's title.
        if header.get("class_attrib", "").find("action-checkbox") >= 0 or not cell.startswith("<td"):
            yield cell
        else:
            label = conditional_escape(name[:1].upper() + name[1:])
            yield mark_safe(f'<td data-label="{label}"{cell[3:]}')
