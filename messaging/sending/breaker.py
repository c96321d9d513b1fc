"""When a blast has to stop by itself: before a fault of ours, or a filter, has reached everybody.

Senders, delivery reports and the sweep all ask here, so that one rule holds for them. What counts is what became of
texts called since staff last resumed after a fault: reports on earlier ones may come for hours, and the fault may be
mended by now. If it isn't, the new texts show it.
"""

from dataclasses import dataclass
from typing import Final

from django.conf import settings
from django.db.models import Count, Q

from smsadmin.lib.plurals import counted

from ..error_codes import Category, classify
from ..models import Delivery, MessageLog
from ..models.deliveries import DeliveryQuerySet

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
    """What the results since the last resume say against going on, if anything.

    A fault of the account counts from its first failure, any other from the sample on.
    """
    rows = log.deliveries.called_since(log.resumed_at)
    failures = (
        rows.unsuccessful()
        .order_by()
        .values("error_code")
        .annotate(refused=Count("pk", filter=Q(sid="")), reported=Count("pk", filter=~Q(sid="")))
    )
    if log.resumed_at is None and log.muted_code is not None:
        # Resumed before that moment was kept.
        failures = failures.exclude(error_code=log.muted_code)
    by_code = {row["error_code"]: (row["refused"], row["reported"]) for row in failures}
    if not by_code:
        return None
    return _find_account_fault(by_code) or _find_sender_fault(by_code, rows) or _find_filter(by_code, rows)


def _find_account_fault(by_code: dict[int | None, tuple[int, int]]) -> Fault | None:
    """A failure after which every further text would fail in the same way."""
    for info in map(classify, by_code):
        if info.code is not None and info.stops_blast:
            return Fault(info.code, info.sentence)
    return None


def _find_sender_fault(by_code: dict[int | None, tuple[int, int]], rows: DeliveryQuerySet) -> Fault | None:
    """The first results all failed with one code that says something about the sender.

    A refusal comes at once, so one acceptance shows that others get through. A report comes long after the
    acceptance: there only a text that arrived shows it.
    """
    if len(by_code) != 1:
        return None
    [(code, (refused, reported))] = by_code.items()
    failed = refused + reported
    if code is None or failed < settings.SMS_BREAKER_SAMPLE:
        return None
    info = classify(code)
    if info.category != Category.CONFIG_ERROR and code not in SENDER_SIDE_IF_ALL:
        return None
    shown_by = (Delivery.Status.DELIVERED,) if reported else Delivery.SUCCESSFUL
    if rows.filter(status__in=shown_by).exists():
        return None
    several = f"The first {failed:,} texts all failed in the same way."
    return Fault(code, f"{'The first text failed.' if failed == 1 else several} {info.sentence}")


def _find_filter(by_code: dict[int | None, tuple[int, int]], rows: DeliveryQuerySet) -> Fault | None:
    """Too many texts were filtered for what they say or who sends them."""
    filtered = sum(by_code.get(FILTERED, (0, 0)))
    if not filtered:
        return None
    states = rows.count_by_status()
    results = sum(states.get(status, 0) for status in (*Delivery.SUCCESSFUL, *Delivery.UNSUCCESSFUL))
    if results < settings.SMS_BREAKER_SAMPLE or filtered <= FILTERED_SHARE * results:
        return None
    share = f"{filtered:,} of {counted(results, 'text', 'texts')}"
    return Fault(FILTERED, f"Carriers filtered {share}. {classify(FILTERED).sentence}")


def hear(row: Delivery, code: int | None) -> bool:
    """Stop the running blast of a failed text at once where `code` is a fault of the account; whether it stopped.

    The rule of `find_fault` for one row: reports come by the thousand, and none of them should count all rows.
    """
    info, log = classify(code), row.message_log
    if info.code is None or not info.stops_blast or log is None or not log.is_running:
        return False
    if log.resumed_at is None:
        is_news = code != log.muted_code
    else:
        is_news = row.claimed_at is not None and row.claimed_at >= log.resumed_at
    return is_news and log.stop(info.code, info.sentence)


def stop_if_faulty(log: MessageLog) -> bool:
    """Stop a running blast whose results since the last resume speak against going on; whether it was stopped."""
    log.refresh_from_db(fields=["resumed_at", "muted_code"])
    fault = find_fault(log)
    return fault is not None and log.stop(fault.code, fault.reason)
