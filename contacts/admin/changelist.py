"""The pages of a list: no count to its end, and what is shown of a row looked up for the rows of the page alone."""

from typing import Any, Final

from django.contrib.admin.utils import model_ngettext
from django.contrib.admin.views.main import ChangeList
from django.http import HttpRequest

from smsadmin.lib.pagination import CappedPaginator

# A search or filter that finds more than this is too wide to look through: the page says so.
MOST_FOUND: Final = 1000
BLOCKED_STATES: Final = frozenset({"opted_out", "suppressed"})


class PreparedChangeList(ChangeList):
    """Hands the rows of the page to the ModelAdmin's `prepare_page` before they are shown."""

    paginator: CappedPaginator

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        admin: Any = self.model_admin
        rows: Any = list(self.result_list)
        admin.prepare_page(rows)
        self.result_list = rows

    @property
    def count_label(self) -> str:
        """How many there are, as far as is known: "512 community members", "more than 10,000 registrations"."""
        more = "more than " if self.paginator.is_capped or self.is_cut else ""
        return f"{more}{self.result_count:,} {model_ngettext(self.opts, self.result_count)}"

    @property
    def is_cut(self) -> bool:
        """Whether the search or filter finds more than the page lists."""
        return self.is_narrowed and self.result_count >= MOST_FOUND

    @property
    def is_whole(self) -> bool:
        """Whether the list, or that of an event, is shown with no search and no filter."""
        return not self.query.strip() and self.get_filters_params().keys() <= {"event"}

    @property
    def is_narrowed(self) -> bool:
        return bool(self.query.strip()) or self.params.get("state") in BLOCKED_STATES


class WholeList(ChangeList):
    """All rows that the list has with its search and filters, for an export: no page of them is read."""

    def get_results(self, request: HttpRequest) -> None:
        """Leave the rows in the database."""


def shows_page(request: HttpRequest) -> bool:
    """Whether a page of rows is wanted, not all of them for an action or an export."""
    match = request.resolver_match
    return request.method == "GET" and not (match and (match.url_name or "").endswith("_export"))
