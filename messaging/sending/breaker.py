"""The circuit breaker: stops a blast before a fault of ours, or a carrier's filter, affects everyone.

Shared by senders, delivery reports and the sweep. Only texts sent since staff last resumed after a fault count:
reports on earlier ones may come for hours, and the fault may be fixed by now.
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
# The sender's fault if everyone gets them; otherwise, the recipient's.
SENDER_SIDE_IF_ALL: Final = frozenset({21612, 21618})


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a blast has to stop: Twilio's code, and a sentence on what to do."""

    code: int
    reason: str


def find_fault(log: MessageLog) -> Fault | None:
    """The fault shown by the results since the last resume, if any.

    An account fault counts from the first failure, any other fault from SMS_BREAKER_SAMPLE results on.
    """
    rows = log.deliveries.called_since(log.resumed_at)
    failures = (
        rows.unsuccessful()
        .order_by()
        .values("error_code")
        .annotate(refused=Count("pk", filter=Q(sid="")), reported=Count("pk", filter=~Q(sid="")))
    )
    if log.resumed_at is None and log.muted_code is not None:
        # Resumed by an older version, which didn't store the time.
        failures = failures.exclude(error_code=log.muted_code)
    by_code = {row["error_code"]: (row["refused"], row["reported"]) for row in failures}
    if not by_code:
        return None
    return _find_account_fault(by_code) or _find_sender_fault(by_code, rows) or _find_filter(by_code, rows)


def _find_account_fault(by_code: dict[int | None, tuple[int, int]]) -> Fault | None:
    """A failure that means that every other text would fail the same way."""
    for info in map(classify, by_code):
        if info.code is not None and info.stops_blast:
            return Fault(info.code, info.sentence)
    return None


def _find_sender_fault(by_code: dict[int | None, tuple[int, int]], rows: DeliveryQuerySet) -> Fault | None:
    """All results so far failed with the same code, which is the sender's fault.

    Refusals come at once, so one accepted text disproves the fault. Reports come long after acceptance, so only a
    delivered text disproves it.
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
    several = f"The first {failed:,} texts all failed for the same reason."
    return Fault(code, f"{'The first text failed.' if failed == 1 else several} {info.sentence}")


def _find_filter(by_code: dict[int | None, tuple[int, int]], rows: DeliveryQuerySet) -> Fault | None:
    """Carriers filtered too many texts for their content or sender."""
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
    """Stop a failed text's running blast if `code` is an account fault. Returns whether it stopped.

    The rule of `find_fault` for a single row: reports come by the thousand, so this doesn't count all rows.
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
    """Stop a running blast if `find_fault` finds a fault. Returns whether it stopped."""
    log.refresh_from_db(fields=["resumed_at", "muted_code"])
    fault = find_fault(log)
    return fault is not None and log.stop(fault.code, fault.reason)
