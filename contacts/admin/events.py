"""Events. Their registrants can be very many: they are a list of their own, to which the event's page leads."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import F
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from contacts.models import Event
from contacts.textability import registration_counts
from smsadmin.lib import dates
from smsadmin.lib.locks import lock_bulk_changes

from .people import ListAdmin, ListTool


@admin.register(Event)
class EventAdmin(ListAdmin):
    list_display = ("title", "date", "registered", "textable", "added")
    search_fields = ("title__mentions",)
    search_help_text = "A part of the title."
    ordering: ClassVar[tuple[Any, ...]] = (F("date").desc(nulls_last=True), "-pk")
    fields = ("title", "date")
    empty_list = "There is no event yet."
    delete_warning = "Its registrations are deleted with it. Blasts that went to its registrants stay on record."
    actions = None

    def prepare_page(self, rows: list[Event]) -> None:
        counts = registration_counts(event.pk for event in rows)
        for event in rows:
            event.counts = counts[event.pk]  # type: ignore[attr-defined]

    added = dates.column("created_at", "added")

    @admin.display(description="registered")
    def registered(self, event: Any) -> SafeString:
        return format_html('<a href="{}">{}</a>', registrations_address(event), f"{event.counts.total:,}")

    @admin.display(description="can be texted")
    def textable(self, event: Any) -> str:
        return f"{event.counts.textable:,}"

    def get_page_context(self, request: HttpRequest, obj: Event) -> dict[str, Any]:
        return super().get_page_context(request, obj) | {
            "counts": registration_counts([obj.pk])[obj.pk],
            "registrations_address": registrations_address(obj),
        }

    def get_page_tools(self, request: HttpRequest, event: Event) -> list[ListTool]:
        tools = []
        if request.user.has_perm("contacts.view_eventregistration"):
            tools.append(("See the registrations", registrations_address(event)))
        if request.user.has_perm("contacts.add_eventregistration"):
            address = reverse("admin:contacts_eventregistration_add")
            tools.append(("Add a registration", f"{address}?event={event.pk}"))
        return tools

    def delete_model(self, request: HttpRequest, obj: Event) -> None:
        """Within the transaction of Django's page; all registrations go with it."""
        lock_bulk_changes()
        super().delete_model(request, obj)


def registrations_address(event: Event) -> str:
    """The list of registrations, narrowed to the event."""
    return f"{reverse('admin:contacts_eventregistration_changelist')}?event={event.pk}"
