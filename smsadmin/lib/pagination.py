"""Pages of a long list without counting it to its end."""

from functools import cached_property
from typing import Any, Final

from django.core.paginator import Paginator

COUNTED: Final = 10_000


class CappedPaginator(Paginator):
    """Counts no further than COUNTED rows, and has pages for no more.

    A database reads a whole index to count a list. Nobody leafs through 200 pages: who looks for somebody
    searches or filters.
    """

    @cached_property
    def counted(self) -> int:
        """How many rows there are, up to COUNTED + 1."""
        rows: Any = self.object_list
        if not hasattr(rows, "query"):
            return len(rows)
        return rows.order_by()[: COUNTED + 1].count()

    @property
    def is_capped(self) -> bool:
        return self.counted > COUNTED

    @cached_property
    def count(self) -> int:
        return min(self.counted, COUNTED)
