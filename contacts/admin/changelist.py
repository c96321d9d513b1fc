"""Change lists that stop counting early and load extra data only for the rows of the page shown."""

from typing import Any, Final

from django.contrib.admin.utils import model_ngettext
from django.contrib.admin.views.main import ChangeList
from django.http import HttpRequest

from contacts import person_ids
from smsadmin.lib.pagination import CappedPaginator
from smsadmin.lib.plurals import counted

# A search or filter that matches more than this is too broad to browse: the page says so.
MOST_FOUND: Final = 1000
BLOCKED_STATES: Final = frozenset({"opted_out", "suppressed"})


class PreparedChangeList(ChangeList):
    """Passes the rows of the page to the ModelAdmin's `prepare_page` before they are shown."""

    paginator: CappedPaginator

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        admin: Any = self.model_admin
        if self._leads_to_people:
            # A search is no part of the address of a person.
            self.preserved_filters = ""
        rows: Any = list(self.result_list)
        admin.prepare_page(rows)
        self.result_list = rows

    def url_for_result(self, result: Any) -> str:
        """The row's page, or that of its person."""
        return (self._leads_to_people and person_ids.page_of(result.phone)) or super().url_for_result(result)

    @property
    def _leads_to_people(self) -> bool:
        return bool(getattr(self.model_admin, "leads_to_people", False))

    @property
    def count_label(self) -> str:
        """The number of rows, as far as it is known: "512 people", "more than 10,000 registrations".

        A ModelAdmin whose rows go by other names than its model has `counted_as`, singular and plural.
        """
        more = "more than " if self.paginator.is_capped or self.is_cut else ""
        if names := getattr(self.model_admin, "counted_as", None):
            return f"{more}{counted(self.result_count, *names)}"
        return f"{more}{self.result_count:,} {model_ngettext(self.opts, self.result_count)}"

    @property
    def is_cut(self) -> bool:
        """Whether the search or filter matches more rows than the page lists."""
        return self.is_narrowed and self.result_count >= MOST_FOUND

    @property
    def is_whole(self) -> bool:
        """Whether the list (or that of one event or group) is shown without any search or filter."""
        return not self.query.strip() and self.get_filters_params().keys() <= {"event", "group"}

    @property
    def is_narrowed(self) -> bool:
        return bool(self.query.strip()) or self.params.get("state") in BLOCKED_STATES


class WholeList(ChangeList):
    """All rows that match the search and filters, for an export. No page of them is loaded."""

    def get_results(self, request: HttpRequest) -> None:
        """Leaves the rows in the database."""


def shows_page(request: HttpRequest) -> bool:
    """Whether the request shows one page of rows, rather than acting on or exporting all of them."""
    match = request.resolver_match
    return request.method == "GET" and not (match and (match.url_name or "").endswith("_export"))
