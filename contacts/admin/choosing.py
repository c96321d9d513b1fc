"""A select for one row of a list, such as an event, however many there are."""

from collections.abc import Sequence
from typing import Any, Final

from django.contrib.admin.widgets import AutocompleteSelect
from django.forms import Media
from django.forms.widgets import Script

from smsadmin.lib.ids import read_keys

RECENT: Final = 50


class SearchingSelect(AutocompleteSelect):
    """Django's autocomplete select and its view, but our script in place of select2 and jQuery.

    Without JavaScript, it offers the latest rows. A value that cannot be an id is shown as no choice; the field
    reports the error.
    """

    @property
    def media(self) -> Media:
        return Media(js=[Script("contacts/chooser.js", defer=True)])  # type: ignore[list-item]

    def optgroups(self, name: str, value: Sequence[str], attr: dict[str, Any] | None = None) -> list[Any]:
        groups = super().optgroups(name, list(map(str, read_keys(map(str, value)))), attr)
        options = groups[0][1]
        offered = {str(option["value"]) for option in options}
        if not offered:
            # Otherwise, a browser would choose the first one.
            options.append(self.create_option(name, "", "", False, 0))
        rows = self.field.remote_field.model._default_manager.order_by("-pk")
        for row in rows[:RECENT]:
            if str(row.pk) not in offered:
                options.append(self.create_option(name, row.pk, str(row), False, len(options)))
        return groups
