"""Blasts: each line of `message_logs.details` becomes a delivery, and the counters are taken from the deliveries.

A blast may have any number of lines: they are read and written in batches.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from contacts.models import Event
from messaging.composing.audience import Audience
from messaging.models import Delivery, MessageLog, Target

from .details import BrokenDetails, find_error_code, iter_entries
from .moving import Move
from .people import EVENTS
from .values import OldRow, Refused, as_text, read_flag, shown

TABLE: Final = "message_logs"
LINES: Final = "message_logs.details"
_AT_ONCE: Final = 2000

Status = Delivery.Status


def move_blasts(move: Move) -> None:
    if TABLE in move.old.columns:
        move.report.of(TABLE)
        move.report.of(LINES)

    def count_lines(row: OldRow) -> None:
        for line in _lines(move, row):
            move.report.present(line)

    for rows in move.fresh(TABLE, without=["details"], on_known=count_lines):
        move.set_links(rows, EVENTS)
        for row in rows:
            _move_blast(move, row)


def _move_blast(move: Move, row: OldRow) -> None:
    log = _make_log(move, row)
    if (known := _find_native(move, log)) is not None:
        move.remember([(row, known)])
        move.report.present(row, "a blast with that text and time already exists: left unchanged")
        for line in _lines(move, row):
            move.report.present(line)
        return
    log.save()
    lines = Lines(move, log)
    for line in _lines(move, row):
        lines.take(line)
    lines.write()
    _close(row, log, lines)
    move.remember([(row, log.pk)])
    move.report.taken(row)


def _make_log(move: Move, row: OldRow) -> MessageLog:
    event_id = row.link("event_id", "an event")
    is_of_event = row.values.get("event_id") is not None
    target = row.choice("target", Target.values, Target.EVENT if is_of_event else Target.COMMUNITY)
    started_at = row.moment_or("created_at", move.now)
    event = Event.objects.filter(pk=event_id).first() if event_id is not None else None
    is_lost = target == Target.EVENT and event is None
    return MessageLog(
        created_at=started_at,
        message_body=row.text("message_body"),
        target=target,
        event=event,
        audience_name=("A deleted event" if is_lost else Audience(target, event).name)[:250],
        status=row.choice("status", MessageLog.Status.values, MessageLog.Status.PROCESSING),
        finished_at=started_at,
    )


def _find_native(move: Move, log: MessageLog) -> int | None:
    """An identical blast of ours that didn't come from the old table."""
    if log.created_at == move.now:
        return None
    same = move.native(MessageLog, TABLE).filter(created_at=log.created_at, message_body=log.message_body)
    found: int | None = same.values_list("pk", flat=True).first()
    return found


def _close(row: OldRow, log: MessageLog, lines: "Lines") -> None:
    """Makes the state and the counters of an imported blast agree with its rows."""
    log.write_totals()
    if log.status == MessageLog.Status.PROCESSING:
        log.status = (
            MessageLog.Status.SENT if log.success_count or not log.failure_count else MessageLog.Status.FAILED
        )
        row.mend("it was still being sent: closed where it stood, and nothing more is sent")
        MessageLog.objects.filter(pk=log.pk).update(status=log.status)
        log.store_details()
    if lines.broken_off:
        reason = f"It stopped early in the previous system: {' '.join(lines.broken_off)}"
        MessageLog.objects.filter(pk=log.pk).update(stop_reason=reason)
    counters = ("total_recipients", "success_count", "failure_count")
    before, now = [row.whole(name) for name in counters], [getattr(log, name) for name in counters]
    if before != now:
        row.mend(
            "its counters didn't match its lines: recounted from the lines",
            f"recipients {before[0]} → {now[0]}, succeeded {before[1]} → {now[1]}, failed {before[2]} → {now[2]}",
        )


def _lines(move: Move, row: OldRow) -> Iterator[OldRow]:
    """The entries of a blast's details; one that is no object has only "entry", a cut-off list ends with "broken"."""
    raw = move.old.value(row, "details")
    text = as_text(raw) if raw is not None else ""
    if not text.strip():
        return
    number = 0
    try:
        for number, entry in enumerate(iter_entries(text), start=1):
            yield OldRow(LINES, row.id, entry if isinstance(entry, dict) else {"entry": entry}, number)
    except BrokenDetails as problem:
        yield OldRow(LINES, row.id, {"broken": str(problem)}, number + 1)


@dataclass(slots=True)
class Lines:
    """Converts the lines of one blast to deliveries. `broken_off` has the errors of lines without a phone."""

    move: Move
    log: MessageLog
    broken_off: list[str] = field(default_factory=list)
    _reached: dict[str, bool] = field(default_factory=dict)
    _waiting: dict[str, Delivery] = field(default_factory=dict)

    def take(self, line: OldRow) -> None:
        report = self.move.report
        try:
            delivery = self._read(line)
        except Refused as refusal:
            report.refused(line, refusal.reason, refusal.detail)
            return
        if delivery is None:
            report.taken(line)
        elif delivery.phone in self._reached:
            self._merge(delivery)
            report.present(line, "an earlier line of the blast has the same number: merged", delivery.phone)
        else:
            self._reached[delivery.phone] = delivery.is_success
            self._waiting[delivery.phone] = delivery
            report.taken(line)
            if len(self._waiting) == _AT_ONCE:
                self.write()

    def write(self) -> None:
        Delivery.objects.bulk_create(self._waiting.values())
        self._waiting = {}

    def _merge(self, delivery: Delivery) -> None:
        """Whoever got the text in any of the attempts has got it."""
        if not delivery.is_success or self._reached[delivery.phone]:
            return
        self._reached[delivery.phone] = True
        if delivery.phone in self._waiting:
            self._waiting[delivery.phone] = delivery
        else:
            self.log.deliveries.filter(phone=delivery.phone).update(
                status=delivery.status,
                accepted_at=delivery.accepted_at,
                error_code=None,
                error_message="",
                is_left=False,
            )

    def _read(self, line: OldRow) -> Delivery | None:
        """The delivery; None for an entry that only says why the blast stopped early."""
        if "broken" in line.values:
            raise Refused("the details can't be read from here on", line.values["broken"])
        if "entry" in line.values:
            raise Refused("not an entry about a person", shown(line.values["entry"]))
        error = _words(line, "error")
        if not line.values.get("phone"):
            if not error:
                raise Refused("it has no phone number")
            line.mend("it has no phone number: its error was kept as the reason why the blast stopped early", error)
            self.broken_off.append(error)
            return None
        return Delivery(
            message_log=self.log,
            phone=line.past_phone(),
            name=line.name(),
            **_state(line, error, self.log),
            updated_at=self.log.created_at,
            # Its lists were imported as the old system kept them; `backfill_suppressions` checks again if asked.
            learned_at=self.log.created_at,
        )


def _words(line: OldRow, key: str) -> str:
    value = line.values.get(key)
    return line.text(key) if isinstance(value, str) else "" if value in (None, False) else shown(value)


def _state(line: OldRow, error: str, log: MessageLog) -> dict[str, Any]:
    """There, success only meant that Twilio had accepted the text."""
    is_success = read_flag(line.values.get("success"))
    if is_success:
        return {"status": Status.ACCEPTED, "accepted_at": log.created_at, "error_message": error}
    if is_success is None and not error:
        line.mend("it doesn't say whether the text was sent: kept as unconfirmed", shown(line.values.get("success")))
        return {"status": Status.UNKNOWN, "is_left": True}
    return {"status": Status.FAILED, "error_code": find_error_code(error), "error_message": error}
