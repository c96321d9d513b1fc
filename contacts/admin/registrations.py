"""Registrations for events."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, QueryDict

from contacts.models import EventRegistration
from smsadmin.lib import dates

from .choosing import SearchingFields
from .filters import EventFilter, StateFilter, chosen_event
from .import_links import ImportMixin
from .textable import TextablePersonAdmin


@admin.register(EventRegistration)
class EventRegistrationAdmin(SearchingFields, ImportMixin, TextablePersonAdmin):
    import_target = "event"
    list_display = ("shown_name", "shown_phone", "event", "shown_state", "registered")
    list_filter = (EventFilter, StateFilter)
    list_select_related = ("event",)
    fields = ("event", "name", "phone", "registered")
    readonly_fields = ("registered",)
    list_name = "their events"
    empty_list = "Nobody is registered yet."
    export_permission = "view"
    delete_warning = "Opt-outs stay on record: anyone who opted out won’t be texted, even if you add them again."

    registered = dates.column("created_at", "registered", ordering="pk")

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        columns = list(super().get_list_display(request))
        return [name for name in columns if name != "event"] if chosen_event(request) else columns

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """The event of the list where "Add" was clicked."""
        from_list = QueryDict(request.GET.get("_changelist_filters", ""))
        chosen = {"event": from_list["event"]} if "event" in from_list else {}
        return chosen | super().get_changeform_initial_data(request)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        context: dict[str, Any] = {}
        if event := chosen_event(request):
            context = {
                "title": f"People registered for {event}",
                "empty_list": f"Nobody is registered for {event} yet.",
            }
        return super().changelist_view(request, context | (extra_context or {}))
