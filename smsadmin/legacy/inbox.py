"""Conversations and their texts. Outgoing texts have a delivery if the old system knew what became of them."""

from collections.abc import Mapping
from typing import Any, Final

from django.utils.translation import ngettext

from messaging.models import Delivery, InboxMessage, InboxThread, KeywordAutomationRule
from messaging.sending import status_callbacks
from surveys.models import SurveyFlow

from ..models import LegacyRow
from .details import find_error_code
from .moving import Move, Topic, transfer, write
from .people import find_by_phone
from .values import OldRow, Refused

MESSAGES: Final = "inbox_messages"
THREADS: Final = {"thread_id": ("inbox_threads", InboxThread)}

Direction = InboxMessage.Direction
Source = InboxMessage.Source
Status = Delivery.Status

# Twilio's message states and two words of the replaced system. None of these is sent again.
STATES: Final[Mapping[str, Status]] = {
    **status_callbacks.STATES,
    "success": Status.ACCEPTED,
    "error": Status.FAILED,
}


def move_threads(move: Move) -> None:
    def make(row: OldRow) -> InboxThread:
        created_at = row.moment_or("created_at", move.now)
        last_at = row.moment_or("last_message_at", created_at, "the creation time")
        direction = row.text("last_direction").strip().lower()
        return InboxThread(
            phone=row.past_phone(),
            contact_name=row.name("contact_name"),
            unread_count=row.whole("unread_count"),
            last_message_at=last_at,
            last_message_preview=row.text("last_message_preview")[: InboxThread.PREVIEW_LENGTH] or None,
            last_direction=direction if direction in Direction.values else None,
            created_at=created_at,
            updated_at=row.moment("updated_at") or last_at,
        )

    transfer(
        move,
        Topic(
            "inbox_threads",
            InboxThread,
            make,
            key=lambda thread: thread.phone,
            find=lambda phones: find_by_phone(InboxThread, phones),
            same="a conversation with that number already exists: the texts were added to it",
            links={},
        ),
    )


def move_messages(move: Move) -> None:
    """Imports the texts, after the surveys and keyword replies that wrote some of them."""
    for rows in move.fresh(MESSAGES):
        move.set_links(rows, THREADS)
        _link_sources(move, rows)
        there = _find_sids([sid for row in rows if (sid := _read_sid(row))])
        seen: dict[str, InboxMessage] = {}
        made: list[tuple[OldRow, InboxMessage]] = []
        repeats: list[tuple[OldRow, str]] = []
        for row in rows:
            sid = _read_sid(row)
            if sid in there or sid in seen:
                repeats.append((row, sid))
                continue
            try:
                message = _make_message(move, row, sid)
            except Refused as refusal:
                move.report.refused(row, refusal.reason, refusal.detail)
                continue
            if sid:
                seen[sid] = message
            made.append((row, message))
        Delivery.objects.bulk_create(message.delivery for _, message in made if message.delivery is not None)
        write(InboxMessage, [message for _, message in made])
        move.remember((row, message.pk) for row, message in made)
        move.remember((row, there.get(sid) or seen[sid].pk) for row, sid in repeats)
        for row, _ in made:
            move.report.taken(row)
        for row, sid in repeats:
            move.report.present(row, "a text with that Twilio SID already exists", sid)
    _limit_unread(move)


def _limit_unread(move: Move) -> None:
    """Nobody can have unread texts that never came in."""
    moved = LegacyRow.objects.filter(table="inbox_threads").values("new_id")
    if mended := InboxThread.objects.filter(pk__in=moved).limit_unread():
        sentence = ngettext(
            "%(count)s conversation claimed more unread texts than it received. Its count was lowered.",
            "%(count)s conversations claimed more unread texts than they received. Their counts were lowered.",
            mended,
        )
        move.report.notes.append(sentence % {"count": f"{mended:,}"})


def _read_sid(row: OldRow) -> str:
    raw = row.values.get("message_sid")
    return raw.strip()[:64] if isinstance(raw, str) and raw.isprintable() else ""


def _find_sids(sids: list[str]) -> dict[str, int]:
    found = InboxMessage.objects.filter(message_sid__in=sids).values_list("message_sid", "pk")
    return {str(sid): pk for sid, pk in found}


def _link_sources(move: Move, rows: list[OldRow]) -> None:
    """`automation_source_id` points to a different table for each source."""
    kinds = {
        Source.KEYWORD: ("keyword_automation_rules", KeywordAutomationRule),
        Source.SURVEY: ("survey_flows", SurveyFlow),
    }
    for source, target in kinds.items():
        of_kind = [row for row in rows if row.values.get("automation_source") == source]
        move.set_links(of_kind, {"automation_source_id": target})


def _make_message(move: Move, row: OldRow, sid: str) -> InboxMessage:
    thread_id = row.needed_link("thread_id", "a conversation")
    phone = row.past_phone()
    went_out = any(row.values.get(name) for name in ("automation_source", "delivery_status"))
    direction = row.choice("direction", Direction.values, Direction.OUTBOUND if went_out else Direction.INBOUND)
    source = row.text("automation_source").strip().lower()
    if source and source not in Source.values:
        row.mend("automation_source is unknown: left empty", source)
        source = ""
    message = InboxMessage(
        thread_id=thread_id,
        phone=phone,
        direction=direction,
        body=row.text("body"),
        message_sid=sid or None,
        automation_source=source or None,
        automation_source_id=row.link("automation_source_id", "a survey or keyword reply") if source else None,
        matched_keyword=row.text("matched_keyword", 40) or None,
        raw_payload=row.text("raw_payload") or None,
        created_at=row.moment_or("created_at", move.now),
    )
    if row.values.get("message_sid") and message.message_sid != row.values["message_sid"]:
        row.mend("message_sid is not a valid SID: " + ("cut" if sid else "left empty"))
    if direction == Direction.OUTBOUND:
        state = _read_state(row, sid)
        if state:
            is_accepted = state["status"] not in (Status.FAILED, Status.UNKNOWN)
            message.delivery = Delivery(
                phone=phone,
                sid=sid,
                accepted_at=message.created_at if is_accepted else None,
                updated_at=message.created_at,
                # As with blasts.
                learned_at=message.created_at,
                **state,
            )
    return message


def _read_state(row: OldRow, sid: str) -> dict[str, Any]:
    """The delivery status of the text; nothing if the old system didn't know it."""
    word = row.text("delivery_status").strip().lower()
    error = row.text("delivery_error")
    if not word and not error:
        return {}
    status = STATES.get(word)
    if status is None and error:
        status = Status.FAILED
    if status is None:
        row.mend("delivery_status is unknown: kept as " + ("accepted" if sid else "unconfirmed"), word)
        status = Status.ACCEPTED if sid else Status.UNKNOWN
    code = find_error_code(error) if status in Delivery.UNSUCCESSFUL else None
    return {
        "status": status,
        "error_code": code,
        "error_message": error,
        "is_left": status == Status.UNKNOWN,
    }
