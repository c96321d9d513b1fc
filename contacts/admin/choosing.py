"""A select for one event, however many there are."""

from collections.abc import Sequence
from typing import Any, Final

from django.contrib.admin.widgets import AutocompleteSelect
from django.forms import Media
from django.forms.widgets import Script

from contacts.models import Event
from smsadmin.lib.ids import read_keys

RECENT_EVENTS: Final = 50


class EventSelect(AutocompleteSelect):
    """Django's autocomplete select and its view, but our script in place of select2 and jQuery.

    Without JavaScript, it offers the latest events. A value that cannot be an id is shown as no choice; the field
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
        for event in Event.objects.order_by("-pk")[:RECENT_EVENTS]:
            if str(event.pk) not in offered:
                options.append(self.create_option(name, event.pk, str(event), False, len(options)))
        return groups
