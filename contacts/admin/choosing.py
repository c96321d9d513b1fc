"""The admin's searching select."""

from collections.abc import Sequence
from typing import Any

from django.contrib.admin.widgets import AutocompleteSelect


class SearchingSelect(AutocompleteSelect):
    """Django's own, except that a choice no row can have is shown as none: SQLite fails with keys beyond 64 bits."""

    def optgroups(self, name: str, value: Sequence[str], attr: dict[str, Any] | None = None) -> list[Any]:
        possible = [key for key in value if not key or len(str(key)) < 19]
        return super().optgroups(name, possible, attr)
