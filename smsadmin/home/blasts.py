"""The blasts of the home page: being sent, sent recently, and scheduled."""

from dataclasses import dataclass
from typing import Final

from messaging.models import MessageLog, ScheduledMessage
from messaging.scheduling.scheduled_messages import name_audience
from messaging.sending.outcomes import parts_by_counters
from messaging.sending.progress import Progress, recent_progress, state_in_words
from smsadmin.lib.drawing import Part

MOST: Final = 5


@dataclass(frozen=True, slots=True)
class RunningLine:
    """A blast that is being sent or is paused, its progress, and its state in words."""

    log: MessageLog
    progress: Progress
    state: str


@dataclass(frozen=True, slots=True)
class SentLine:
    """A blast that is over, by its counters: `parts` are how many people have it, may yet get it, and did not.

    `state` says in words how it ended, "" where it was simply sent.
    """

    log: MessageLog
    state: str
    parts: list[Part]


@dataclass(frozen=True, slots=True)
class ScheduledLine:
    """One scheduled message, and what its audience is called."""

    message: ScheduledMessage
    audience: str


def running() -> list[RunningLine]:
    """Without those that stopped by themselves: they are among what needs attention."""
    logs = MessageLog.objects.filter(status=MessageLog.Status.PROCESSING).order_by("-pk")
    lines = []
    for log in logs.exclude(paused_at__isnull=False, stop_code__isnull=False)[:MOST]:
        progress = recent_progress(log)
        lines.append(RunningLine(log, progress, state_in_words(log, progress.percent)))
    return lines


def recent() -> list[SentLine]:
    logs = MessageLog.objects.exclude(status=MessageLog.Status.PROCESSING).order_by("-pk")
    return [_sent_line(log) for log in logs[:MOST]]


def _sent_line(log: MessageLog) -> SentLine:
    state = state_in_words(log)
    return SentLine(log, "" if state == MessageLog.Status.SENT.label else state, parts_by_counters(log))


def scheduled() -> list[ScheduledLine]:
    messages = ScheduledMessage.objects.upcoming().select_related("event", "draft")
    return [ScheduledLine(message, name_audience(message)) for message in messages[:MOST]]
