"""Actions on conversations: name them, mark them as read, delete texts, review possible opt-outs.

For receiving texts see `messaging.inbound.receive`, for replies `messaging.inbox.replies`, for search
`messaging.inbox.search`, and for the conversation page `messaging.inbox.timeline`.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models import Count, Q, QuerySet, Sum
from django.utils import timezone

from accounts.models import AppUser
from contacts import phones
from contacts.consent import opting_out
from contacts.models import UnsubscribedContact
from contacts.models.suppression import wants_no_texts
from contacts.names import known_names

from ..inbound.receive import preview
from ..models import DeletedText, Delivery, InboxMessage, InboxThread
from ..models.inbox import InboxThreadQuerySet

# How many possible opt-outs of one conversation a page shows at once.
ASKED_AT_ONCE: Final = 10
_BATCH: Final = 200
# Longer than any transaction that stores a text.
_SETTLES_WITHIN: Final = timedelta(seconds=10)


class CannotDelete(Exception):
    """The text can't be deleted yet; str() is a sentence for staff."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """What is waiting for staff: unread texts and their conversations, conversations with possible opt-outs to
    review, and since when the oldest of those has been waiting."""

    texts: int
    conversations: int
    undecided: int


def waiting() -> Waiting:
    """Reads only two small partial indexes."""
    unread = InboxThread.objects.unread().aggregate(texts=Sum("unread_count"), count=Count("pk"))
    return Waiting(unread["texts"] or 0, unread["count"], InboxThread.objects.undecided().count())


def count_unread() -> int:
    """The number of unread texts."""
    return InboxThread.objects.unread().aggregate(texts=Sum("unread_count"))["texts"] or 0


# Reading ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Marked:
    """How many conversations are now read, and how many stay unread because of newer texts."""

    read: int
    newer: int


def newest_shown() -> int:
    """The id up to which all texts are visible by now; 0 if there are none.

    PostgreSQL assigns an id a moment before others can see the row, so the last seconds' texts don't count.
    """
    settled = InboxMessage.objects.filter(created_at__lte=timezone.now() - _SETTLES_WITHIN)
    return settled.order_by("-pk").values_list("pk", flat=True).first() or 0


def mark_read(thread: InboxThread, up_to: int, after: int = 0) -> None:
    """Mark the texts with ids above `after`, up to `up_to`, as read.

    Later texts stay unread, and so do unread ones up to `after`, for example after someone marked the conversation as
    unread.
    """
    with transaction.atomic():
        unread = _lock([thread.pk]).values_list("unread_count", flat=True).first() or 0
        later = thread.messages.for_staff().filter(pk__gt=up_to).count()
        earlier = max(unread - thread.messages.for_staff().filter(pk__gt=after).count(), 0) if after else 0
        InboxThread.objects.filter(pk=thread.pk).update(unread_count=min(unread, later + earlier))


def first_unread(thread: InboxThread) -> int:
    """The id of the oldest unread text; 0 if there is none."""
    return min(_unread(thread), default=0)


def _unread(thread: InboxThread) -> QuerySet[InboxMessage, int]:
    """The ids of the unread texts. Only their number is stored: they are the latest ones that need reading."""
    return thread.messages.for_staff().order_by("-pk").values_list("pk", flat=True)[: thread.unread_count]


def mark_all_read(threads: InboxThreadQuerySet, seen: Mapping[int, int], otherwise: int) -> Marked:
    """Mark each thread as read up to its text in `seen`, or else up to `otherwise` (ids)."""
    read = newer = 0
    for batch in _batches(threads.unread()):
        marked = _mark_batch_read({pk: seen.get(pk, otherwise) for pk in batch})
        read += marked.read
        newer += marked.newer
    return Marked(read, newer)


def _mark_batch_read(up_to: Mapping[int, int]) -> Marked:
    """Maps thread ids to text ids. The threads are locked first, so that texts arriving meanwhile wait and count."""
    with transaction.atomic():
        unread = dict(_lock(up_to).unread().values_list("pk", "unread_count"))
        is_later = Q(pk__in=())
        for mark in {up_to[pk] for pk in unread}:
            is_later |= Q(thread__in=[pk for pk in unread if up_to[pk] == mark], pk__gt=mark)
        later = dict(InboxMessage.objects.for_staff().filter(is_later).values_list("thread").annotate(Count("pk")))
        InboxThread.objects.filter(pk__in=unread.keys() - later.keys()).update(unread_count=0)
        for pk, count in later.items():
            InboxThread.objects.filter(pk=pk, unread_count__gt=count).update(unread_count=count)
    return Marked(len(unread) - len(later), len(later))


def mark_unread(threads: InboxThreadQuerySet) -> int:
    """Mark conversations as unread. Returns how many were read before."""
    marked = 0
    for batch in _batches(threads.filter(unread_count=0)):
        with transaction.atomic():
            read = list(_lock(batch).filter(unread_count=0).values_list("pk", flat=True))
            marked += InboxThread.objects.filter(pk__in=read).update(unread_count=1)
    return marked


def _batches(threads: InboxThreadQuerySet) -> Iterator[list[int]]:
    """Their ids in batches, one transaction each, so that incoming texts don't wait long."""
    keys = threads.order_by("pk").values_list("pk", flat=True)
    last = 0
    while batch := list(keys.filter(pk__gt=last)[:_BATCH]):
        yield batch
        last = batch[-1]


def _lock(keys: Iterable[int]) -> InboxThreadQuerySet:
    """These threads, to be locked in the order of their ids, which avoids deadlocks."""
    return InboxThread.objects.select_for_update().filter(pk__in=keys).order_by("pk")


# Names and texts ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Called:
    """A person's names: `shown` is given by staff, or from our lists, or the number. `listed` is the name on our
    lists if it differs, or ""."""

    shown: str
    listed: str


def names(threads: Iterable[InboxThread]) -> dict[int, Called]:
    """Each thread's names by the thread's id."""
    rows = list(threads)
    known = known_names(row.phone for row in rows)
    return {row.pk: _called(row, known.get(row.phone, "")) for row in rows}


def _called(thread: InboxThread, listed: str) -> Called:
    shown = thread.contact_name or listed or phones.display(thread.phone)
    return Called(shown, listed if listed != shown else "")


def shown_names(threads: Iterable[InboxThread]) -> dict[int, str]:
    """Each thread's shown name by the thread's id."""
    return {pk: called.shown for pk, called in names(threads).items()}


def assign_name(thread: InboxThread, name: str) -> None:
    """Set the name given by staff. With "", the name from our lists is shown again."""
    InboxThread.objects.filter(pk=thread.pk).update(contact_name=" ".join(name.split()) or None)


def on_renamed(phone: str, name: str, **_: Any) -> None:
    """Signal receiver for `contacts.profiles.renamed`: a name that staff gave in the inbox follows."""
    InboxThread.objects.filter(phone=phone).exclude(contact_name=None).update(contact_name=name or None)


def delete_text(message: InboxMessage) -> None:
    """Delete one text from its conversation. The inbox then shows the one before it.

    Blasts, deliveries and consent history stay. Raises CannotDelete for a text that is still being sent.
    """
    with transaction.atomic():
        thread = InboxThread.objects.select_for_update().get(pk=message.thread_id)
        # The sender and reconciliation read the text from here.
        delivery = Delivery.objects.select_for_update().filter(pk=message.delivery_id or 0).first()
        if delivery and delivery.status in (Delivery.Status.PENDING, Delivery.Status.SENDING):
            raise CannotDelete("This text is still being sent. Wait until it’s sent, then delete it.")
        if delivery and delivery.status == Delivery.Status.UNKNOWN and not delivery.is_left:
            raise CannotDelete("We’re not sure yet whether this text arrived. Decide that first, then delete it.")
        unread = thread.unread_count - (message.pk in _unread(thread))
        if InboxMessage.objects.filter(pk=message.pk).delete()[0] and message.message_sid:
            DeletedText.objects.get_or_create(message_sid=message.message_sid)
        _follow_up(thread, unread)


def _follow_up(thread: InboxThread, unread: int) -> None:
    """Update the thread from its remaining texts, of which `unread` are unread."""
    last = thread.messages.order_by("-created_at", "-pk").first()
    received = thread.messages.received()
    InboxThread.objects.filter(pk=thread.pk).update(
        last_message_preview=preview(last.shown_body) if last else None,
        last_direction=last.direction if last else None,
        last_message_at=last.created_at if last else thread.last_message_at,
        unread_count=received[:unread].count(),
        flagged_at=_flagged_since(thread),
    )


# Possible opt-outs --------------------------------------------------------------------------------------------


def flagged(thread: InboxThread) -> list[InboxMessage]:
    """The texts to review, oldest first: as many as a page shows at once."""
    return list(thread.messages.flagged().order_by("pk")[:ASKED_AT_ONCE])


def opt_out(thread: InboxThread, shown: Collection[int], user: AppUser) -> bool:
    """Opt out the person, because staff decided that the flagged texts among `shown` (ids) are opt-outs.

    Returns False if none of them is still flagged.
    """
    with transaction.atomic():
        words = _unflag(thread, shown)
        if words:
            source = UnsubscribedContact.Source.MANUAL
            name = thread.contact_name
            opting_out.opt_out(thread.phone, source, name=name, words="\n".join(words), actor=user.get_username())
    return bool(words)


def keep_texting(thread: InboxThread, shown: Collection[int]) -> bool:
    """Unflag the texts among `shown` (ids), because staff decided that they aren't opt-outs. Returns as `opt_out`."""
    with transaction.atomic():
        return bool(_unflag(thread, shown))


def _unflag(thread: InboxThread, shown: Collection[int]) -> list[str]:
    """Unflag texts that were shown, and return their words."""
    InboxThread.objects.select_for_update().get(pk=thread.pk)
    decided = list(thread.messages.flagged().filter(pk__in=shown).order_by("pk"))
    words = [message.body for message in decided]
    InboxMessage.objects.filter(pk__in=[message.pk for message in decided]).update(is_flagged=False)
    InboxThread.objects.filter(pk=thread.pk).update(flagged_at=_flagged_since(thread))
    return words


def on_opted_out(**_: Any) -> None:
    """Signal receiver for `contacts.consent.opting_out.opted_out`.

    Runs after the commit: an inbound text locks its conversation before the lists of people, and the other order
    could deadlock.
    """
    transaction.on_commit(clear_flags_of_opted_out, robust=True)


def clear_flags_of_opted_out() -> None:
    """Unflag possible opt-outs of people who have opted out. Safe to repeat."""
    flagged = InboxThread.objects.undecided().filter(wants_no_texts())
    for batch in _batches(flagged):
        with transaction.atomic():
            settled = list(_lock(batch).values_list("pk", flat=True))
            InboxMessage.objects.flagged().filter(thread__in=settled).update(is_flagged=False)
            InboxThread.objects.filter(pk__in=settled).update(flagged_at=None)


def _flagged_since(thread: InboxThread) -> datetime | None:
    flagged = thread.messages.flagged().order_by("pk")
    return flagged.values_list("created_at", flat=True).first()
