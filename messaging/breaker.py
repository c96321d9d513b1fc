"""When a blast has to stop by itself: before a fault of ours, or a filter, has reached everybody."""

from dataclasses import dataclass
from typing import Final

from django.conf import settings
from django.db.models import Count, Q

from .classification import Category, classify
from .models import Delivery, MessageLog

FILTERED: Final = 30007
FILTERED_SHARE: Final = 0.05
# These two are about the sender when they meet everybody, and about the recipient when they meet one.
SENDER_SIDE_IF_ALL: Final = frozenset({21612, 21618})


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a blast must not go on: Twilio's code, and a sentence that says what to do."""

    code: int
    reason: str


def find_fault(log: MessageLog) -> Fault | None:
    """What the results so far say against going on, if anything."""
    failures = (
        log.deliveries.unsuccessful()
        .order_by()
        .values("error_code")
        .annotate(refused=Count("pk", filter=Q(sid="")), reported=Count("pk", filter=~Q(sid="")))
    )
    if log.muted_code is not None:
        failures = failures.exclude(error_code=log.muted_code)
    by_code = {row["error_code"]: (row["refused"], row["reported"]) for row in failures}
    if not by_code:
        return None
    states = log.deliveries.count_by_status()
    return _find_sender_fault(by_code, states) or _find_filter(by_code, states)


def _find_sender_fault(by_code: dict[int | None, tuple[int, int]], states: dict[str, int]) -> Fault | None:
    """The first results all failed with one code that says something about the sender.

    A refusal comes at once, so one acceptance shows that others get through. A report comes long after the
    acceptance: there only a text that arrived shows it.
    """
    if len(by_code) != 1:
        return None
    [(code, (refused, reported))] = by_code.items()
    if code is None or refused + reported < settings.SMS_BREAKER_SAMPLE:
        return None
    info = classify(code)
    if info.category != Category.CONFIG_ERROR and code not in SENDER_SIDE_IF_ALL:
        return None
    arrived = states.get(Delivery.Status.DELIVERED, 0)
    if not reported:
        arrived += states.get(Delivery.Status.ACCEPTED, 0) + states.get(Delivery.Status.SENT, 0)
    if arrived:
        return None
    return Fault(code, f"The first {refused + reported} texts all failed in the same way. {info.sentence}")


def _find_filter(by_code: dict[int | None, tuple[int, int]], states: dict[str, int]) -> Fault | None:
    """Too many texts were filtered for what they say or who sends them."""
    filtered = sum(by_code.get(FILTERED, (0, 0)))
    results = sum(states.get(status, 0) for status in (*Delivery.SUCCESSFUL, *Delivery.UNSUCCESSFUL))
    if results < settings.SMS_BREAKER_SAMPLE or filtered <= FILTERED_SHARE * results:
        return None
    share = f"{filtered:,} of {results:,} texts"
    return Fault(FILTERED, f"Carriers filtered {share}. {classify(FILTERED).sentence}")


def stop_if_faulty(log: MessageLog) -> bool:
    """Stop a running blast whose results so far speak against going on; whether it was stopped."""
    fault = find_fault(log)
    return fault is not None and log.stop(fault.code, fault.reason)
