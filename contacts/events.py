"""Changes of events, of which other apps are told: reminders move with their event."""

from typing import Final

from django.db import transaction
from django.dispatch import Signal
from django.utils import timezone

from .models import Event

# Sent within the transaction of the change, with the event as sender's `event`.
event_changed: Final = Signal()
# Sent instead when it is saved for the first time.
event_created: Final = Signal()


def save(event: Event) -> None:
    """Save an event's own fields. Its day follows from its start."""
    with transaction.atomic():
        if (start := event.local_start) is not None:
            event.date = start.date()
        is_new = event._state.adding
        event.save()
        (event_created if is_new else event_changed).send(Event, event=event)


def cancel(event: Event) -> bool:
    """Call an event off. Returns False if it was off already. The people stay registered."""
    return _set_canceled(event, is_canceled=True)


def reinstate(event: Event) -> bool:
    """Take the cancellation back. Returns False if it wasn't off."""
    return _set_canceled(event, is_canceled=False)


def _set_canceled(event: Event, is_canceled: bool) -> bool:
    with transaction.atomic():
        rows = Event.objects.filter(pk=event.pk, canceled_at__isnull=is_canceled)
        if not rows.update(canceled_at=timezone.now() if is_canceled else None):
            return False
        event.refresh_from_db()
        event_changed.send(Event, event=event)
    return True
