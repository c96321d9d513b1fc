"""Take people out of every blast, and let them be texted again.

Nobody leaves their list by it: members and registrations stay, marked and skipped. Each change of mind is written
to the consent trail, whoever brought it about.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.dispatch import Signal

from .models import CommunityMember, ConsentRecord, EventRegistration, SuppressedContact, UnsubscribedContact
from .names import known_names

_BATCH: Final = 2000

# Sent with `phones`, a list of E.164 numbers that have just opted out, inside the transaction that records it.
opted_out = Signal()


@dataclass(frozen=True)
class Outcome:
    """How many phones an action changed, and how many were so already or still are kept from texts."""

    changed: int
    unchanged: int


def opt_out(
    phone: str,
    source: str,
    *,
    name: str | None = None,
    reason: str = "",
    words: str = "",
    sid: str = "",
    actor: str = "",
) -> bool:
    """Record that a number wants no more texts; whether it is new. For the fields see ConsentRecord.

    The name is found from our lists where it is not given. A number that opted out before keeps its entry; that it
    said so again is on the trail.
    """
    with transaction.atomic():
        name = name or known_names([phone]).get(phone)
        _, is_new = UnsubscribedContact.objects.get_or_create(
            phone=phone, defaults={"name": name, "reason": reason or words, "source": source}
        )
        ConsentRecord.objects.create(
            phone=phone,
            kind=ConsentRecord.Kind.OPT_OUT,
            source=source,
            words=words or reason,
            message_sid=sid,
            actor=actor,
        )
        opted_out.send(UnsubscribedContact, phones=[phone])
    return is_new


def opt_in(phone: str, source: str, *, words: str = "", sid: str = "", actor: str = "") -> bool:
    """Record that a number wants texts again; whether it had opted out.

    A number that cannot be reached stays suppressed.
    """
    with transaction.atomic():
        lifted, _ = UnsubscribedContact.objects.filter(phone=phone).delete()
        opt_outs = SuppressedContact.objects.filter(phone=phone, category=SuppressedContact.Category.OPT_OUT)
        lifted += opt_outs.delete()[0]
        ConsentRecord.objects.create(
            phone=phone, kind=ConsentRecord.Kind.OPT_IN, source=source, words=words, message_sid=sid, actor=actor
        )
    return bool(lifted)


def unsubscribe(people: QuerySet[Any], reason: str) -> Outcome:
    """Record an opt-out for each phone of `people` (members or registrations), with where it came from as source.

    One transaction; memory does not grow with the list. Phones that opted out before keep their record.
    """
    changed = unchanged = 0
    with transaction.atomic():
        for batch in _batches(people):
            known = set(
                UnsubscribedContact.objects.filter(phone__in=[p.phone for p in batch]).values_list("phone", flat=True)
            )
            new = {p.phone: p for p in reversed(batch) if p.phone not in known}
            UnsubscribedContact.objects.bulk_create(
                [
                    UnsubscribedContact(phone=phone, name=person.name, reason=reason, source=source_of(person))
                    for phone, person in new.items()
                ],
                ignore_conflicts=True,
            )
            changed += len(new)
            unchanged += len({p.phone for p in batch} & known)
    return Outcome(changed, unchanged)


def source_of(person: CommunityMember | EventRegistration) -> str:
    """`source` of the opt-out of someone who was on that list (schema of record)."""
    if isinstance(person, EventRegistration):
        return f"event:{person.event_id}"
    return UnsubscribedContact.Source.COMMUNITY


def restore(people: QuerySet[Any]) -> Outcome:
    """Remove the phones of `people`, of any list, from both lists that keep blasts away from them.

    `unchanged` is how many could be texted all along.
    """
    with transaction.atomic():
        phones = people.order_by().values("phone")
        total = phones.distinct().count()
        opt_outs = UnsubscribedContact.objects.filter(phone__in=phones)
        suppressions = SuppressedContact.objects.filter(phone__in=phones)
        restored = opt_outs.values("phone").union(suppressions.blocking().values("phone")).count()
        opt_outs.delete()
        suppressions.delete()
    return Outcome(restored, total - restored)


def lift(records: QuerySet[Any]) -> Outcome:
    """Remove entries from the one list that they are on: unsubscribed or suppressed.

    `unchanged` is how many of them the other list still keeps from being texted.
    """
    others: QuerySet[Any] = (
        SuppressedContact.objects.blocking()
        if records.model is UnsubscribedContact
        else UnsubscribedContact.objects.all()
    )
    with transaction.atomic():
        still_blocked = records.filter(Exists(others.filter(phone=OuterRef("phone")))).count()
        _, deleted = records.order_by().delete()
        lifted = deleted.get(records.model._meta.label, 0)
    return Outcome(lifted - still_blocked, still_blocked)


def _batches(people: QuerySet[Any]) -> Iterator[list[Any]]:
    """By key, not by one long read: what is written meanwhile may be what `people` are selected by."""
    ordered = people.order_by("pk")
    last = 0
    while batch := list(ordered.filter(pk__gt=last)[:_BATCH]):
        yield batch
        last = batch[-1].pk
