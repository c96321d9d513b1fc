"""What staff answer in a conversation: one text to one phone, sent as the texts of a blast are.

Each reply has a delivery of its own, without a blast: claimed before the call, recorded after it, moved on by
delivery reports, and never sent again on a guess (`messaging.sending.dispatch`). What stays in doubt after the grace
period (`in_question`) is for staff to decide: `send_again` or `leave`. What has failed is for staff too
(`undelivered`): to `repeat` it is to write the same words anew.
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
    found = standings([thread.phone])[thread.phone]
    if found.opt_out:
        return _why_opted_out(found.opt_out.source, found.opt_out.created_at)
    if found.suppression and found.suppression.category == SuppressedContact.Category.OPT_OUT:
        return _why_opted_out(found.suppression.source_type or "", found.suppression.created_at)
    return ""


def _why_opted_out(source: str, since: datetime) -> str:
    """With who can change it. `source` is UnsubscribedContact.source, or SuppressedContact.source_type."""
    at, sources = dates.moment(since), UnsubscribedContact.Source
    if source.startswith("event:") or source in (sources.MANUAL, sources.COMMUNITY, sources.IMPORT):
        who = "an import" if source == sources.IMPORT else "staff"
        return (
            f"This person was opted out by {who} on {at}. Nothing can be sent to them until they text START to us, "
            "or ask for texts in another way and an admin restores them."
        )
    return f"This person opted out on {at}. Nothing can be sent to them until they text START to us."


def reply(thread: InboxThread, body: str, user: AppUser, token: uuid.UUID) -> InboxMessage:
    """Write one text into a conversation and have it sent.

    `token` is the form's: a second call with it finds the first one's text and writes nothing. Raises CannotReply
    for a text that cannot be sent or a phone that must not be texted; then nothing is written.
    """
    body = _check(normalize_newlines(body).strip())
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
        transaction.on_commit(dispatch.nudge_replies, robust=True)
    return message


def _check(body: str) -> str:
    if is_blank(body):
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
    """Replies whose doubt has outlasted the grace period: staff decide about them."""
    return InboxMessage.objects.filter(delivery__in=reconciliation.overdue(now).replies())


def waiting(now: datetime | None = None) -> QuerySet[InboxMessage]:
    """Replies that wait for longer than it takes a worker to take them up."""
    is_old = shared_clock.is_past("updated_at", now or timezone.now(), dispatch.WAITS_AT_MOST)
    rows = Delivery.objects.replies().filter(is_old, status=Delivery.Status.PENDING)
    return InboxMessage.objects.filter(delivery__in=rows)


def are_in_hand() -> bool:
    """Whether a sender works on the replies, is on its way to them, or rests for a while as Twilio has asked."""
    return SenderSlot.objects.for_replies().held(shared_clock.now()).exists()


# Asked which workers run.
workers: Registry[Callable[[], Collection[Any]]] = Registry()


def stalled(messages: Iterable[InboxMessage]) -> set[int]:
    """The ids of those that wait as in `waiting` because no worker runs."""
    before = timezone.now() - dispatch.WAITS_AT_MOST
    found = {
        each.pk
        for each in messages
        if each.delivery and each.delivery.status == Delivery.Status.PENDING and each.delivery.updated_at < before
    }
    return set() if not found or any(find() for find in workers) else found


def undelivered(threads: Collection[int] | None = None) -> QuerySet[InboxMessage]:
    """Replies, in these conversations (ids) or in all, that have failed and that nobody has dealt with: at most one a
    conversation, its latest.

    Who writes another reply has dealt with it, and so has who leaves it at that. Nobody can do anything about one to
    a person who has opted out.
    """
    manual = InboxMessage.objects.filter(automation_source=MANUAL)
    later = manual.filter(thread=OuterRef("thread"), pk__gt=OuterRef("pk"))
    failed = manual.filter(delivery__status__in=Delivery.UNSUCCESSFUL, delivery__is_left=False)
    if threads is None:
        # What is true of every reply names the index by which failures are found.
        failed = failed.filter(delivery__message_log=None)
    else:
        # From the few conversations to their latest replies, not from all failures that ever were.
        latest = manual.filter(thread=OuterRef("pk")).order_by("-pk").values("pk")[:1]
        failed = failed.filter(pk__in=InboxThread.objects.filter(pk__in=threads).values_list(Subquery(latest)))
    return failed.filter(~Exists(later), ~wants_no_texts())


def outcomes(threads: Collection[int], newest: Collection[int]) -> set[tuple[int, str]]:
    """What to tell of conversations in a list: pairs of thread (id) and the state of a delivery of ours in it.

    Told are failure and doubt: of a reply that waits for staff (`in_question`, `undelivered`), and of any text of
    ours among `newest`, the ids of their latest ones.
    """
    told = (Delivery.Status.UNKNOWN, *Delivery.UNSUCCESSFUL)
    latest = InboxMessage.objects.filter(pk__in=newest, delivery__status__in=told)
    doubtful = in_question().filter(thread__in=threads)
    first, *others = (
        each.values_list("thread", "delivery__status") for each in (latest, doubtful, undelivered(threads))
    )
    return set(first.union(*others))


def repeat(message: InboxMessage, user: AppUser) -> InboxMessage:
    """Write a reply that has failed once more, as a new text with a delivery of its own.

    Once: a second call finds the first one's text. Raises CannotReply where it has not failed, where another try
    cannot help, and as `reply` does.
    """
    row = _of(message).first()
    if row is None or row.status not in Delivery.UNSUCCESSFUL or message.automation_source != MANUAL:
        raise CannotReply("This text has not failed, so nothing was sent.")
    if not row.can_be_retried:
        raise CannotReply(f"Nothing was sent, because it would fail again. {row.error_message}".strip())
    return reply(message.thread, message.body, user, _token_of_repeat(message.pk))


def repeated(messages: Iterable[InboxMessage]) -> set[int]:
    """The ids of those that have been written once more (`repeat`). Only what has failed is looked up."""
    failed = (each for each in messages if each.delivery and each.delivery.status in Delivery.UNSUCCESSFUL)
    tokens = {_token_of_repeat(each.pk): each.pk for each in failed}
    found = InboxMessage.objects.filter(token__in=tokens).values_list("token", flat=True) if tokens else ()
    return {tokens[token] for token in found if token}


def _token_of_repeat(pk: int) -> uuid.UUID:
    """In place of a form's: of a text, always the same."""
    return uuid.uuid5(_REPEATS, str(pk))


def send_again(message: InboxMessage, user: AppUser | None, grace: timedelta | None = None) -> None:
    """Staff's decision: send a doubtful reply once more, whatever the person has. `user` is None at the prompt.

    Raises CannotReply where it is in doubt no more, where evidence may still come (`grace` instead of
    SMS_UNKNOWN_GRACE_MINUTES), and where nothing may be sent any more.
    """
    if obstacle := why_not(message.thread):
        raise CannotReply(obstacle)
    with transaction.atomic():
        # Of two decisions the second finds no row: the condition is on columns of the row alone.
        row = reconciliation.overdue(grace=grace).filter(pk=message.delivery_id, message_log=None)
        if not row.update(status=Delivery.Status.PENDING, error_message="", updated_at=timezone.now()):
            raise CannotReply(_why_not_again(message))
        transaction.on_commit(dispatch.nudge_replies, robust=True)
    logger.info("Reply %s goes out again, as user %s has decided", message.pk, user and user.pk)


def leave(message: InboxMessage) -> bool:
    """Staff's decision: leave a reply that is in doubt or has failed as it is. False if it is neither any more.

    Nobody is asked about it again; a late report still settles it.
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
        return "This reply is in doubt no more. Nothing was sent."
    until = dates.moment(claimed_at + timedelta(minutes=settings.SMS_UNKNOWN_GRACE_MINUTES))
    return f"Twilio is still being asked whether it took this reply. Decide after {until}, if it is in doubt then."
