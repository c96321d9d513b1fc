"""The section of an event's page with its plan."""

from dataclasses import dataclass
from typing import Final

from django.db.models import Exists, OuterRef
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString

from contacts.models import Event
from messaging.models import PlanLine
from messaging.scheduling import event_plans
from smsadmin.lib import dates

from ..permissions import SCHEDULE

MOST_OFFERED: Final = 20


@dataclass(frozen=True, slots=True)
class Row:
    """A line with what the page says of it. `address` is that of its scheduled blast, "" without one."""

    line: PlanLine
    when: str
    state: str
    address: str
    missing: list[str]


def render(request: HttpRequest, event: Event) -> SafeString:
    """The plan as HTML; "" for who may not schedule."""
    if not request.user.has_perms(SCHEDULE):
        return SafeString("")
    context = {
        "event": event,
        "rows": [_row(line, event) for line in event.plan.select_related("message").order_by("pk")],
        "others": _others(event),
        "has_default": PlanLine.objects.default().exists(),
    }
    return SafeString(render_to_string("messaging/plan.html", context, request=request))


def _row(line: PlanLine, event: Event) -> Row:
    message = line.message
    address = reverse("admin:messaging_scheduledmessage_change", args=[message.pk]) if message else ""
    missing = event_plans.missing_fields(line.text, event)
    return Row(line, event_plans.when_in_words(line), state_of(line, event), address, missing)


def state_of(line: PlanLine, event: Event) -> str:
    """What has become of a line, or will."""
    message = line.message
    if message is not None:
        if not message.is_pending:
            return message.get_status_display()
        by_hand = ", edited by hand" if line.is_edited_by_hand else ""
        return f"Scheduled for {dates.moment(message.scheduled_at)}{by_hand}"
    if event.canceled_at is not None:
        return "Not sent: the event is canceled"
    if line.missed_at is not None:
        return "Missed: its time had passed"
    return "Waits until the event has a start" if line.minutes is not None else "Waits until the event has a date"


def _others(event: Event) -> list[Event]:
    """The newest events whose plans can be copied."""
    planned = Event.objects.filter(Exists(PlanLine.objects.filter(event=OuterRef("pk")))).exclude(pk=event.pk)
    return list(planned.order_by("-pk")[:MOST_OFFERED])
