"""The practice phone, on which staff chat with their own surveys before anyone else does.

Each user has a fictional number: +1 99x 555-01xx. No area code begins with 99, so nobody has it or can text from it.
Its texts go through `messaging.inbound.receive` like any others, with all their effects; the number marks them as a
test. Tests aren't counted in `start_count` and `completion_count`, the results show them separately, the inbox labels
their conversations and doesn't mark them unread, and `forget` deletes everything they created.
"""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from contacts.consent import opting_out
from contacts.models import EventRegistration, UnsubscribedContact
from messaging.inbound import receive
from messaging.models import InboxMessage, InboxThread
from smsadmin.lib.locks import lock_bulk_changes

from .models import SurveyFlow, SurveyResponse, SurveySession

BEGINNING: Final = "+199"
# Sessions and answers that are tests.
IS_TRY: Final = Q(phone__startswith=BEGINNING)


@dataclass(frozen=True, slots=True)
class Left:
    """What the texts of one practice phone created, apart from its conversation in the inbox."""

    sessions: list[SurveySession]
    registrations: list[EventRegistration]
    is_opted_out: bool


def number_of(user_id: int) -> str:
    """The fictional number of that user; one in a thousand users shares it."""
    return f"{BEGINNING}{user_id % 10}55501{user_id // 10 % 100:02}"


def is_try(phone: str) -> bool:
    return phone.startswith(BEGINNING)


def tag_of(phone: str) -> str:
    """The label of a test in the inbox."""
    return "Test" if is_try(phone) else ""


def text(phone: str, body: str, token: uuid.UUID) -> None:
    """Sends a text from the practice phone. The same token again does nothing, like a repeat from Twilio."""
    receive.receive(
        {
            "MessageSid": f"SM{token.hex}",
            "From": phone,
            "To": settings.TWILIO_FROM_NUMBER or "",
            "Body": body,
        },
        is_simulated=True,
        is_read=True,
    )


def conversation(phone: str, most: int) -> list[InboxMessage]:
    """The last texts with that number, in order."""
    return list(InboxMessage.objects.filter(thread__phone=phone).order_by("-pk")[:most])[::-1]


def left_by(phone: str) -> Left:
    return Left(
        list(SurveySession.objects.filter(phone=phone).select_related("survey").order_by("-pk")),
        list(EventRegistration.objects.filter(phone=phone).select_related("event").order_by("pk")),
        UnsubscribedContact.objects.filter(phone=phone).exists(),
    )


def forget(phones: Iterable[str], actor: str) -> int:
    """Deletes everything that these practice phones created, except for the consent history, which is permanent.

    Returns how many sessions there were. Ignores any other numbers among `phones`. `actor` is the user's name.
    """
    tries = [phone for phone in phones if is_try(phone)]
    with transaction.atomic():
        lock_bulk_changes()
        # The threads first: anyone texting in right now waits for them, or is waited for.
        threads = list(InboxThread.objects.select_for_update().filter(phone__in=tries).order_by("pk"))
        InboxThread.objects.filter(pk__in=[thread.pk for thread in threads]).delete()
        SurveyResponse.objects.filter(phone__in=tries).delete()
        _, deleted = SurveySession.objects.filter(phone__in=tries).delete()
        EventRegistration.objects.filter(phone__in=tries).delete()
        opting_out.lift(UnsubscribedContact.objects.filter(phone__in=tries), actor)
    return deleted.get(SurveySession._meta.label, 0)


def phones_that_tried(survey: SurveyFlow) -> list[str]:
    return list(survey.sessions.filter(IS_TRY).order_by().values_list("phone", flat=True).distinct())
