"""The people we may text: members, events, registrations, opt-outs and unreachable numbers."""

import re
from collections.abc import Iterable
from typing import Any, Final

from django.db.models import Model

from contacts.consent.opting_out import opted_out
from contacts.models import (
    CommunityMember,
    ConsentRecord,
    Event,
    EventRegistration,
    SuppressedContact,
    UnsubscribedContact,
)
from messaging.models import MessageLog

from .moving import Move, Pairs, Topic, transfer
from .values import OldRow

EVENTS: Final = {"event_id": ("events", Event)}
_OF_EVENT: Final = re.compile(r"event:\s*(\d{1,18})")
_SAME_PHONE: Final = "the number is already on this list: left unchanged"


def move_people(move: Move) -> None:
    """Imports the lists; suppressions come after the blasts that they point to."""
    _move_events(move)
    _move_members(move)
    _move_registrations(move)
    _move_opt_outs(move)


def _move_events(move: Move) -> None:
    transfer(
        move,
        Topic(
            "events",
            Event,
            lambda row: _make_event(move, row),
            key=lambda event: (event.title, event.date, event.created_at),
            find=lambda keys: _find_events(move, keys),
            same="an event with that title, date and creation time already exists",
            links={},
            is_unique=False,
        ),
    )


def _move_members(move: Move) -> None:
    transfer(
        move,
        Topic(
            "community_members",
            CommunityMember,
            lambda row: CommunityMember(
                name=row.name(), phone=row.phone(), created_at=row.moment_or("created_at", move.now)
            ),
            key=lambda member: member.phone,
            find=lambda phones: find_by_phone(CommunityMember, phones),
            same=_SAME_PHONE,
            links={},
        ),
    )


def _move_registrations(move: Move) -> None:
    transfer(
        move,
        Topic(
            "event_registrations",
            EventRegistration,
            lambda row: EventRegistration(
                event_id=row.needed_link("event_id", "an event"),
                name=row.name(),
                phone=row.phone(),
                created_at=row.moment_or("created_at", move.now),
            ),
            key=lambda registration: (registration.event_id, registration.phone),
            find=_find_registrations,
            same="the number is already registered for the event: left unchanged",
            links=EVENTS,
        ),
    )


def find_by_phone(model: type[Model], phones: Iterable[str]) -> dict[str, int]:
    return dict(model._default_manager.filter(phone__in=list(phones)).values_list("phone", "pk"))


def _make_event(move: Move, row: OldRow) -> Event:
    title = row.text("title", 200).strip()
    if not title:
        title = f"Event {row.id}"
        row.mend(f"title is missing: set to “{title}”")
    return Event(title=title, date=row.day("date"), created_at=row.moment_or("created_at", move.now))


def _find_events(move: Move, keys: list[tuple[Any, ...]]) -> dict[tuple[Any, ...], int]:
    """Only among those that staff created here: two of the old system's own are two."""
    found = move.native(Event, "events").filter(created_at__in={created_at for _, _, created_at in keys})
    return {(title, date, at): pk for title, date, at, pk in found.values_list("title", "date", "created_at", "pk")}


def _find_registrations(keys: list[tuple[int, str]]) -> dict[tuple[int, str], int]:
    found = EventRegistration.objects.filter(
        event_id__in={event_id for event_id, _ in keys}, phone__in=[phone for _, phone in keys]
    )
    return {(event_id, phone): pk for event_id, phone, pk in found.values_list("event_id", "phone", "pk")}


def _move_opt_outs(move: Move) -> None:
    for_source: dict[int, int] = {}

    def make(row: OldRow) -> UnsubscribedContact:
        return UnsubscribedContact(
            name=row.name(),
            phone=row.phone(),
            reason=row.text("reason") or None,
            source=_read_source(move, row, for_source),
            created_at=row.moment_or("created_at", move.now),
        )

    transfer(
        move,
        Topic(
            "unsubscribed_contacts",
            UnsubscribedContact,
            make,
            key=lambda contact: contact.phone,
            find=lambda phones: find_by_phone(UnsubscribedContact, phones),
            same=_SAME_PHONE,
            links={},
            after=_write_trail,
        ),
    )


def _read_source(move: Move, row: OldRow, known: dict[int, int]) -> str:
    """`source` with the new id of its event; "event:0" if that event wasn't imported."""
    source = row.text("source", 50).strip() or UnsubscribedContact.Source.MANUAL
    found = _OF_EVENT.fullmatch(source)
    if not found:
        return source
    old_id = int(found[1])
    if old_id not in known:
        known[old_id] = move.new_ids("events", Event, [old_id]).get(old_id, 0)
    if not known[old_id]:
        row.mend("the event that the person opted out of was not imported", source)
    return f"event:{known[old_id]}"


def _write_trail(written: Pairs, present: Pairs) -> None:
    """Every opt-out of the old system goes into the consent history, even if the person opted out here too."""
    contacts = [contact for _, contact in (*written, *present)]
    ConsentRecord.objects.bulk_create(
        ConsentRecord(
            phone=contact.phone,
            kind=ConsentRecord.Kind.OPT_OUT,
            source=contact.source,
            words=contact.reason or "",
            created_at=contact.created_at,
        )
        for contact in contacts
    )
    if phones := [contact.phone for _, contact in written]:
        opted_out.send(UnsubscribedContact, phones=phones)


def move_suppressions(move: Move) -> None:
    categories = SuppressedContact.Category

    def make(row: OldRow) -> SuppressedContact:
        created_at = row.moment_or("created_at", move.now)
        return SuppressedContact(
            phone=row.phone(),
            reason=row.text("reason") or None,
            # What was skipped there is skipped here, until staff allow texts again.
            category=row.choice("category", categories.values, categories.HARD_FAIL),
            source=row.text("source", 50) or None,
            source_type=row.text("source_type", 50) or None,
            source_message_log_id=row.link("source_message_log_id", "a blast"),
            created_at=created_at,
            updated_at=row.moment("updated_at") or created_at,
        )

    transfer(
        move,
        Topic(
            "suppressed_contacts",
            SuppressedContact,
            make,
            key=lambda contact: contact.phone,
            find=lambda phones: find_by_phone(SuppressedContact, phones),
            same=_SAME_PHONE,
            links={"source_message_log_id": ("message_logs", MessageLog)},
            after=_write_trail_of_suppressed,
        ),
    )


def _write_trail_of_suppressed(written: Pairs, present: Pairs) -> None:
    """Some opt-outs were only kept as suppressions."""
    opt_outs = [one for _, one in (*written, *present) if one.category == SuppressedContact.Category.OPT_OUT]
    on_trail = set(
        ConsentRecord.objects.filter(
            phone__in=[one.phone for one in opt_outs], kind=ConsentRecord.Kind.OPT_OUT
        ).values_list("phone", flat=True)
    )
    ConsentRecord.objects.bulk_create(
        ConsentRecord(
            phone=one.phone,
            kind=ConsentRecord.Kind.OPT_OUT,
            source=UnsubscribedContact.Source.MESSAGE_FAILURE,
            words=one.reason or "",
            created_at=one.created_at,
        )
        for one in opt_outs
        if one.phone not in on_trail
    )
