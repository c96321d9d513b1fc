"""What staff do with conversations: find and name them, mark them read, delete texts, decide what a text meant.

Receiving texts is `messaging.inbound`, answering them `messaging.replying`, what a conversation's page shows
`messaging.timeline`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import Count, Min, Q, QuerySet, Sum

from accounts.models import AppUser
from contacts import opting_out, phones
from contacts.models import CommunityMember, EventRegistration, UnsubscribedContact
from contacts.names import known_names
from contacts.searching import name_matches, phone_matches, read_query

from .inbound import preview
from .models import Delivery, InboxMessage, InboxThread

# Words are looked for in this many of the latest texts: reading every text that ever was would take seconds.
TEXTS_SEARCHED: Final = 100_000
_MOST_WORDS: Final = 8


class CannotDelete(Exception):
    """The text has to stay for now; str() is a sentence for staff."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits for staff: unread texts and their conversations; conversations of which nobody has decided yet
    whether they mean stop, and since when the oldest of them waits."""

    texts: int
    conversations: int
    undecided: int
    undecided_since: datetime | None


def waiting() -> Waiting:
    """From the two small indexes of what is unread and flagged."""
    unread = InboxThread.objects.filter(unread_count__gt=0).aggregate(texts=Sum("unread_count"), count=Count("pk"))
    flagged = InboxThread.objects.filter(flagged_at__isnull=False).aggregate(
        count=Count("pk"), since=Min("flagged_at")
    )
    return Waiting(unread["texts"] or 0, unread["count"], flagged["count"], flagged["since"])


def count_unread() -> int:
    """How many texts nobody has read yet."""
    return InboxThread.objects.filter(unread_count__gt=0).aggregate(texts=Sum("unread_count"))["texts"] or 0


# Finding ------------------------------------------------------------------------------------------------------


def shown_names(threads: Iterable[InboxThread]) -> dict[int, str]:
    """What each thread's person is called: as staff named them, else as our lists do, else by their number."""
    rows = list(threads)
    known = known_names(row.phone for row in rows if not row.contact_name)
    return {row.pk: row.contact_name or known.get(row.phone) or phones.display(row.phone) for row in rows}


def search(threads: QuerySet[InboxThread], text: str, limit: int) -> QuerySet[InboxThread]:
    """The first `limit` of `threads`, in their order, that have what was typed.

    That is a phone however it is written, the words of a name that staff or our lists know, or words that stand in
    one of the latest texts. All threads where nothing is typed.
    """
    tokens = text.split()[:_MOST_WORDS]
    if not tokens:
        return threads
    query = read_query(text)
    spoken = Q()
    for token in tokens:
        spoken &= Q(body__icontains=token)
    newest = InboxMessage.objects.order_by("-pk").values_list("pk", flat=True)
    oldest_searched = max((newest.first() or 0) - TEXTS_SEARCHED, 0)
    found = Q(pk__in=InboxMessage.objects.filter(spoken, pk__gt=oldest_searched).values("thread"))
    if query.words or query.digits:
        found |= _is_called(query.words) & (phone_matches(query) if query.digits else Q())
    keys = list(threads.filter(found).values_list("pk", flat=True)[:limit])
    return threads.filter(pk__in=keys)


def _is_called(words: tuple[str, ...]) -> Q:
    """Whether each of the words is in the name that staff gave, or begins a word of the name on one of our lists."""
    if not words:
        return Q()
    assigned = Q()
    for word in words:
        assigned &= Q(contact_name__icontains=word)
    listed = Q()
    for people in (CommunityMember, EventRegistration):
        listed |= Q(phone__in=people.objects.filter(name_matches(people, words)).values("phone"))
    return assigned | (Q(contact_name=None) & listed)


# Reading ------------------------------------------------------------------------------------------------------


def mark_read(thread: InboxThread, up_to: int) -> None:
    """Staff have read the thread up to the text with that id. What came after it stays unread."""
    with transaction.atomic():
        locked = InboxThread.objects.select_for_update().get(pk=thread.pk)
        if not locked.unread_count:
            return
        later = locked.messages.filter(pk__gt=up_to, direction=InboxMessage.Direction.INBOUND).count()
        if later < locked.unread_count:
            InboxThread.objects.filter(pk=locked.pk).update(unread_count=later)


def mark_all_read(threads: QuerySet[InboxThread]) -> int:
    """How many conversations had something unread."""
    return threads.filter(unread_count__gt=0).update(unread_count=0)


def mark_unread(threads: QuerySet[InboxThread]) -> int:
    """Put conversations before staff again. How many had nothing unread."""
    return threads.filter(unread_count=0).update(unread_count=1)


# Names and texts ----------------------------------------------------------------------------------------------


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
        InboxMessage.objects.filter(pk=message.pk).delete()
        _follow_up(thread)


def _follow_up(thread: InboxThread) -> None:
    """Have the thread say what its remaining texts say."""
    last = thread.messages.order_by("-pk").first()
    received = thread.messages.filter(direction=InboxMessage.Direction.INBOUND)
    InboxThread.objects.filter(pk=thread.pk).update(
        last_message_preview=preview(last.body) if last else None,
        last_direction=last.direction if last else None,
        last_message_at=last.created_at if last else thread.last_message_at,
        unread_count=min(thread.unread_count, received.count()),
        flagged_at=_flagged_since(thread),
    )


# What may mean stop -------------------------------------------------------------------------------------------


def opt_out(thread: InboxThread, up_to: int, user: AppUser) -> bool:
    """Staff's decision: the flagged texts, up to that id, mean stop. False if there are none any more."""
    with transaction.atomic():
        words = _unflag(thread, up_to)
        if words:
            source = UnsubscribedContact.Source.MANUAL
            name = thread.contact_name
            opting_out.opt_out(thread.phone, source, name=name, words="\n".join(words), actor=user.get_username())
    return bool(words)


def keep_texting(thread: InboxThread, up_to: int) -> bool:
    """Staff's decision: the flagged texts, up to that id, do not mean stop. False if there are none any more."""
    with transaction.atomic():
        return bool(_unflag(thread, up_to))


def _unflag(thread: InboxThread, up_to: int) -> list[str]:
    """The words of what was flagged. A text that came after the decision was asked for stays flagged."""
    InboxThread.objects.select_for_update().get(pk=thread.pk)
    decided = thread.messages.filter(is_flagged=True, pk__lte=up_to).order_by("pk")
    words = list(decided.values_list("body", flat=True))
    decided.update(is_flagged=False)
    InboxThread.objects.filter(pk=thread.pk).update(flagged_at=_flagged_since(thread))
    return words


def _flagged_since(thread: InboxThread) -> datetime | None:
    flagged = thread.messages.filter(is_flagged=True).order_by("pk")
    return flagged.values_list("created_at", flat=True).first()
