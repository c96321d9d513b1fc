"""Events. An event's page has its registrations; the list of all of them is for many at a time."""

from typing import Any, ClassVar, Final

from django.contrib import admin
from django.db.models import F
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from contacts import events
from contacts.models import Event, EventRegistration
from contacts.textability import registration_counts
from smsadmin.lib import dates
from smsadmin.lib.locks import lock_bulk_changes

from .additions import added_to
from .event_cancel import EventCancelViews
from .event_form import EventForm
from .people import ListAdmin, ListTool
from .people_page import PeoplePage, Words

_WORDS: Final = Words(
    count="Registered",
    add="Register somebody",
    button="Register",
    heading="Who is registered",
    search="Search the registered people",
    nobody="Nobody is registered yet.",
    none_found="Nobody registered matches",
    details="Title, time and place",
    added="Registered {}.",
    present="{} is already registered.",
)


@admin.register(Event)
class EventAdmin(EventCancelViews, PeoplePage, ListAdmin):
    entry_model = EventRegistration
    list_field = "event"
    adding = "register"
    words = _WORDS
    list_display = ("title", "date", "registered", "textable", "added")
    search_fields = ("title__mentions",)
    search_help_text = "Event title"
    ordering: ClassVar[tuple[Any, ...]] = (F("date").desc(nulls_last=True), "-pk")
    form = EventForm
    fields = ("title", "date", "time", "zone", "place")
    empty_list = "No events yet."
    list_purpose = "An event has its own list of people, so you can text only those who are registered for it."
    delete_warning = "Its registrations are deleted too. Blasts already sent to it stay on record."
    actions = None

    def prepare_page(self, rows: list[Event]) -> None:
        counts = registration_counts(event.pk for event in rows)
        for event in rows:
            event.counts = counts[event.pk]  # type: ignore[attr-defined]

    added = dates.column("created_at", "added")

    @admin.display(description="registered")
    def registered(self, event: Any) -> SafeString:
        address = reverse("admin:contacts_event_change", args=[event.pk])
        return format_html('<a href="{}">{}</a>', address, f"{event.counts.total:,}")

    @admin.display(description="can be texted")
    def textable(self, event: Any) -> str:
        return f"{event.counts.textable:,}"

    def get_page_context(self, request: HttpRequest, obj: Event) -> dict[str, Any]:
        return super().get_page_context(request, obj) | {
            "counts": registration_counts([obj.pk])[obj.pk],
            "people": self.people_context(request, obj),
            "sections": [part for added in added_to(Event) for part in added.page_sections(request, obj)],
            "may_change": self.has_change_permission(request, obj),
        }

    def get_page_tools(self, request: HttpRequest, obj: Event) -> list[ListTool]:
        if obj.canceled_at is not None or not self.has_change_permission(request, obj):
            return []
        return [("Cancel this event…", reverse("admin:contacts_event_cancel", args=[obj.pk]))]

    def save_model(self, request: HttpRequest, obj: Event, form: Any, change: bool) -> None:
        events.save(obj)

    def delete_model(self, request: HttpRequest, obj: Event) -> None:
        """Runs in the transaction of Django's page; all registrations are deleted too."""
        lock_bulk_changes()
        super().delete_model(request, obj)


def registrations_address(event: Event) -> str:
    """The list of registrations, filtered by the event."""
    return f"{reverse('admin:contacts_eventregistration_changelist')}?event={event.pk}"
