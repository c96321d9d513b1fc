"""The page of an event: who is registered, and registering people without leaving it."""

from typing import Any, Final

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_POST

from contacts import phones, searching, textability
from contacts.known_people import Person
from contacts.models import Event, EventRegistration
from smsadmin.lib.ids import read_key

from .changelist import MOST_FOUND
from .picking import PersonForm

SHOWN: Final = 50
SEE: Final = "contacts.view_eventregistration"
REGISTER: Final = "contacts.add_eventregistration"


class EventPage(admin.ModelAdmin):
    """Adds the registrations to the page, and the view that adds one."""

    change_form_template = "contacts/event.html"

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(require_POST(self.register_view))
        return [path("<path:object_id>/register/", view, name="contacts_event_register"), *super().get_urls()]

    def register_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Registers the posted person. What needs a choice or a correction is asked on the event's page."""
        if not request.user.has_perm(REGISTER):
            raise PermissionDenied
        event = get_object_or_404(Event, pk=read_key(unquote(object_id)))
        form = PersonForm(request.user, request.POST)
        if form.is_valid() and form.person:
            self._register(request, event, form.person)
            return HttpResponseRedirect(_page_of(event))
        return HttpResponseRedirect(_page_of(event, request.POST.get("who", "")))

    def _register(self, request: HttpRequest, event: Event, person: Person) -> None:
        registration, is_new = EventRegistration.objects.get_or_create(
            event=event, phone=person.phone, defaults={"name": person.name or None}
        )
        if not is_new:
            messages.info(request, f"{registration.name or person.number} is already registered.")
            return
        registrations = self.admin_site.get_model_admin(EventRegistration)
        registrations.log_addition(request, registration, [{"added": {}}])
        said = f"Registered {person.title}."
        match textability.standings([person.phone])[person.phone].state:
            case "opted_out":
                said += " They opted out, so blasts skip them."
            case "suppressed":
                said += " Their number is unreachable, so blasts skip them."
        messages.success(request, said)

    def people_context(self, request: HttpRequest, event: Event) -> dict[str, Any]:
        """The newest registrations, or those that `q` finds, and the form for one more; empty for who may not see."""
        if not request.user.has_perm(SEE):
            return {}
        query = request.GET.get("q", "").replace("\0", "").strip()
        found: Any = event.registrations.order_by("-pk")
        found = searching.search(found, query, limit=MOST_FOUND)
        rows = list(found[: SHOWN + 1])
        registrations: Any = self.admin_site.get_model_admin(EventRegistration)
        registrations.prepare_page(rows)
        for row in rows:
            row.number = phones.display(row.phone)
        return {
            "registered": rows[:SHOWN],
            "has_more": len(rows) > SHOWN,
            "shown": SHOWN,
            "query": query,
            "form": PersonForm(request.user, request.GET if "who" in request.GET else None),
            "may_register": request.user.has_perm(REGISTER),
        }


def _page_of(event: Event, typed: str | None = None) -> str:
    """The page with the field for the next person in focus; `typed` is what it is to ask about."""
    address = reverse("admin:contacts_event_change", args=[event.pk])
    query = f"?{urlencode({'who': typed})}" if typed is not None else ""
    return f"{address}{query}#id_who"
