"""Opting people out of every blast, and allowing texts again.

Nobody is removed from a list: members and registrations stay, marked and skipped. Every change is written to the
consent history, whoever made it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import IntegrityError, connection, transaction
from django.db.models import QuerySet
from django.dispatch import Signal
from django.utils import timezone

from smsadmin.lib.locks import lock_bulk_changes

from ..models import (
    CommunityMember,
    ConsentRecord,
    EventRegistration,
    GroupMember,
    LiftedSuppression,
    SuppressedContact,
    UnsubscribedContact,
)
from ..names import known_names

_BATCH: Final = 2000
# PostgreSQL's unique_violation (PostgreSQL: "Error codes").
_UNIQUE_VIOLATION: Final = "23505"

# Sent with `phones`, a list of E.164 numbers that have just opted out, within the transaction that records it.
opted_out = Signal()


@dataclass(frozen=True)
class Outcome:
    """How many phones an action changed, and how many were already in that state or still can't be texted."""

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
    at: datetime | None = None,
) -> bool:
    """Records that a number has opted out. Returns whether that is new. See ConsentRecord for the fields.

    Without `name`, the name is looked up in our lists. A number that had already opted out keeps its entry; that it
    opted out again goes into the consent history.
    """
    with transaction.atomic():
        name = name or known_names([phone]).get(phone)
        _, is_new = _lock_entry(
            phone, name=name, reason=reason or words, source=source, created_at=at or timezone.now
        )
        ConsentRecord.objects.create(
            phone=phone,
            kind=ConsentRecord.Kind.OPT_OUT,
            source=source,
            words=words or reason,
            message_sid=sid,
            actor=actor,
            # Taken after waiting for the lock, so that it is not earlier than what the lock waited for.
            created_at=at or timezone.now(),
        )
        opted_out.send(UnsubscribedContact, phones=[phone])
    return is_new


def opt_in(
    phone: str, source: str, *, words: str = "", sid: str = "", actor: str = "", at: datetime | None = None
) -> bool:
    """Records that a number wants texts again. Returns whether it had opted out.

    An unreachable number stays suppressed.
    """
    with transaction.atomic():
        hold(phone)
        lifted, _ = UnsubscribedContact.objects.filter(phone=phone).delete()
        opt_outs = SuppressedContact.objects.filter(phone=phone, category=SuppressedContact.Category.OPT_OUT)
        lifted += opt_outs.delete()[0]
        ConsentRecord.objects.create(
            phone=phone,
            kind=ConsentRecord.Kind.OPT_IN,
            source=source,
            words=words,
            message_sid=sid,
            actor=actor,
            created_at=at or timezone.now(),
        )
    return bool(lifted)


def is_overtaken(phone: str, kind: str, at: datetime) -> bool:
    """Whether the person decided otherwise after `at`, so that what they texted then no longer counts.

    An opt-out gives way only to the person's own later text. An opt-in gives way to a later opt-out from any source.
    The number is held until the transaction ends.
    """
    hold(phone)
    later = ConsentRecord.objects.filter(phone=phone, created_at__gt=at)
    if kind == ConsentRecord.Kind.OPT_OUT:
        own = UnsubscribedContact.Source.INBOUND
        return later.filter(kind=ConsentRecord.Kind.OPT_IN, source=own).exists()
    is_out_since = opted_out_since([phone]).get(phone, at) > at
    return is_out_since or later.filter(kind=ConsentRecord.Kind.OPT_OUT).exists()


def note_overtaken(phone: str, kind: str, source: str, words: str, sid: str, at: datetime) -> None:
    """Adds to the consent history alone what the person texted `at` and has overtaken since."""
    ConsentRecord.objects.create(phone=phone, kind=kind, source=source, words=words, message_sid=sid, created_at=at)


def take_back(entry_pk: int, phone: str, actor: str) -> bool:
    """Undoes an opt-out that staff have just recorded by mistake; False if anything has happened to it since.

    Somebody who opts out once more in the meantime, by text or through other staff, stays opted out.
    """
    with transaction.atomic():
        hold(phone)
        latest = list(ConsentRecord.objects.filter(phone=phone).order_by("-pk")[:1])
        is_latest = [(record.kind, record.actor) for record in latest] == [(ConsentRecord.Kind.OPT_OUT, actor)]
        entry = UnsubscribedContact.objects.filter(pk=entry_pk, phone=phone)
        if not is_latest or not entry.delete()[0]:
            return False
        _record_opt_ins({phone}, actor, "Undone: recorded by mistake.")
    return True


def hold(phone: str) -> bool:
    """Whether the number has opted out. Nobody else can change that until the transaction ends.

    Waits for anyone who is changing it right now; on SQLite nobody can be.
    """
    if not connection.features.has_select_for_update:
        return UnsubscribedContact.objects.filter(phone=phone).exists()
    entry, is_new = _lock_entry(phone)
    if is_new:
        # Until this is committed, others wait before they create one.
        entry.delete()
    return not is_new


def _lock_entry(phone: str, **defaults: Any) -> tuple[UnsubscribedContact, bool]:
    """The number's locked entry, created if there is none, and whether it is new.

    Waits for anyone who is deleting or creating it, and so sees the outcome.
    """
    entries = UnsubscribedContact.objects.select_for_update()
    while True:
        try:
            return entries.get_or_create(phone=phone, defaults=defaults)
        except IntegrityError as error:
            # Created by someone after the first lookup, and deleted by someone else before the second.
            if getattr(error.__cause__, "sqlstate", "") != _UNIQUE_VIOLATION:
                raise


def has_opted_in_since(phone: str, at: datetime) -> bool:
    return ConsentRecord.objects.filter(phone=phone, kind=ConsentRecord.Kind.OPT_IN, created_at__gt=at).exists()


def was_lifted_since(phone: str, at: datetime) -> bool:
    """Whether staff have removed the number from the suppressed ones since `at`."""
    return LiftedSuppression.objects.filter(phone=phone, lifted_at__gt=at).exists()


def save_entry(entry: UnsubscribedContact | SuppressedContact, actor: str) -> None:
    """Saves an entry that staff wrote or changed. A new or withdrawn opt-out goes into the consent history."""
    model = type(entry)
    with transaction.atomic():
        if entry.pk:
            # If the number changes, two numbers are affected.
            lock_bulk_changes()
        before = model._default_manager.select_for_update().filter(pk=entry.pk).first() if entry.pk else None
        entry.save()
        was_opt_out, is_opt_out = bool(before) and _is_opt_out(before), _is_opt_out(entry)
        if is_opt_out and not was_opt_out:
            source = entry.source if isinstance(entry, UnsubscribedContact) else UnsubscribedContact.Source.MANUAL
            _record_opt_outs({entry.phone: str(source)}, entry.reason or "", actor)
        elif was_opt_out and not is_opt_out:
            _record_opt_ins({entry.phone}, actor)
        if isinstance(before, SuppressedContact) and _blocks_texts(before):
            is_lifted = before.phone != entry.phone or not _blocks_texts(entry)
            _record_lifts({before.phone} if is_lifted else set())


def unsubscribe(people: QuerySet[Any], reason: str, actor: str = "") -> Outcome:
    """Records an opt-out for each phone of `people` (on any list), with that list as the source.

    One transaction; memory does not grow with the list. Phones that had already opted out keep their record.
    """
    changed = unchanged = 0
    with transaction.atomic():
        lock_bulk_changes()
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
            _record_opt_outs({phone: source_of(person) for phone, person in new.items()}, reason, actor)
            changed += len(new)
            unchanged += len({p.phone for p in batch} & known)
    return Outcome(changed, unchanged)


def source_of(person: CommunityMember | EventRegistration | GroupMember) -> str:
    """`source` of the opt-out of someone on that list (schema of record; "group:ID" is ours)."""
    if isinstance(person, EventRegistration):
        return f"event:{person.event_id}"
    if isinstance(person, GroupMember):
        return f"group:{person.group_id}"
    return UnsubscribedContact.Source.COMMUNITY


def restore(people: QuerySet[Any], actor: str = "") -> Outcome:
    """Removes the phones of `people`, from any list, from both lists that block blasts.

    One transaction; memory does not grow with the list. `unchanged` counts those that could already be texted.
    """
    restored = 0
    with transaction.atomic():
        lock_bulk_changes()
        total = people.order_by().values("phone").distinct().count()
        for batch in _batches(people):
            phones = {person.phone for person in batch}
            removed = [
                *_remove(UnsubscribedContact.objects.filter(phone__in=phones)),
                *_remove(SuppressedContact.objects.filter(phone__in=phones)),
            ]
            _record_opt_ins({entry.phone for entry in removed if _is_opt_out(entry)}, actor)
            _record_lifts({entry.phone for entry in removed if isinstance(entry, SuppressedContact)})
            restored += len({entry.phone for entry in removed if _blocks_texts(entry)})
    return Outcome(restored, total - restored)


def lift(records: QuerySet[Any], actor: str = "") -> Outcome:
    """Removes entries from the one list that they are on: opted out or suppressed.

    One transaction; memory does not grow with the list. `unchanged` counts those that the other list still blocks.
    """
    others: QuerySet[Any] = (
        SuppressedContact.objects.blocking()
        if records.model is UnsubscribedContact
        else UnsubscribedContact.objects.all()
    )
    lifted = still_blocked = 0
    with transaction.atomic():
        lock_bulk_changes()
        for batch in _batches(records):
            removed = _remove(records.model._default_manager.filter(pk__in=[entry.pk for entry in batch]))
            _record_opt_ins({entry.phone for entry in removed if _is_opt_out(entry)}, actor)
            _record_lifts({entry.phone for entry in removed if isinstance(entry, SuppressedContact)})
            lifted += len(removed)
            still_blocked += others.filter(phone__in=[entry.phone for entry in removed]).count()
    return Outcome(lifted - still_blocked, still_blocked)


def record_import(added: QuerySet[UnsubscribedContact], reason: str, actor: str) -> None:
    """Adds to the consent history what an import has added to the opted-out numbers."""
    for batch in _batches(added):
        _record_opt_outs({contact.phone: contact.source for contact in batch}, reason, actor)


def opted_out_since(phones: Iterable[str]) -> dict[str, datetime]:
    """Maps phones to when they opted out, by their own text or according to an old list. Omits all others."""
    wanted = set(phones)
    said = UnsubscribedContact.objects.filter(phone__in=wanted)
    listed = SuppressedContact.objects.filter(phone__in=wanted, category=SuppressedContact.Category.OPT_OUT)
    return dict(listed.values_list("phone", "created_at")) | dict(said.values_list("phone", "created_at"))


def opt_outs_of(phone: str) -> QuerySet[Any]:
    """Whatever says that this phone has opted out, as in `opted_out_since`; empty if nothing does."""
    said = UnsubscribedContact.objects.filter(phone=phone)
    listed = SuppressedContact.objects.filter(phone=phone, category=SuppressedContact.Category.OPT_OUT)
    return said.values_list("id").union(listed.values_list("id"))


def _record_opt_outs(sources: dict[str, str], reason: str, actor: str) -> None:
    """Writes one record per phone, with its source."""
    kind = ConsentRecord.Kind.OPT_OUT
    ConsentRecord.objects.bulk_create(
        ConsentRecord(phone=phone, kind=kind, source=source, words=reason, actor=actor)
        for phone, source in sources.items()
    )
    if sources:
        opted_out.send(UnsubscribedContact, phones=list(sources))


def _record_opt_ins(phones: set[str], actor: str, words: str = "") -> None:
    """Writes one record per phone, as done by staff."""
    kind, source = ConsentRecord.Kind.OPT_IN, UnsubscribedContact.Source.MANUAL
    ConsentRecord.objects.bulk_create(
        ConsentRecord(phone=phone, kind=kind, source=source, words=words, actor=actor) for phone in sorted(phones)
    )


def _record_lifts(phones: set[str]) -> None:
    now = timezone.now()
    LiftedSuppression.objects.bulk_create(
        [LiftedSuppression(phone=phone, lifted_at=now) for phone in sorted(phones)],
        update_conflicts=True,
        unique_fields=["phone"],
        update_fields=["lifted_at"],
    )


def _remove(entries: QuerySet[Any]) -> list[Any]:
    """Deletes them and returns those that nobody else had deleted in the meantime."""
    removed = list(entries.select_for_update().order_by("pk"))
    entries.model._default_manager.filter(pk__in=[entry.pk for entry in removed]).delete()
    return removed


def _is_opt_out(entry: Any) -> bool:
    """Whether the entry, of either list, is an opt-out."""
    return isinstance(entry, UnsubscribedContact) or entry.category == SuppressedContact.Category.OPT_OUT


def _blocks_texts(entry: Any) -> bool:
    return isinstance(entry, UnsubscribedContact) or entry.category != SuppressedContact.Category.SOFT_FAIL


def _batches(people: QuerySet[Any]) -> Iterator[list[Any]]:
    """Goes by id, not by one long read: what is written meanwhile may change which people match."""
    ordered = people.order_by("pk")
    last = 0
    while batch := list(ordered.filter(pk__gt=last)[:_BATCH]):
        yield batch
        last = batch[-1].pk
