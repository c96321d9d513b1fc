"""The practice phone, on which staff chat with their own keyword replies and surveys before anyone else does.

Its texts go through `messaging.inbound.receive` like any others, with all their effects; the number marks them as a
test (see `messaging.practice_numbers`). The inbox doesn't mark them unread, and `forget` deletes everything that they
created.
"""

import uuid
from collections.abc import Callable, Iterable

from django.conf import settings
from django.db import transaction

from contacts.consent import opting_out
from contacts.models import EventRegistration, UnsubscribedContact
from smsadmin.lib.locks import lock_bulk_changes
from smsadmin.lib.registry import Registry

from .inbound import receive
from .models import InboxMessage, InboxThread
from .practice_numbers import is_try

# Called with the numbers whose tests are deleted, in that transaction, by the apps that keep something of theirs.
forgetters: Registry[Callable[[list[str]], None]] = Registry()


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


def forget(phones: Iterable[str], actor: str) -> None:
    """Deletes everything that these practice phones created, except for the consent history, which is permanent.

    Ignores any other numbers among `phones`. `actor` is the user's name.
    """
    tries = [phone for phone in phones if is_try(phone)]
    with transaction.atomic():
        lock_bulk_changes()
        # The threads first: anyone texting in right now waits for them, or is waited for.
        threads = list(InboxThread.objects.select_for_update().filter(phone__in=tries).order_by("pk"))
        InboxThread.objects.filter(pk__in=[thread.pk for thread in threads]).delete()
        for forget_more in forgetters:
            forget_more(tries)
        EventRegistration.objects.filter(phone__in=tries).delete()
        opting_out.lift(UnsubscribedContact.objects.filter(phone__in=tries), actor)
