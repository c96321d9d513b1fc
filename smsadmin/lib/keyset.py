"""Pagination by id instead of page number: nothing is counted, and page 10,000 costs no more than page 1."""

from collections.abc import Sequence
from dataclasses import dataclass
from heapq import merge
from itertools import islice
from operator import attrgetter
from typing import Generic, TypeVar

from django.db.models import Model, QuerySet

Row = TypeVar("Row")
Kept = TypeVar("Kept", bound=Model)


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Some rows ordered by id; `previous` and `next` are the ids to continue from, if there are more rows."""

    rows: list[Row]
    previous: int | None
    next: int | None


def page(
    rows: QuerySet[Kept] | Sequence[QuerySet[Kept]],
    size: int,
    after: int = 0,
    before: int = 0,
    *,
    newest_first: bool = False,
) -> Page[Kept]:
    """The page after one id, or before another, or the first; an id of 0 means none.

    One query for each queryset. Several, without common rows, are merged: a database would sort them all for a page,
    where each alone is read from an index.
    """
    parts = [rows] if isinstance(rows, QuerySet) else rows
    is_backwards = bool(before and not after)
    mark = before if is_backwards else after
    is_down = newest_first is not is_backwards
    if mark:
        parts = [part.filter(pk__lt=mark) if is_down else part.filter(pk__gt=mark) for part in parts]
    firsts = [list(part.order_by("-pk" if is_down else "pk")[: size + 1]) for part in parts]
    found = list(islice(merge(*firsts, key=attrgetter("pk"), reverse=is_down), size + 1))
    shown, has_more = found[:size], len(found) > size
    if not shown:
        return Page([], None, None)
    if is_backwards:
        shown.reverse()
    has_previous, has_next = (has_more, True) if is_backwards else (bool(mark), has_more)
    return Page(shown, shown[0].pk if has_previous else None, shown[-1].pk if has_next else None)
