"""What staff answer in a conversation: one text to one phone, sent as the texts of a blast are.

Each reply has a delivery of its own, without a blast: claimed before the call, recorded after it, moved on by
delivery reports, and never sent again on a guess (`messaging.sending`). What stays in doubt after the grace period
(`in_question`) is for staff to decide: `send_again` or `leave`.
"""

import logging
import uuid
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import AppUser
from contacts import phones
from contacts.names import known_names
from contacts.opting_out import opted_out_since

from . import reconciling, sending, wording
from .encoding import MAX_CHARACTERS, normalise_newlines
from .inbound import preview
from .models import Delivery, InboxMessage, InboxThread
from .querysets import DeliveryQuerySet

logger = logging.getLogger(__name__)


class CannotReply(Exception):
    """The text cannot be sent; str() is a sentence for staff."""


def why_not(thread: InboxThread) -> str:
    """A sentence that says why nobody can be texted in this conversation; "" where it is possible.

    Who has opted out is not texted, whoever asks. A number that is suppressed is: it was given up because a text
    failed, and by texting us it shows that it lives.
    """
    if not phones.E164.fullmatch(thread.phone):
        return (
            f"“{thread.phone}” is not a number that can be texted: short codes and names of senders take no replies."
        )
    if since := opted_out_since([thread.phone]).get(thread.phone):
        return (
            f"This person opted out on {wording.moment(since)}. Nothing can be sent to them "
            "until they text START to us."
        )
    return ""


def reply(thread: InboxThread, body: str, user: AppUser, token: uuid.UUID) -> InboxMessage:
    """Write one text into a conversation and have it sent.

    `token` is the form's: a second call with it finds the first one's text and writes nothing. Raises CannotReply
    for a text that cannot be sent or a phone that must not be texted; then nothing is written.
    """
    body = _check(normalise_newlines(body).strip())
    with transaction.atomic():
        locked = InboxThread.objects.select_for_update().filter(pk=thread.pk).first()
        if known := InboxMessage.objects.filter(token=token).first():
            if (known.thread_id, known.body) != (thread.pk, body):
                raise CannotReply(
                    "This form has sent another text before, and this one was not sent. "
                    "Load the page again, then send."
                )
            return known
        if locked is None:
            raise CannotReply("This conversation has been deleted. Nothing was sent.")
        if obstacle := why_not(locked):
            raise CannotReply(obstacle)
        message = _write(locked, body, user, token)
        # Robust: where the queue is out of reach, the reply is written all the same, and the sweep has it sent.
        transaction.on_commit(sending.nudge_replies, robust=True)
    return message


def _check(body: str) -> str:
    if not body:
        raise CannotReply("The reply is empty. Write something first.")
    if len(body) > MAX_CHARACTERS:
        raise CannotReply(
            f"The reply has {len(body):,} characters. A text message holds at most {MAX_CHARACTERS:,}: shorten it, "
            "or send it in two."
        )
    if any(character == "\0" or "\ud800" <= character <= "\udfff" for character in body):
        raise CannotReply("The reply has a character in it that no text message can hold. Write it anew.")
    return body


def _write(thread: InboxThread, body: str, user: AppUser, token: uuid.UUID) -> InboxMessage:
    now = timezone.now()
    delivery = Delivery.objects.create(
        phone=thread.phone,
        name=thread.contact_name or known_names([thread.phone]).get(thread.phone),
        updated_at=now,
    )
    message = InboxMessage.objects.create(
        thread=thread,
        phone=thread.phone,
        direction=InboxMessage.Direction.OUTBOUND,
        body=body,
        automation_source=InboxMessage.Source.MANUAL,
        created_at=now,
        delivery=delivery,
        sent_by=user,
        token=token,
    )
    InboxThread.objects.filter(pk=thread.pk).update(
        last_message_at=now,
        last_message_preview=preview(body),
        last_direction=InboxMessage.Direction.OUTBOUND,
        updated_at=now,
    )
    return message


def in_question(now: datetime | None = None) -> QuerySet[InboxMessage]:
    """Replies whose doubt has outlasted the grace period: staff decide about them."""
    return InboxMessage.objects.filter(delivery__in=reconciling.overdue(now).replies())


def send_again(message: InboxMessage, user: AppUser | None, grace: timedelta | None = None) -> None:
    """Staff's decision: send a doubtful reply once more, whatever the person has. `user` is None at the prompt.

    Raises CannotReply where it is in doubt no more, where evidence may still come (`grace` instead of
    SMS_UNKNOWN_GRACE_MINUTES), and where nothing may be sent any more.
    """
    if obstacle := why_not(message.thread):
        raise CannotReply(obstacle)
    with transaction.atomic():
        # Of two decisions the second finds no row: the condition is on columns of the row alone.
        row = reconciling.overdue(grace=grace).filter(pk=message.delivery_id, message_log=None)
        if not row.update(status=Delivery.Status.PENDING, error_message="", updated_at=timezone.now()):
            raise CannotReply(_why_not_again(message))
        transaction.on_commit(sending.nudge_replies, robust=True)
    logger.info("Reply %s goes out again, as user %s has decided", message.pk, user and user.pk)


def leave(message: InboxMessage) -> bool:
    """Staff's decision: leave a doubtful reply as it is. False if it is in doubt no more.

    Nobody is asked about it again; a late report still settles it.
    """
    return bool(_in_doubt(message).update(is_left=True, updated_at=timezone.now()))


def _in_doubt(message: InboxMessage) -> DeliveryQuerySet:
    return Delivery.objects.in_doubt().filter(message_log=None, pk=message.delivery_id or 0)


def _why_not_again(message: InboxMessage) -> str:
    claimed_at = _in_doubt(message).values_list("claimed_at", flat=True).first()
    if claimed_at is None:
        return "This reply is in doubt no more. Nothing was sent."
    until = wording.moment(claimed_at + timedelta(minutes=settings.SMS_UNKNOWN_GRACE_MINUTES))
    return f"Twilio is still being asked whether it took this reply. Decide after {until}, if it is in doubt then."
