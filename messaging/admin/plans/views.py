"""Changing an event's plan: adding, editing and removing lines, copying a plan, and the plan for new events."""

from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.text import get_text_list
from django.views.decorators.http import require_POST

from contacts.models import Event
from messaging.models import PlanLine
from messaging.scheduling import event_plans
from messaging.scheduling.plan_forms import PlanLineForm
from smsadmin.lib.ids import read_key
from smsadmin.lib.plurals import counted

from ..permissions import SCHEDULE, require


class PlanViews(admin.ModelAdmin):
    """Admin views of plans. None of them writes on GET."""

    def get_urls(self) -> list[URLPattern]:
        views = {
            "plan/<int:event_id>/add/": ("plan_add", self.plan_add_view),
            "plan/line/<int:line_id>/": ("plan_edit", self.plan_edit_view),
            "plan/line/<int:line_id>/remove/": ("plan_remove", require_POST(self.plan_remove_view)),
            "plan/<int:event_id>/copy/": ("plan_copy", require_POST(self.plan_copy_view)),
            "plan/<int:event_id>/default/": ("plan_default", require_POST(self.plan_default_view)),
        }
        own = [
            path(address, self.admin_site.admin_view(view), name=f"messaging_scheduledmessage_{name}")
            for address, (name, view) in views.items()
        ]
        return own + super().get_urls()

    def plan_add_view(self, request: HttpRequest, event_id: int) -> HttpResponse:
        event = _event(request, event_id)
        return self._edit(request, PlanLine(event=event), event)

    def plan_edit_view(self, request: HttpRequest, line_id: int) -> HttpResponse:
        line = _line(request, line_id)
        return self._edit(request, line, line.event)

    def plan_remove_view(self, request: HttpRequest, line_id: int) -> HttpResponse:
        line = _line(request, line_id)
        event = line.event
        event_plans.remove(line)
        messages.success(request, "Removed from the plan. What was still scheduled is canceled.")
        return _back(event)

    def plan_copy_view(self, request: HttpRequest, event_id: int) -> HttpResponse:
        event = _event(request, event_id)
        other = Event.objects.filter(pk=read_key(request.POST.get("other", ""))).exclude(pk=event.pk).first()
        if other is None:
            messages.info(request, "Choose an event whose plan is to be copied.")
        else:
            copied = event_plans.copy(other.plan.order_by("pk"), event)
            messages.success(request, f"Copied {counted(copied, 'line', 'lines')} from {other}.")
        return _back(event)

    def plan_default_view(self, request: HttpRequest, event_id: int) -> HttpResponse:
        event = _event(request, event_id)
        if event_plans.save_as_default(event):
            messages.success(request, "New events begin with this plan from now on.")
        else:
            messages.success(request, "New events begin without a plan from now on.")
        return _back(event)

    def _edit(self, request: HttpRequest, line: PlanLine, event: Event) -> HttpResponse:
        form = PlanLineForm(request.POST if request.method == "POST" else None, instance=line, event=event)
        if form.is_valid():
            with transaction.atomic():
                saved = form.save()
                event_plans.sync(event)
            messages.success(request, f"Saved: {event_plans.when_in_words(saved)}.")
            if missing := event_plans.missing_fields(saved.text, event):
                said = get_text_list(missing, "and")
                messages.warning(request, f"The event has nothing for {said} yet, so the text has a gap there.")
            return _back(event)
        context: dict[str, Any] = self.admin_site.each_context(request) | {
            "opts": Event._meta,
            "event": event,
            "form": form,
            "fields_offered": event_plans.FIELDS,
            "title": "Edit a text of the plan" if line.pk else "Add a text to the plan",
        }
        return TemplateResponse(request, "messaging/plan_line.html", context)


def _event(request: HttpRequest, pk: int) -> Event:
    require(request, *SCHEDULE, "contacts.view_event")
    return get_object_or_404(Event, pk=read_key(str(pk)))


def _line(request: HttpRequest, pk: int) -> Any:
    """A line of some event's plan. Those of the plan for new events have no page."""
    require(request, *SCHEDULE, "contacts.view_event")
    lines = PlanLine.objects.select_related("event", "message").exclude(event=None)
    return get_object_or_404(lines, pk=read_key(str(pk)))


def _back(event: Event) -> HttpResponse:
    return redirect(f"{reverse('admin:contacts_event_change', args=[event.pk])}#plan")
