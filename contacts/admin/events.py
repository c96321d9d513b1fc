"""Events. Their registrants can be very many: they are a list of their own, to which the event's page leads."""

from collections.abc import Callable
from typing import Any, ClassVar

from django.contrib import admin
from django.db import router
from django.db.models import F, ProtectedError, RestrictedError
from django.db.models.deletion import Collector
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst

from contacts.models import Event
from contacts.standing import registration_counts

from .people import ListAdmin, ListTool

EventTool = Callable[[HttpRequest, Event], ListTool | None]


@admin.register(Event)
class EventAdmin(ListAdmin):
    """`tools` gives links for the event's page; other apps add theirs: `EventAdmin.tools.append(...)`."""

    list_display = ("title", "date", "registered", "textable", "created_at")
    search_fields = ("title",)
    search_help_text = "A part of the title."
    ordering: ClassVar[tuple[Any, ...]] = (F("date").desc(nulls_last=True), "-pk")
    fields = ("title", "date")
    empty_list = "There is no event yet."
    delete_warning = "Its registrations are deleted with it. Blasts that went to its registrants stay on record."
    actions = None
    tools: ClassVar[list[EventTool]] = []

    def prepare_page(self, rows: list[Event]) -> None:
        counts = registration_counts(event.pk for event in rows)
        for event in rows:
            event.counts = counts[event.pk]  # type: ignore[attr-defined]

    @admin.display(description="registered")
    def registered(self, event: Any) -> SafeString:
        return format_html('<a href="{}">{}</a>', registrations_address(event), f"{event.counts.total:,}")

    @admin.display(description="can be texted")
    def textable(self, event: Any) -> str:
        return f"{event.counts.textable:,}"

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Event | None = None,
    ) -> HttpResponse:
        if obj is not None:
            context["counts"] = registration_counts([obj.pk])[obj.pk]
            context["registrations_address"] = registrations_address(obj)
            context["page_tools"] = self.get_page_tools(request, obj)
        return super().render_change_form(request, context, add, change, form_url, obj)

    def get_page_tools(self, request: HttpRequest, event: Event) -> list[ListTool]:
        """(label, address) of what this user can do with the event."""
        return [tool for make in self.tools if (tool := make(request, event))]

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[Any], dict[str, int], set[str], list[str]]:
        """What goes with the event, in numbers: Django's own would name every registration."""
        collector = Collector(using=router.db_for_write(Event))
        protected: list[str] = []
        try:
            collector.collect(objs)
        except (ProtectedError, RestrictedError) as error:
            blocking = error.protected_objects if isinstance(error, ProtectedError) else error.restricted_objects
            protected = [capfirst(f"{row._meta.verbose_name} “{row}”") for row in blocking]
        counts: dict[Any, int] = {model: len(rows) for model, rows in collector.data.items()}
        for rows in collector.fast_deletes:
            counts[rows.model] = counts.get(rows.model, 0) + rows.count()
        counts.pop(Event, None)
        named = {str(model._meta.verbose_name_plural): count for model, count in counts.items() if count}
        missing = {
            str(model._meta.verbose_name)
            for model in (Event, *counts)
            if (registered := self.admin_site._registry.get(model)) and not registered.has_delete_permission(request)
        }
        return [str(event) for event in objs], named, missing, protected


def registrations_address(event: Event) -> str:
    """The list of registrations, narrowed to the event."""
    return f"{reverse('admin:contacts_eventregistration_changelist')}?event={event.pk}"


def see_registrations(request: HttpRequest, event: Event) -> ListTool | None:
    allowed = request.user.has_perm("contacts.view_eventregistration")
    return ("See the registrations", registrations_address(event)) if allowed else None


def add_registration(request: HttpRequest, event: Event) -> ListTool | None:
    allowed = request.user.has_perm("contacts.add_eventregistration")
    address = reverse("admin:contacts_eventregistration_add")
    return ("Add a registration", f"{address}?event={event.pk}") if allowed else None


EventAdmin.tools += [see_registrations, add_registration]
