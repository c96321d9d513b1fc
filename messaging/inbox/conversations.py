"""What staff do with conversations: name them, mark them read, delete texts, decide what a text meant.

Receiving texts is `messaging.inbound.receive`, answering them `messaging.inbox.replies`, finding them
`messaging.inbox.search`, what a conversation's page shows `messaging.inbox.timeline`.
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

# Texts that may mean stop: what a page can show of one conversation and a person decide.
ASKED_AT_ONCE: Final = 10
_BATCH: Final = 200
# Longer than any transaction takes that stores a text.
_SETTLES_WITHIN: Final = timedelta(seconds=10)


class CannotDelete(Exception):
    """The text has to stay for now; str() is a sentence for staff."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits for staff: unread texts and their conversations; possible opt-outs that await a decision."""

    texts: int
    conversations: int
    undecided: int


def waiting() -> Waiting:
    """From the two small indexes of what is unread and flagged."""
    unread = InboxThread.objects.unread().aggregate(texts=Sum("unread_count"), count=Count("pk"))
    return Waiting(unread["texts"] or 0, unread["count"], InboxThread.objects.undecided().count())


def count_unread() -> int:
    """How many texts nobody has read yet."""
    return InboxThread.objects.unread().aggregate(texts=Sum("unread_count"))["texts"] or 0


# Reading ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Marked:
    """How many conversations have nothing unread any more, and how many have a text that came too late for that."""

    read: int
    newer: int


def newest_shown() -> int:
    """The id up to which all texts can be seen by now; 0 without one.

    PostgreSQL gives a text its id a moment before others can see it, so those of the last seconds do not count.
    """
    settled = InboxMessage.objects.filter(created_at__lte=timezone.now() - _SETTLES_WITHIN)
    return settled.order_by("-pk").values_list("pk", flat=True).first() or 0


def mark_read(thread: InboxThread, up_to: int, after: int = 0) -> None:
    """Staff have read the texts with ids above `after`, up to `up_to`.

    What came later stays unread, and so does what was unread up to `after`, as where somebody has just put the
    conversation before staff again.
    """
    with transaction.atomic():
        unread = _lock([thread.pk]).values_list("unread_count", flat=True).first() or 0
        later = thread.messages.for_staff().filter(pk__gt=up_to).count()
        earlier = max(unread - thread.messages.for_staff().filter(pk__gt=after).count(), 0) if after else 0
        InboxThread.objects.filter(pk=thread.pk).update(unread_count=min(unread, later + earlier))


def first_unread(thread: InboxThread) -> int:
    """The id of the text that has waited longest for somebody to read it; 0 without one."""
    return min(_unread(thread), default=0)


def _unread(thread: InboxThread) -> QuerySet[InboxMessage, int]:
    """The ids of the texts that nobody has read yet: stored is how many, and they are the latest for staff."""
    return thread.messages.for_staff().order_by("-pk").values_list("pk", flat=True)[: thread.unread_count]


def mark_all_read(threads: InboxThreadQuerySet, seen: Mapping[int, int], otherwise: int) -> Marked:
    """Staff have read each thread up to the text that `seen` has for it, else up to the text `otherwise` (ids)."""
    read = newer = 0
    for batch in _batches(threads.unread()):
        marked = _mark_batch_read({pk: seen.get(pk, otherwise) for pk in batch})
        read += marked.read
        newer += marked.newer
    return Marked(read, newer)


def _mark_batch_read(up_to: Mapping[int, int]) -> Marked:
    """For threads by their ids. Locked first: a text that comes while they are looked at waits, and counts anew."""
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
    """Put conversations before staff again. How many had nothing unread."""
    marked = 0
    for batch in _batches(threads.filter(unread_count=0)):
        with transaction.atomic():
            read = list(_lock(batch).filter(unread_count=0).values_list("pk", flat=True))
            marked += InboxThread.objects.filter(pk__in=read).update(unread_count=1)
    return marked


def _batches(threads: InboxThreadQuerySet) -> Iterator[list[int]]:
    """Their ids. Each batch is for a transaction of its own: who texts meanwhile waits for no more than one."""
    keys = threads.order_by("pk").values_list("pk", flat=True)
    last = 0
    while batch := list(keys.filter(pk__gt=last)[:_BATCH]):
        yield batch
        last = batch[-1]


def _lock(keys: Iterable[int]) -> InboxThreadQuerySet:
    """These threads, to be locked in the order of their ids: two who lock some of the same never wait in a circle."""
    return InboxThread.objects.select_for_update().filter(pk__in=keys).order_by("pk")


# Names and texts ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Called:
    """What a person is called: `shown` as staff named them, else as our lists do, else by their number. `listed` is
    the name on our lists where that is another one, else ""."""

    shown: str
    listed: str


def names(threads: Iterable[InboxThread]) -> dict[int, Called]:
    """What each thread's person is called, by the thread's id."""
    rows = list(threads)
    known = known_names(row.phone for row in rows)
    return {row.pk: _called(row, known.get(row.phone, "")) for row in rows}


def _called(thread: InboxThread, listed: str) -> Called:
    shown = thread.contact_name or listed or phones.display(thread.phone)
    return Called(shown, listed if listed != shown else "")


def shown_names(threads: Iterable[InboxThread]) -> dict[int, str]:
    """Of `names`, what is shown."""
    return {pk: called.shown for pk, called in names(threads).items()}


def assign_name(thread: InboxThread, name: str) -> None:
    """What staff call the person; "" takes the name away, and the lists know best again."""
    InboxThread.objects.filter(pk=thread.pk).update(contact_name=" ".join(name.split()) or None)


def delete_text(message: InboxMessage) -> None:
    """Delete one text from its conversation; the list of conversations then shows the one before it.

    Blasts, deliveries and the consent trail stay. Raises CannotDelete for what is still being sent.
    """
    with transaction.atomic():
        thread = InboxThread.objects.select_for_update().get(pk=message.thread_id)
        # Its sender reads the words from here, and so does whoever looks for evidence of it.
        delivery = Delivery.objects.select_for_update().filter(pk=message.delivery_id or 0).first()
        if delivery and delivery.status in (Delivery.Status.PENDING, Delivery.Status.SENDING):
            raise CannotDelete("This text is still being sent. Delete it when it has left.")
        if delivery and delivery.status == Delivery.Status.UNKNOWN and not delivery.is_left:
            raise CannotDelete("Nobody knows yet whether this text has left. Decide that first, then delete it.")
        unread = thread.unread_count - (message.pk in _unread(thread))
        if InboxMessage.objects.filter(pk=message.pk).delete()[0] and message.message_sid:
            DeletedText.objects.get_or_create(message_sid=message.message_sid)
        _follow_up(thread, unread)


def _follow_up(thread: InboxThread, unread: int) -> None:
    """Have the thread say what its remaining texts say, and that `unread` of them are unread."""
    last = thread.messages.order_by("-pk").first()
    received = thread.messages.received()
    InboxThread.objects.filter(pk=thread.pk).update(
        last_message_preview=preview(last.body) if last else None,
        last_direction=last.direction if last else None,
        last_message_at=last.created_at if last else thread.last_message_at,
        unread_count=received[:unread].count(),
        flagged_at=_flagged_since(thread),
    )


# What may mean stop -------------------------------------------------------------------------------------------


def flagged(thread: InboxThread) -> list[InboxMessage]:
    """The texts that wait for a decision, the oldest first: as many as staff are asked about at once."""
    return list(thread.messages.flagged().order_by("pk")[:ASKED_AT_ONCE])


def opt_out(thread: InboxThread, shown: Collection[int], user: AppUser) -> bool:
    """Staff's decision: of the texts with these ids, which were shown, the flagged ones mean stop.

    False if none of them is flagged any more.
    """
    with transaction.atomic():
        words = _unflag(thread, shown)
        if words:
            source = UnsubscribedContact.Source.MANUAL
            name = thread.contact_name
            opting_out.opt_out(thread.phone, source, name=name, words="\n".join(words), actor=user.get_username())
    return bool(words)


def keep_texting(thread: InboxThread, shown: Collection[int]) -> bool:
    """Staff's decision: the flagged ones of the texts with these ids do not mean stop. False as in `opt_out`."""
    with transaction.atomic():
        return bool(_unflag(thread, shown))


def _unflag(thread: InboxThread, shown: Collection[int]) -> list[str]:
    """The words of what was flagged. What staff were not shown stays flagged."""
    InboxThread.objects.select_for_update().get(pk=thread.pk)
    decided = list(thread.messages.flagged().filter(pk__in=shown).order_by("pk"))
    words = [message.body for message in decided]
    InboxMessage.objects.filter(pk__in=[message.pk for message in decided]).update(is_flagged=False)
    InboxThread.objects.filter(pk=thread.pk).update(flagged_at=_flagged_since(thread))
    return words


def hear_opt_outs(**_: Any) -> None:
    """Receives contacts.consent.opting_out.opted_out.

    The questions end once the opt-out stands: an inbound text locks its conversation before the lists of people, and
    whoever locks them the other way round may wait for it in a circle.
    """
    transaction.on_commit(end_questions, robust=True)


def end_questions() -> None:
    """Ask of nobody who has opted out, in whatever way, whether a text means stop. Safe to repeat."""
    asked = InboxThread.objects.undecided().filter(wants_no_texts())
    for batch in _batches(asked):
        with transaction.atomic():
            settled = list(_lock(batch).values_list("pk", flat=True))
            InboxMessage.objects.flagged().filter(thread__in=settled).update(is_flagged=False)
            InboxThread.objects.filter(pk__in=settled).update(flagged_at=None)


def _flagged_since(thread: InboxThread) -> datetime | None:
    flagged = thread.messages.flagged().order_by("pk")
    return flagged.values_list("created_at", flat=True).first()
