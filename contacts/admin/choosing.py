"""The admin's searching select."""

from collections.abc import Sequence
from typing import Any

from django.contrib.admin.widgets import AutocompleteSelect

from smsadmin.lib.ids import read_keys


class SearchingSelect(AutocompleteSelect):
    """Django's own, except that a choice no row can have is shown as none; the field tells of it."""

    def optgroups(self, name: str, value: Sequence[str], attr: dict[str, Any] | None = None) -> list[Any]:
        return super().optgroups(name, list(map(str, read_keys(map(str, value)))), attr)
