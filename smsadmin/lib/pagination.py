"""Pagination of a long list without counting all of it."""

from functools import cached_property
from typing import Any, Final

from django.core.paginator import Paginator

COUNTED: Final = 10_000


class CappedPaginator(Paginator):
    """Counts no further than COUNTED rows, and has no pages beyond that.

    To count a list, a database reads a whole index. Nobody pages through 200 pages: people search or filter.
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
