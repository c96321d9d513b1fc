"""Scheduled messages. The import texts nobody: what is overdue expires, what was being sent has failed."""

from typing import Any, Final

from contacts.models import Event
from messaging.composing.merge_fields import compile_message
from messaging.models import MessageLog, ScheduledMessage, Target
from messaging.text.personalization import UnknownToken
from smsadmin.lib import dates

from .moving import Move, Topic, transfer
from .values import OldRow

TABLE: Final = "scheduled_messages"
OVERDUE: Final = "Its time had passed when it was imported from the previous system, so it was not sent."
UNDER_WAY: Final = "It was being sent when it was imported from the previous system. Its blast shows who got it."
UNCLEAR: Final = "It was imported from the previous system, where {}, so it is not sent."

Status = ScheduledMessage.Status


def move_scheduled(move: Move) -> None:
    taken_blasts = set(
        ScheduledMessage.objects.filter(message_log__isnull=False).values_list("message_log_id", flat=True)
    )
    transfer(
        move,
        Topic(
            TABLE,
            ScheduledMessage,
            lambda row: _make(move, row, taken_blasts),
            key=lambda message: (message.scheduled_at, message.message_body, message.created_at),
            find=lambda keys: _find(move, keys),
            same="a scheduled message with that text, time and creation time already exists",
            links={"event_id": ("events", Event), "message_log_id": ("message_logs", MessageLog)},
            is_unique=False,
            after=lambda written, present: _note_waiting(move, [message for _, message in written]),
        ),
    )


def _make(move: Move, row: OldRow, taken_blasts: set[int]) -> ScheduledMessage:
    created_at = row.moment_or("created_at", move.now)
    scheduled_at = row.moment("scheduled_at")
    is_of_event = row.values.get("event_id") is not None
    message = ScheduledMessage(
        created_at=created_at,
        scheduled_at=scheduled_at or created_at,
        message_body=row.text("message_body"),
        event_id=row.link("event_id", "an event"),
        target=row.choice("target", Target.values, Target.EVENT if is_of_event else Target.COMMUNITY),
        status=row.choice("status", Status.values, Status.FAILED),
        test_mode=row.flag("test_mode", default=False),
        processing_started_at=row.moment("processing_started_at"),
        sent_at=row.moment("sent_at"),
        error_message=row.text("error_message") or None,
        message_log_id=_read_blast(row, taken_blasts),
        attempt_count=row.whole("attempt_count"),
    )
    if scheduled_at is None:
        row.mend("scheduled_at is missing or unreadable: set to the creation time")
    _settle(move, row, message, is_time_known=scheduled_at is not None)
    return message


def _settle(move: Move, row: OldRow, message: ScheduledMessage, *, is_time_known: bool) -> None:
    """Keeps a message scheduled only if its time is yet to come and its recipients are clear."""
    is_target_known = str(row.values.get("target")).strip().lower() in Target.values
    if message.status == Status.PROCESSING:
        _end(row, message, Status.FAILED, UNDER_WAY, "it was being sent: kept as failed")
    elif message.status == Status.PENDING and not is_time_known:
        why = UNCLEAR.format("its time was unreadable")
        _end(row, message, Status.FAILED, why, "its time is unreadable: kept as failed")
    elif message.status == Status.PENDING and not is_target_known:
        why = UNCLEAR.format("it was unclear who should get it")
        _end(row, message, Status.FAILED, why, "its target is unknown: kept as failed")
    elif message.status == Status.PENDING and message.scheduled_at <= move.now:
        _end(row, message, Status.EXPIRED, OVERDUE, "its time had passed: kept as expired, not sent")
    elif message.status == Status.FAILED and not message.error_message:
        message.error_message = UNCLEAR.format("it had failed without a reason")
    if message.status == Status.PENDING:
        message.attempt_count = 0
        try:
            compile_message(message.message_body)
        except UnknownToken as problem:
            row.mend("its text can't be sent as is: change it before its scheduled time", problem)


def _end(row: OldRow, message: ScheduledMessage, status: Status, words: str, reason: str) -> None:
    row.mend(reason)
    message.status = status
    message.error_message = words if not message.error_message else f"{words} Previous error: {message.error_message}"


def _read_blast(row: OldRow, taken_blasts: set[int]) -> int | None:
    """A blast belongs to at most one scheduled message."""
    log_id = row.link("message_log_id", "a blast")
    if log_id in taken_blasts:
        row.mend("another scheduled message has the same blast: left with that one", row.values["message_log_id"])
        return None
    if log_id is not None:
        taken_blasts.add(log_id)
    return log_id


def _find(move: Move, keys: list[tuple[Any, ...]]) -> dict[tuple[Any, ...], int]:
    """Only among those that were scheduled here."""
    found = move.native(ScheduledMessage, TABLE).filter(scheduled_at__in={at for at, _, _ in keys})
    columns = ("scheduled_at", "message_body", "created_at", "pk")
    return {(at, body, created_at): pk for at, body, created_at, pk in found.values_list(*columns)}


def _note_waiting(move: Move, messages: list[ScheduledMessage]) -> None:
    waiting = sorted(message.scheduled_at for message in messages if message.is_pending)
    if waiting:
        number = f"{len(waiting):,} scheduled {'message' if len(waiting) == 1 else 'messages'}"
        move.report.notes.append(
            f"{number} will be sent from here, the first on {dates.moment(waiting[0])}. "
            "Keep the old system turned off, or people will get the text twice."
        )
