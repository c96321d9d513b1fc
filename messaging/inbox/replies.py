"""Replies by staff in a conversation, sent like the texts of a blast.

Each reply has a delivery without a blast: claimed before the call, recorded after it, updated by delivery reports,
and never resent on a guess (`messaging.sending.dispatch`). Staff decide about outcomes still unknown after the grace
period (`in_question`): `send_again` or `leave`. They also see failed replies (`undelivered`), which `repeat` sends as
new texts.
"""

import logging
import uuid
from collections.abc import Callable, Collection, Iterable
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.utils import timezone

from accounts.models import AppUser
from contacts import phones
from contacts.models import SuppressedContact, UnsubscribedContact
from contacts.models.suppression import wants_no_texts
from contacts.names import known_names
from contacts.textability import standings
from smsadmin.lib import dates, shared_clock
from smsadmin.lib.registry import Registry

from ..inbound.receive import preview
from ..models import Delivery, InboxMessage, InboxThread, SenderSlot
from ..models.deliveries import DeliveryQuerySet
from ..sending import dispatch, reconciliation
from ..text.encoding import MAX_CHARACTERS, normalize_newlines
from ..text.visibility import is_blank

logger = logging.getLogger(__name__)

MANUAL: Final = InboxMessage.Source.MANUAL
_REPEATS: Final = uuid.UUID("2f0c6f0e-5f0b-4d0c-9a53-6c1f7d5f3b8e")


class CannotReply(Exception):
    """The text can't be sent; str() is a sentence for staff."""


def why_not(thread: InboxThread) -> str:
    """Why this conversation's person can't be texted, as a sentence; "" if they can.

    Nobody who has opted out is texted. A suppressed number is: a text to it failed, but since it texts us, it works.
    """
    if not phones.E164.fullmatch(thread.phone):
        return f"“{thread.phone}” can’t be texted. Short codes and sender names don’t take replies."
    found = standings([thread.phone])[thread.phone]
    if found.opt_out:
        return _why_opted_out(found.opt_out.source, found.opt_out.created_at)
    if found.suppression and found.suppression.category == SuppressedContact.Category.OPT_OUT:
        return _why_opted_out(found.suppression.source_type or "", found.suppression.created_at)
    return ""


def _why_opted_out(source: str, since: datetime) -> str:
    """Includes who can change it. `source` is UnsubscribedContact.source or SuppressedContact.source_type."""
    at, sources = dates.moment(since), UnsubscribedContact.Source
    if source.startswith("event:") or source in (sources.MANUAL, sources.COMMUNITY, sources.IMPORT):
        who = "an import" if source == sources.IMPORT else "staff"
        return (
            f"This person was opted out by {who} on {at}. You can’t text them until they text us START, or ask for "
            "texts some other way and an admin allows texts again."
        )
    return f"This person opted out on {at}. You can’t text them until they text us START."


def reply(thread: InboxThread, body: str, user: AppUser, token: uuid.UUID) -> InboxMessage:
    """Write one text into a conversation and queue it for sending.

    `token` comes from the form: a second call with it returns the first one's text and writes nothing. Raises
    CannotReply, without writing anything, if the text can't be sent or the phone must not be texted.
    """
    body = _check(normalize_newlines(body).strip())
    with transaction.atomic():
        locked = InboxThread.objects.select_for_update().filter(pk=thread.pk).first()
        if known := InboxMessage.objects.filter(token=token).first():
            if (known.thread_id, known.body) != (thread.pk, body):
                raise CannotReply(
                    "This form already sent a different text, so this one wasn’t sent. Reload the page, then send."
                )
            return known
        if locked is None:
            raise CannotReply("This conversation was deleted. Nothing was sent.")
        if obstacle := why_not(locked):
            raise CannotReply(obstacle)
        message = _write(locked, body, user, token)
        # Robust: if the queue is unavailable, the reply is still written, and the sweep queues it.
        transaction.on_commit(dispatch.nudge_replies, robust=True)
    return message


def _check(body: str) -> str:
    if is_blank(body):
        raise CannotReply("The reply is empty. Write something first.")
    if len(body) > MAX_CHARACTERS:
        raise CannotReply(
            f"The reply has {len(body):,} characters, and the limit is {MAX_CHARACTERS:,}. Shorten it, or send it as "
            "two texts."
        )
    if any(character == "\0" or "\ud800" <= character <= "\udfff" for character in body):
        raise CannotReply("The reply contains a character that can’t be texted. Type it again.")
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
        automation_source=MANUAL,
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
    """Replies with unknown outcome after the grace period, for staff to decide."""
    return InboxMessage.objects.filter(delivery__in=reconciliation.overdue(now).replies())


def waiting(now: datetime | None = None) -> QuerySet[InboxMessage]:
    """Replies pending for longer than a worker needs to pick them up."""
    is_old = shared_clock.is_past("updated_at", now or timezone.now(), dispatch.WAITS_AT_MOST)
    rows = Delivery.objects.replies().filter(is_old, status=Delivery.Status.PENDING)
    return InboxMessage.objects.filter(delivery__in=rows)


def have_sender() -> bool:
    """Whether a sender has the replies, is queued for them, or rests because Twilio asked it to."""
    return SenderSlot.objects.for_replies().held(shared_clock.now()).exists()


# Functions that return the live workers.
workers: Registry[Callable[[], Collection[Any]]] = Registry()


def stalled(messages: Iterable[InboxMessage]) -> set[int]:
    """The ids of those that are pending as in `waiting` because no worker is running."""
    before = timezone.now() - dispatch.WAITS_AT_MOST
    found = {
        each.pk
        for each in messages
        if each.delivery and each.delivery.status == Delivery.Status.PENDING and each.delivery.updated_at < before
    }
    return set() if not found or any(find() for find in workers) else found


def undelivered(threads: Collection[int] | None = None) -> QuerySet[InboxMessage]:
    """Failed replies in these conversations (ids) or in all that nobody has handled: only the latest of each.

    Handled means that staff wrote another reply or closed it. Replies to opted-out people don't count.
    """
    manual = InboxMessage.objects.filter(automation_source=MANUAL)
    later = manual.filter(thread=OuterRef("thread"), pk__gt=OuterRef("pk"))
    failed = manual.filter(delivery__status__in=Delivery.UNSUCCESSFUL, delivery__is_left=False)
    if threads is None:
        # True of every reply, but makes the database use the index.
        failed = failed.filter(delivery__message_log=None)
    else:
        # From the few conversations to their latest replies, instead of from all failures.
        latest = manual.filter(thread=OuterRef("pk")).order_by("-pk").values("pk")[:1]
        failed = failed.filter(pk__in=InboxThread.objects.filter(pk__in=threads).values_list(Subquery(latest)))
    return failed.filter(~Exists(later), ~wants_no_texts())


def outcomes(threads: Collection[int], newest: Collection[int]) -> set[tuple[int, str]]:
    """Failures and unknown outcomes to show in a list of conversations: pairs of thread id and delivery status.

    For replies that await a decision (`in_question`, `undelivered`), and for our texts among `newest`, the ids of the
    threads' latest texts.
    """
    told = (Delivery.Status.UNKNOWN, *Delivery.UNSUCCESSFUL)
    latest = InboxMessage.objects.filter(pk__in=newest, delivery__status__in=told)
    doubtful = in_question().filter(thread__in=threads)
    first, *others = (
        each.values_list("thread", "delivery__status") for each in (latest, doubtful, undelivered(threads))
    )
    return set(first.union(*others))


def repeat(message: InboxMessage, user: AppUser) -> InboxMessage:
    """Resend a failed reply as a new text with its own delivery.

    Only once: a second call returns the first one's text. Raises CannotReply if it hasn't failed, if it would fail
    again, and as `reply` does.
    """
    row = _of(message).first()
    if row is None or row.status not in Delivery.UNSUCCESSFUL or message.automation_source != MANUAL:
        raise CannotReply("This text didn’t fail, so nothing was sent.")
    if not row.can_be_retried:
        raise CannotReply(f"Nothing was sent because it would fail again. {row.error_message}".strip())
    if message.redacted_at:
        raise CannotReply("The words of this text have been removed because it is old, so nothing was sent.")
    return reply(message.thread, message.body, user, _token_of_repeat(message.pk))


def repeated(messages: Iterable[InboxMessage]) -> set[int]:
    """The ids of failed texts that were resent by `repeat`."""
    failed = (each for each in messages if each.delivery and each.delivery.status in Delivery.UNSUCCESSFUL)
    tokens = {_token_of_repeat(each.pk): each.pk for each in failed}
    found = InboxMessage.objects.filter(token__in=tokens).values_list("token", flat=True) if tokens else ()
    return {tokens[token] for token in found if token}


def _token_of_repeat(pk: int) -> uuid.UUID:
    """A constant token for each text, instead of a form's."""
    return uuid.uuid5(_REPEATS, str(pk))


def send_again(message: InboxMessage, user: AppUser | None, grace: timedelta | None = None) -> None:
    """Resend a reply with unknown outcome, by staff's decision. `user` is None on the command line.

    Raises CannotReply if the outcome is known, during the grace period (`grace` overrides SMS_UNKNOWN_GRACE_MINUTES),
    and if the person can't be texted any more.
    """
    if obstacle := why_not(message.thread):
        raise CannotReply(obstacle)
    with transaction.atomic():
        # Of two concurrent decisions, the second one finds no row.
        row = reconciliation.overdue(grace=grace).filter(pk=message.delivery_id, message_log=None)
        if not row.update(status=Delivery.Status.PENDING, error_message="", updated_at=timezone.now()):
            raise CannotReply(_why_not_again(message))
        transaction.on_commit(dispatch.nudge_replies, robust=True)
    logger.info("Reply %s is resent by user %s", message.pk, user and user.pk)


def leave(message: InboxMessage) -> bool:
    """Close a failed or unconfirmed reply without resending. Returns False if it is neither any more.

    Nobody is asked again; a late report still updates it.
    """
    rows = _in_doubt(message) | _of(message).unsuccessful()
    return bool(rows.update(is_left=True, updated_at=timezone.now()))


def _in_doubt(message: InboxMessage) -> DeliveryQuerySet:
    return _of(message).in_doubt()


def _of(message: InboxMessage) -> DeliveryQuerySet:
    """Its delivery, if any."""
    return Delivery.objects.filter(message_log=None, pk=message.delivery_id or 0)


def _why_not_again(message: InboxMessage) -> str:
    claimed_at = _in_doubt(message).values_list("claimed_at", flat=True).first()
    if claimed_at is None:
        return "This reply’s outcome is now known. Nothing was sent."
    until = dates.moment(claimed_at + timedelta(minutes=settings.SMS_UNKNOWN_GRACE_MINUTES))
    return f"We’re still checking with Twilio whether this reply went out. You can decide after {until}."
