"""A select for one row of a table, however many there are."""

from collections.abc import Sequence
from typing import Any, Final

from django.contrib.admin import ModelAdmin
from django.contrib.admin.widgets import AutocompleteSelect
from django.forms import Media
from django.forms.widgets import Script
from django.http import HttpRequest

from smsadmin.lib.ids import read_keys

OFFERED: Final = 50


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
        for row in self.choices.queryset.order_by("-pk")[:OFFERED]:
            if str(row.pk) not in offered:
                options.append(self.create_option(name, row.pk, str(row), False, len(options)))
        return groups


class SearchingFields(ModelAdmin):
    """Uses the select for every foreign key, without the links to pop-ups that Django puts beside it."""

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        widget = SearchingSelect(db_field, self.admin_site)
        return super().formfield_for_foreignkey(db_field, request, **{"widget": widget, **kwargs})

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field: Any = super().formfield_for_dbfield(db_field, request, **kwargs)
        if db_field.many_to_one:
            field.widget = field.widget.widget
        return field
