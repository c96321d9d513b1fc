"""Sample scheduled messages, months ahead, so that none is sent while someone is looking."""

from datetime import timedelta
from typing import Final

from django.utils import timezone

from accounts.models import AppUser
from contacts.models import Event
from messaging.composing.audience import Audience
from messaging.models import ScheduledMessage, Target
from messaging.scheduling import scheduled_messages
from messaging.text.personalization import with_opt_out_line

MESSAGES: Final = (
    (190, "Hi {first_name}, the annual meeting is next Thursday at 6 pm in the community hall. Come and vote!", ""),
    (
        320,
        "{first_name}, thank you for coming to the last potluck. Save the date: the next one is in five weeks!",
        "New Year’s potluck",
    ),
)


def add() -> int:
    """Returns how many were new."""
    added = 0
    for days, text, title in MESSAGES:
        body = with_opt_out_line(text)
        event = Event.objects.filter(title=title).first() if title else None
        if ScheduledMessage.objects.filter(message_body=body).exists() or (title and event is None):
            continue
        audience = Audience(Target.EVENT if event else Target.COMMUNITY, event)
        at = timezone.localtime() + timedelta(days=days)
        at = at.replace(hour=10, minute=0, second=0, microsecond=0)
        scheduled_messages.schedule(body, audience, at, AppUser.objects.order_by("pk").first())
        added += 1
    return added
