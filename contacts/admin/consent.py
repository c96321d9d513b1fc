"""The consent history: admins can read and export it, and nobody can change it."""

from collections.abc import Iterable, Iterator
from typing import Any, Final

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator

from contacts import person_ids, searching, textability
from contacts.models import ConsentRecord, UnsubscribedContact
from contacts.names import known_names
from smsadmin.lib import dates

from .changelist import MOST_FOUND, shows_page
from .filters import SourceFilter
from .people import PersonAdmin

_Source = UnsubscribedContact.Source
# Labels that fit opt-outs and opt-ins alike.
HOW: Final[dict[str, str]] = {
    _Source.INBOUND: "By text",
    _Source.MANUAL: "By staff",
    _Source.IMPORT: "By import",
    _Source.COMMUNITY: "Opted out of the community",
    _Source.MESSAGE_FAILURE: "Reported by Twilio",
}
_SHOWN_WORDS: Final = 120


def how_labels(sources: Iterable[str]) -> dict[str, str]:
    """How opt-outs and opt-ins came about, in words, by their sources."""
    return textability.source_labels(set(sources)) | HOW


class HowFilter(SourceFilter):
    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> Iterator[tuple[str, str]]:
        yield from HOW.items()
        yield "event", "Opted out of an event"
        yield "group", "Opted out of a group"


@admin.register(ConsentRecord)
class ConsentRecordAdmin(PersonAdmin):
    list_display = ("when", "person", "kind", "how_and_by", "said")
    list_filter = ("kind", HowFilter, "created_at")
    sortable_by = ()
    search_help_text = "Name, phone number, or their words"
    counted_as = ("record", "records")
    leads_to_people = False
    empty_list = "Nobody has opted in or out yet."
    actions = ("export_selected",)
    export_permission = "view"
    fields = ("when", "shown_phone", "shown_name", "kind", "how", "words", "message_sid", "actor")
    readonly_fields = ("when", "shown_phone", "shown_name", "how")

    when = dates.column("created_at", "when")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: ConsentRecord | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: ConsentRecord | None = None) -> bool:
        return False

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        typed = search_term.strip()
        if not typed:
            return queryset, False
        limit = MOST_FOUND if shows_page(request) else None
        query = searching.read_query(typed)
        condition = Q(words__mentions=typed)
        if query.digits and not query.words:
            condition |= searching.phone_matches(query)
        elif query.words and not query.digits:
            condition |= searching.name_matches(ConsentRecord, query.words, limit)
        found = queryset.filter(condition)
        if limit:
            newest = found.order_by("-pk").values("pk")[:limit]
            found = ConsentRecord.objects.filter(pk__in=newest).order_by(*queryset.query.order_by)
        return found, False

    def prepare_page(self, rows: list[Any]) -> None:
        names = known_names(row.phone for row in rows)
        labels = how_labels(row.source for row in rows)
        for row in rows:
            row.known_name, row.source_label = names.get(row.phone), labels.get(row.source, row.source)

    @admin.display(description="who")
    def person(self, record: Any) -> SafeString:
        name, address = self.shown_name(record), person_ids.page_of(record.phone)
        linked = format_html('<a href="{}">{}</a>', address, name) if address else name
        return format_html("{}<br>{}", linked, self.shown_phone(record))

    @admin.display(description="name")
    def shown_name(self, record: Any) -> str:
        self._prepare(record)
        return record.known_name or "(unknown)"

    @admin.display(description="how")
    def how(self, record: Any) -> str:
        self._prepare(record)
        return record.source_label

    @admin.display(description="how")
    def how_and_by(self, record: Any) -> str:
        label = self.how(record)
        return f"{label}: {record.actor}" if record.actor else label

    @admin.display(description="words")
    def said(self, record: ConsentRecord) -> str:
        return Truncator(record.words).chars(_SHOWN_WORDS)

    def _prepare(self, record: Any) -> None:
        if not hasattr(record, "source_label"):
            self.prepare_page([record])
