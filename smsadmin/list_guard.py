"""Validates the query strings of lists: the same rules for every admin, including Django's and the queue's.

Django's lists accept any lookup on any field of their model, such as `?name__regex=…`. SQLite runs such an expression
in our own process, which then serves nobody for as long as it takes. `SmsAdminSite.register` puts ListGuard before
each admin class, so that none can be forgotten.
"""

from collections.abc import Iterator
from typing import Any, Final

from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.contrib.admin.exceptions import DisallowedModelAdminLookup, DisallowedModelAdminToField
from django.contrib.admin.filters import FieldListFilter, SimpleListFilter
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.utils import get_fields_from_path
from django.contrib.admin.views.main import ORDER_VAR, ChangeList
from django.db import DataError
from django.db.models import Field, QuerySet
from django.http import HttpRequest

from .change_logs import AdminsReadChangeLogs
from .lean_pages import LeanPages

# Each word is a condition on each searched field, and SQLite allows at most 1,000 nested conditions.
MOST_WORDS: Final = 32


class ListGuard(ModelAdmin):
    """Accepts the lookups that the list's own filters use, and no others."""

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        return lookup in set(self._own_lookups(request))

    def _own_lookups(self, request: HttpRequest | None) -> Iterator[str | None]:
        if self.date_hierarchy:
            yield from (f"{self.date_hierarchy}__{part}" for part in ("year", "month", "day"))
        asked: Any = request or HttpRequest()
        for item in self.get_list_filter(asked):
            # A field filter is created for a field, and only then knows its parameters.
            if isinstance(item, type) and issubclass(item, SimpleListFilter):
                yield str(item.parameter_name)
            elif callable(item):
                made: Any = item(asked, {}, self.model, self)
                yield from made.expected_parameters()
            else:
                yield from self._make_field_filter(asked, item).expected_parameters()

    def _make_field_filter(self, request: HttpRequest, item: Any) -> FieldListFilter:
        """Like ChangeList.get_filters: the item is a field or its path, alone or with its filter class."""
        path, make = item if isinstance(item, (tuple, list)) else (item, FieldListFilter.create)
        field = path if isinstance(path, Field) else get_fields_from_path(self.model, path)[-1]
        made: FieldListFilter = make(
            field, request, {}, self.model, self, field_path=None if isinstance(path, Field) else path
        )
        return made

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        """Raises IncorrectLookupParameters, with a message for the next page, if the query string makes no list."""
        try:
            if request.GET.get(ORDER_VAR, "").count(".") >= len(self.get_list_display(request)):
                raise IncorrectLookupParameters("More columns to order by than there are")
            return super().get_changelist_instance(request)
        except (
            IncorrectLookupParameters,
            DisallowedModelAdminLookup,
            DisallowedModelAdminToField,
            # A date in the year 0 or 10,000, because of a time zone.
            ValueError,
            OverflowError,
            DataError,
        ) as error:
            if not request.GET:
                raise
            done = "Nothing was done" if request.method == "POST" else "Everything is shown"
            self.message_user(
                request, f"The address had filters that this list doesn’t have. {done}.", messages.WARNING
            )
            raise IncorrectLookupParameters from error

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Only uses the first words of a long text."""
        words = search_term.split(maxsplit=MOST_WORDS)
        if len(words) > MOST_WORDS:
            search_term = " ".join(words[:MOST_WORDS])
        return super().get_search_results(request, queryset, search_term)


def guarded(admin_class: type[ModelAdmin]) -> type[ModelAdmin]:
    """The class with ListGuard, LeanPages and AdminsReadChangeLogs before it."""
    if issubclass(admin_class, ListGuard):
        return admin_class
    bases = (ListGuard, LeanPages, AdminsReadChangeLogs, admin_class)
    made: Any = type(admin_class.__name__, bases, {"__module__": admin_class.__module__})
    made.__doc__ = admin_class.__doc__
    return made
