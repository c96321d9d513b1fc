"""The admin's autocomplete select."""

from collections.abc import Sequence
from typing import Any

from django.contrib.admin.widgets import AutocompleteSelect

from smsadmin.lib.ids import read_keys


class SearchingSelect(AutocompleteSelect):
    """Django's widget, but a value that cannot be an id is shown as no choice; the field reports the error."""

    def optgroups(self, name: str, value: Sequence[str], attr: dict[str, Any] | None = None) -> list[Any]:
        return super().optgroups(name, list(map(str, read_keys(map(str, value)))), attr)
