"""The progress of a blast: counted from its delivery rows, and in words."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.core.cache import cache
from django.db.models import Count, Max, Min
from django.utils import timezone
from django.utils.translation import ngettext

from smsadmin.lib import dates
from smsadmin.lib.percentages import percent
from smsadmin.lib.plurals import people

from ..models import Delivery, MessageLog

MEASURED_OVER: Final = timedelta(seconds=10)
MEASURED_ROWS: Final = 1_000
REPORTS_COME_FOR: Final = timedelta(minutes=15)
CACHED_FROM: Final = 20_000
CACHE_SECONDS: Final = 1
CACHE_SECONDS_AFTERWARDS: Final = 5

# What each state means to the person who sent the blast.
MEANINGS: Final[Mapping[str, str]] = {
    Delivery.Status.PENDING: "Waiting to send.",
    Delivery.Status.SENDING: "Being sent right now.",
    Delivery.Status.UNKNOWN: "They may not have received it. We’re checking, and won’t resend until we know.",
    Delivery.Status.ACCEPTED: "On its way.",
    Delivery.Status.SENT: "Passed on to the carrier. No delivery report yet; some carriers never send one.",
    Delivery.Status.DELIVERED: "Arrived on the phone.",
    Delivery.Status.UNDELIVERED: "The carrier or the phone didn’t accept it.",
    Delivery.Status.FAILED: "Refused. See the reason next to each person.",
    Delivery.Status.SKIPPED: "Not texted on purpose.",
}


@dataclass(frozen=True, slots=True)
class State:
    """One status with its number of people, and what it means."""

    status: str
    label: str
    count: int
    meaning: str


@dataclass(frozen=True, slots=True)
class Progress:
    """A blast's counts. `rate` is in texts per second over the last ten seconds, 0 if nothing is being sent.

    `failures` counts the failed by error code, `skipped` the skipped by SkipReason. `ends` are the lowest and highest
    id of the blast's rows, to limit queries for some of them. `doubts` are the reasons for unknown outcomes with
    their counts, most frequent first. `held` are the times until which quiet hours keep people waiting, with how
    many, the earliest first.
    """

    counts: Mapping[str, int]
    failures: Mapping[int | None, int]
    skipped: Mapping[str, int]
    doubts: tuple[tuple[str, int], ...]
    ends: tuple[int, int]
    rate: float
    is_moving: bool
    held: tuple[tuple[datetime, int], ...] = ()

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def to_send(self) -> int:
        """Everyone but the skipped."""
        return self.total - self.counts.get(Delivery.Status.SKIPPED, 0)

    @property
    def waiting(self) -> int:
        return self.counts.get(Delivery.Status.PENDING, 0)

    @property
    def held_back(self) -> int:
        """Of the waiting, those that quiet hours keep waiting."""
        return sum(count for _, count in self.held)

    @property
    def held_sentences(self) -> list[str]:
        """As `say_held`."""
        return say_held(self.held)

    @property
    def left(self) -> int:
        """Those whose call hasn't finished."""
        return self.waiting + self.counts.get(Delivery.Status.SENDING, 0)

    @property
    def done(self) -> int:
        return self.to_send - self.left

    @property
    def percent(self) -> str:
        """ "100%" means that nobody is left."""
        return percent(self.done, self.to_send) if self.to_send else "100%"

    @property
    def tenths(self) -> int:
        """How many tenths are done, rounded down."""
        return 10 * self.done // self.to_send

    @property
    def reached(self) -> int:
        return sum(self.counts.get(status, 0) for status in Delivery.SUCCESSFUL)

    @property
    def failed(self) -> int:
        return sum(self.counts.get(status, 0) for status in Delivery.UNSUCCESSFUL)

    @property
    def in_doubt(self) -> int:
        return self.counts.get(Delivery.Status.UNKNOWN, 0)

    @property
    def unreported(self) -> int:
        """Those for whom a delivery report may still arrive."""
        statuses = (Delivery.Status.ACCEPTED, Delivery.Status.SENT, Delivery.Status.UNKNOWN)
        return sum(self.counts.get(status, 0) for status in statuses)

    @property
    def seconds_left(self) -> float | None:
        """At the measured rate, or the configured one if nothing was measured. None if unknown."""
        rate = self.rate or settings.SMS_RATE_PER_SECOND
        left = self.left - self.held_back
        return left / rate if self.is_moving and left and rate else None

    @property
    def states(self) -> list[State]:
        """The states with at least one person, in the order in which a text goes through them."""
        return [
            State(status.value, status.label, count, self._meaning(status))
            for status in Delivery.Status
            if (count := self.counts.get(status, 0))
        ]

    def _meaning(self, status: Delivery.Status) -> str:
        if status != Delivery.Status.SKIPPED:
            return MEANINGS[status]
        parts = [
            f"{reason.label}: {self.skipped[reason]:,}" for reason in Delivery.SkipReason if self.skipped.get(reason)
        ]
        return f"{MEANINGS[status]} {', '.join(parts)}."


def progress(log: MessageLog) -> Progress:
    """Counts the blast's rows now."""
    rows = log.deliveries.order_by().values_list("status").annotate(Count("pk"), Min("pk"), Max("pk"))
    found = {status: (count, first, last) for status, count, first, last in rows}
    counts = {status: count for status, (count, _, _) in found.items()}
    ends = (
        min((first for _, first, _ in found.values()), default=0),
        max((last for _, _, last in found.values()), default=0),
    )
    failures: dict[int | None, int] = {}
    if any(counts.get(status) for status in Delivery.UNSUCCESSFUL):
        of_failed = log.deliveries.unsuccessful().order_by()
        failures = dict(of_failed.values_list("error_code").annotate(Count("pk")))
    skipped: dict[str, int] = {}
    if counts.get(Delivery.Status.SKIPPED):
        of_skipped = log.deliveries.filter(status=Delivery.Status.SKIPPED).order_by()
        skipped = dict(of_skipped.values_list("skip_reason").annotate(Count("pk")))
    doubts = log.deliveries.count_doubts() if counts.get(Delivery.Status.UNKNOWN) else ()
    is_moving = log.is_running and bool(counts.get(Delivery.Status.PENDING) or counts.get(Delivery.Status.SENDING))
    held = count_held(log) if counts.get(Delivery.Status.PENDING) else ()
    rate = 0.0
    if is_moving:
        _, first_waiting, _ = found.get(Delivery.Status.PENDING, (0, ends[1] + 1, 0))
        if held:
            ready = log.deliveries.filter(status=Delivery.Status.PENDING, not_before=None)
            first_waiting = ready.aggregate(first=Min("pk"))["first"] or ends[1] + 1
        rate = measure_rate(log, ends[0], first_waiting, timezone.now())
    return Progress(counts, failures, skipped, doubts, ends, rate, is_moving, held)


def count_held(log: MessageLog) -> tuple[tuple[datetime, int], ...]:
    """Until when quiet hours keep people of a blast waiting, and how many, the earliest first."""
    rows = log.deliveries.held(timezone.now()).order_by("not_before").values_list("not_before")
    return tuple((at, count) for at, count in rows.annotate(Count("pk")) if at is not None)


def say_held(held: Iterable[tuple[datetime, int]]) -> list[str]:
    """Such as "212 people get it tomorrow from 8:00 AM.", for each time with how many people wait until then."""
    return [f"{people(count)} {ngettext('gets', 'get', count)} it {dates.from_when(at)}." for at, count in held]


def find_held() -> list[str]:
    """Sentences on the running blasts that quiet hours keep waiting, and when they go on."""
    sentences = []
    for log in MessageLog.objects.running().order_by("pk"):
        if held := count_held(log):
            parts = [f"{people(count)} {dates.from_when(at)}" for at, count in held]
            sentences.append(f"Blast {log.pk} waits for quiet hours to end: {', '.join(parts)}.")
    return sentences


def recent_progress(log: MessageLog) -> Progress:
    """Like `progress`, but cached for large blasts: for a second, or five after the end. Many pages may poll."""
    if log.total_recipients < CACHED_FROM:
        return progress(log)
    key = f"progress:{log.pk}:{log.status}:{log.is_running}"
    known = cache.get(key)
    if known is None:
        known = progress(log)
        cache.set(key, known, CACHE_SECONDS if log.is_running else CACHE_SECONDS_AFTERWARDS)
    return known


def recent_resends(log: MessageLog) -> tuple[Mapping[str, int], int]:
    """Of a blast that is over: the people who can be resent to, by reason, and how many are kept from it.

    Cached like `recent_progress`. What a resend really does is checked again when it starts.
    """
    key = f"resends:{log.pk}"
    known: tuple[Mapping[str, int], int] | None = cache.get(key) if log.total_recipients >= CACHED_FROM else None
    if known is None:
        known = log.to_retry(only_failed=False).count_by_reason(), log.kept_from_retry().count()
        if log.total_recipients >= CACHED_FROM:
            cache.set(key, known, CACHE_SECONDS_AFTERWARDS)
    return known


def measure_rate(log: MessageLog, first: int, first_waiting: int, now: datetime) -> float:
    """Texts per second over the last ten seconds, from the rows claimed last.

    Rows are claimed in the order of their ids, starting with `first`. The last thousand before the first waiting row
    are enough, whatever the size of the blast.
    """
    begun = log.deliveries.filter(pk__gte=first, pk__lt=first_waiting).exclude(status=Delivery.Status.SKIPPED)
    claims = begun.order_by("-pk").values_list("claimed_at", flat=True)[:MEASURED_ROWS]
    recent = [at for at in claims if at is not None and at > now - MEASURED_OVER]
    if not recent:
        return 0.0
    since = now - min(recent) if len(recent) == MEASURED_ROWS else min(MEASURED_OVER, now - log.created_at)
    return len(recent) / max(since.total_seconds(), 1.0)


def state_in_words(log: MessageLog, done: str = "") -> str:
    """Such as "Sending 45%", "Paused" or "Stopped". `done` is a percentage, given if the rows were counted."""
    if log.cancelled_at is not None:
        return "Canceled"
    if log.paused_at is not None:
        return "Stopped" if log.is_stopped else "Paused"
    if log.status == MessageLog.Status.PROCESSING and done:
        return f"Sending {done}"
    return log.get_status_display()


def news(log: MessageLog, seen: Progress) -> str:
    """What screen readers say when it changes: the state, and while sending every tenth that is done."""
    state = state_in_words(log)
    return f"{state}, {10 * seen.tenths}% done" if seen.is_moving and seen.to_send else state


def poll_seconds(log: MessageLog, seen: Progress) -> int | None:
    """Seconds until the page should poll again; None if nothing more will change."""
    if log.status == MessageLog.Status.PROCESSING:
        return 1
    finished_at = log.finished_at or log.created_at
    if seen.unreported and timezone.now() - finished_at < REPORTS_COME_FOR:
        return 5
    return None
