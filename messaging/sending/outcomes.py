"""What became of a blast's people: the four parts of its bar, and why the others don't have the text.

This is the one place that says which states of a delivery belong together on pages.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from django.db import models

from smsadmin.lib.drawing import Part, stack

from ..error_codes import REMEDIES, Reason, Remedy, classify
from ..models import Delivery, MessageLog

_DETAILS: Final = 3
_SKIP_REMEDIES: Final[Mapping[str, Remedy]] = {
    Delivery.SkipReason.OPTED_OUT: Remedy("They asked for no more texts."),
    Delivery.SkipReason.SUPPRESSED: Remedy("Earlier texts couldn’t be delivered. Ask for another number."),
    Delivery.SkipReason.DUPLICATE: Remedy("They got it from another resend of this blast."),
    Delivery.SkipReason.NO_VALUE: Remedy(
        "The message has a field that they have no value for. Fill it in, then text them."
    ),
    Delivery.SkipReason.CANCELLED: Remedy("The blast was canceled before their turn.", can_resend=True),
}


class Outcome(models.TextChoices):
    """How a recipient counts. "Waiting" is left once nothing more is sent."""

    DELIVERED = "delivered", "Delivered"
    ON_THE_WAY = "on-the-way", "On the way"
    NOT_REACHED = "not-reached", "Not reached"
    SKIPPED = "skipped", "Skipped"
    WAITING = "pending", "Waiting to send"


# "On the way" is whatever may have arrived but isn't confirmed: some carriers never report, and an unknown outcome
# may be a text that went out. It is nobody's failure, and never resent on a guess.
STATUSES: Final[Mapping[str, tuple[str, ...]]] = {
    Outcome.DELIVERED: (Delivery.Status.DELIVERED,),
    Outcome.ON_THE_WAY: (
        Delivery.Status.SENDING,
        Delivery.Status.UNKNOWN,
        Delivery.Status.ACCEPTED,
        Delivery.Status.SENT,
    ),
    Outcome.NOT_REACHED: Delivery.UNSUCCESSFUL,
    Outcome.SKIPPED: (Delivery.Status.SKIPPED,),
    Outcome.WAITING: (Delivery.Status.PENDING,),
}


@dataclass(frozen=True, slots=True)
class Missed:
    """People without the text for one reason. `to_resend` of them can be resent to now, where that makes sense.

    `details` are Twilio's most frequent complaints, as sentences, where they say more than the reason.
    """

    reason: str
    label: str
    count: int
    remedy: str
    details: tuple[str, ...]
    to_resend: int


def parts(counts: Mapping[str, int]) -> list[Part]:
    """The bar of a blast, from its number of rows for each status."""
    return stack(
        (outcome.value, str(outcome.label), sum(counts.get(status, 0) for status in STATUSES[outcome]))
        for outcome in Outcome
    )


def parts_by_counters(log: MessageLog) -> list[Part]:
    """The bar of a blast that is over, from its counters, which leave out the skipped and the unconfirmed."""
    return stack(
        [
            (Outcome.DELIVERED.value, "delivered", log.delivered_count),
            (Outcome.ON_THE_WAY.value, "on the way", log.success_count - log.delivered_count),
            (Outcome.NOT_REACHED.value, "not reached", log.failure_count),
        ]
    )


def not_reached(failures: Mapping[int | None, int], to_retry: Mapping[str, int]) -> list[Missed]:
    """The failures (error code to count) by reason, the most frequent first."""
    by_reason: dict[str, Counter[str]] = {}
    for code, count in failures.items():
        info = classify(code)
        by_reason.setdefault(info.reason, Counter())[info.sentence] += count
    found = [
        _missed(reason, REMEDIES[reason], sentences.total(), to_retry, sentences)
        for reason, sentences in by_reason.items()
    ]
    return _sorted(found)


def skipped(counts: Mapping[str, int], to_retry: Mapping[str, int]) -> list[Missed]:
    """The skipped (SkipReason to count) by reason, the most frequent first."""
    return _sorted(
        _missed(reason, _SKIP_REMEDIES[reason], counts[reason], to_retry)
        for reason in Delivery.SkipReason
        if counts.get(reason)
    )


def _missed(
    reason: str, remedy: Remedy, count: int, to_retry: Mapping[str, int], sentences: Counter[str] | None = None
) -> Missed:
    details = sentences.most_common(_DETAILS) if sentences and remedy.is_in_detail else []
    return Missed(
        reason=str(reason),
        label=label_of(reason),
        count=count,
        remedy=remedy.sentence,
        details=tuple(sentence for sentence, _ in details),
        to_resend=to_retry.get(reason, 0) if remedy.can_resend else 0,
    )


def label_of(reason: str) -> str:
    """A Reason or SkipReason in words."""
    kind = Delivery.SkipReason if reason in Delivery.SkipReason.values else Reason
    return str(kind(reason).label)


def _sorted(found: Iterable[Missed]) -> list[Missed]:
    return sorted(found, key=lambda missed: (-missed.count, missed.label))
