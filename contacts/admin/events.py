"""Events. Their registrations can be very many, so they have a list of their own, which the event's page links to."""

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
    search_help_text = "Event title"
    ordering: ClassVar[tuple[Any, ...]] = (F("date").desc(nulls_last=True), "-pk")
    fields = ("title", "date")
    empty_list = "No events yet."
    delete_warning = "Its registrations are deleted too. Blasts already sent to it stay on record."
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
            tools.append(("See who is registered", registrations_address(event)))
        if request.user.has_perm("contacts.add_eventregistration"):
            address = reverse("admin:contacts_eventregistration_add")
            tools.append(("Add a registration", f"{address}?event={event.pk}"))
        return tools

    def delete_model(self, request: HttpRequest, obj: Event) -> None:
        """Runs in the transaction of Django's page; all registrations are deleted too."""
        lock_bulk_changes()
        super().delete_model(request, obj)


def registrations_address(event: Event) -> str:
    """The list of registrations, filtered by the event."""
    return f"{reverse('admin:contacts_eventregistration_changelist')}?event={event.pk}"
