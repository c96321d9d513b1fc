"""Plans of events: each line is an ordinary scheduled blast that moves with its event.

A line that staff edited, sent or canceled by hand is never overwritten. A line whose time has passed is shown as
missed, and never sent late.
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format, time_format

from contacts.models import Event
from smsadmin.lib.plurals import counted

from ..composing.audience import Audience
from ..models import PlanLine, ScheduledMessage, Target
from ..text.personalization import with_opt_out_line

FIELDS: Final = ("{event}", "{event_date}", "{event_time}", "{event_place}")
_FIELD: Final = re.compile(r"\{+\s*event(?:[\s_-]*(date|time|place))?\s*\}+", re.IGNORECASE)
_BRACES: Final = str.maketrans("{}", "()")
_COPIED: Final = ("days", "time", "minutes", "whom", "text")


def fill(text: str, event: Event) -> str:
    """The text with the event's fields filled in; what isn't known is left out."""
    start = event.local_start
    values = {
        None: event.title,
        "date": date_format(event.date, "l, F j") if event.date else "",
        "time": date_format(start, "g:i A") if start else "",
        "place": event.place,
    }

    def value(field: re.Match[str]) -> str:
        # Braces in a title would be taken for a field of the person's.
        return values[field[1].lower() if field[1] else None].translate(_BRACES)

    return _FIELD.sub(value, text)


def missing_fields(text: str, event: Event) -> list[str]:
    """The fields of the event that the text asks for and that are empty."""
    empty = {"date": not event.date, "time": event.starts_at is None, "place": not event.place}
    asked = [found[1].lower() for found in _FIELD.finditer(text) if found[1]]
    return [f"{{event_{name}}}" for name in dict.fromkeys(asked) if empty[name]]


def due_at(line: PlanLine, event: Event) -> datetime | None:
    """When a line goes out, in UTC; None as long as the event lacks the day or the start that it goes by."""
    if line.minutes is not None:
        return event.starts_at and event.starts_at + timedelta(minutes=line.minutes)
    if event.date is None or line.days is None or line.time is None:
        return None
    local = datetime.combine(event.date + timedelta(days=line.days), line.time)
    return local.replace(tzinfo=event.time_zone).astimezone(UTC)


def audience_of(line: PlanLine, event: Event) -> Audience:
    if line.whom == PlanLine.Whom.REGISTERED:
        return Audience(Target.EVENT, event)
    return Audience.defined({"all": [{"community": True}], "none": [{"event": event.pk}]})


def when_in_words(line: PlanLine) -> str:
    """Such as "7 days before at 9:00 AM", "1 hour before", "the day after at 10:00 AM"."""
    if line.minutes is not None:
        side, minutes = ("before" if line.minutes < 0 else "after"), abs(line.minutes)
        if not minutes:
            return "when it starts"
        hours, rest = divmod(minutes, 60)
        parts = [counted(hours, "hour", "hours")] if hours else []
        return f"{' '.join([*parts, *([counted(rest, 'minute', 'minutes')] if rest else [])])} {side}"
    at = f"at {time_format(line.time, 'g:i A')}" if line.time else ""
    days = line.days or 0
    if abs(days) <= 1:
        return f"{('the day before', 'on the day', 'the day after')[days + 1]} {at}"
    return f"{counted(abs(days), 'day', 'days')} {'before' if days < 0 else 'after'} {at}"


def sync(event: Event, now: datetime | None = None) -> None:
    """Bring the scheduled blasts of an event's plan in line with the event. Does nothing that was done before."""
    now = now or timezone.now()
    with transaction.atomic():
        event = Event.objects.select_for_update().get(pk=event.pk)
        for line in event.plan.select_related("message").order_by("pk"):
            _sync_line(line, event, now)


def _sync_line(line: PlanLine, event: Event, now: datetime) -> None:
    message = line.message
    if message is not None and (not message.is_pending or line.is_edited_by_hand):
        if event.canceled_at is not None and message.is_pending:
            _release(line)
        return
    at = due_at(line, event)
    if event.canceled_at is not None or at is None or at <= now:
        if message is not None:
            _release(line)
        is_missed = event.canceled_at is None and at is not None
        PlanLine.objects.filter(pk=line.pk).update(missed_at=now if is_missed else None)
        return
    audience = audience_of(line, event)
    body = with_opt_out_line(fill(line.text, event))
    wanted: dict[str, Any] = {
        "message_body": body,
        "scheduled_at": at,
        "target": audience.target,
        "event": event if audience.target == Target.EVENT else None,
        "definition": audience.stored_definition,
    }
    if message is None:
        line.message = ScheduledMessage.objects.create(**wanted)
    else:
        pending = ScheduledMessage.objects.filter(pk=message.pk, status=ScheduledMessage.Status.PENDING)
        if not pending.update(**wanted):
            return
    line.wrote(body, at)
    line.save()


def _release(line: PlanLine) -> None:
    """Cancel a line's blast; a new one is made if the line gets another time."""
    if line.message is not None and line.message.cancel():
        PlanLine.objects.filter(pk=line.pk).update(message=None, synced_body="", synced_at=None)


def remove(line: PlanLine) -> None:
    """Delete a line, and cancel its blast if that is still to come."""
    with transaction.atomic():
        _release(line)
        line.delete()


def copy(lines: Iterable[PlanLine], event: Event | None) -> int:
    """Add copies of lines to an event's plan, or with None to that for new events. Returns how many."""
    copies = [PlanLine(event=event, **{name: getattr(line, name) for name in _COPIED}) for line in lines]
    with transaction.atomic():
        PlanLine.objects.bulk_create(copies)
        if event is not None:
            sync(event)
    return len(copies)


def save_as_default(event: Event) -> int:
    """Let new events begin with this event's plan. Returns how many lines it has."""
    with transaction.atomic():
        PlanLine.objects.default().delete()
        return copy(event.plan.order_by("pk"), None)


def begin(event: Event) -> int:
    """Give a new event the default plan. Returns how many lines it has."""
    return copy(PlanLine.objects.default().order_by("pk"), event)


def on_event_created(event: Event, **_: Any) -> None:
    begin(event)


def on_event_changed(event: Event, **_: Any) -> None:
    sync(event)
