"""Calling an event off, and taking that back."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_POST

from contacts import events
from contacts.models import Event
from contacts.textability import registration_counts
from smsadmin.lib.ids import read_key

from .additions import added_to


class EventCancelViews(admin.ModelAdmin):
    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        own = [
            path("<path:object_id>/cancel/", view(self.cancel_view), name="contacts_event_cancel"),
            path(
                "<path:object_id>/reinstate/",
                view(require_POST(self.reinstate_view)),
                name="contacts_event_reinstate",
            ),
        ]
        return own + super().get_urls()

    def cancel_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Asks first; once it is canceled, asks whether to tell the people registered for it."""
        event = self._get_for_change(request, object_id)
        if request.method == "POST":
            if events.cancel(event):
                self.log_change(request, event, "Canceled.")
            return HttpResponseRedirect(reverse("admin:contacts_event_cancel", args=[event.pk]))
        context: dict[str, Any] = self.admin_site.each_context(request) | {
            "opts": self.opts,
            "event": event,
            "counts": registration_counts([event.pk])[event.pk],
            "links": [link for added in added_to(Event) for link in added.page_links(request, event)],
            "title": f"{event.title} is canceled" if event.canceled_at else f"Cancel {event.title}?",
        }
        return TemplateResponse(request, "contacts/event_cancel.html", context)

    def reinstate_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        event = self._get_for_change(request, object_id)
        if events.reinstate(event):
            self.log_change(request, event, "Reinstated.")
            messages.success(request, "Reinstated. Reminders that are still to come are scheduled again.")
        else:
            messages.info(request, "This event isn’t canceled, so nothing was changed.")
        return HttpResponseRedirect(reverse("admin:contacts_event_change", args=[event.pk]))

    def _get_for_change(self, request: HttpRequest, object_id: str) -> Event:
        if not self.has_change_permission(request):
            raise PermissionDenied
        return get_object_or_404(Event, pk=read_key(unquote(object_id)))
