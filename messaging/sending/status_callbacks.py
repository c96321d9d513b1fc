"""Processes Twilio's status reports on accepted texts.

Reports come late, twice, out of order, and even before the response to our own call. Each one only touches its own
delivery row. A failure's effect on the lists is in the same transaction. Whether the blast must stop is checked
afterwards, and again by the sweep.
"""

import logging
from functools import partial
from typing import Final

from django.db import DEFAULT_DB_ALIAS, DatabaseError
from django.db.models import BigIntegerField
from django.db.models.functions import Now

from contacts import phones
from smsadmin.lib import group_commit
from smsadmin.lib.prepared_statements import Prepared

from ..error_codes import classify
from ..models import Delivery, UnmatchedReports
from . import breaker, suppression

logger = logging.getLogger(__name__)

# Twilio's message statuses (its Messages resource) as states of a delivery.
STATES: Final[dict[str, Delivery.Status]] = {
    "accepted": Delivery.Status.ACCEPTED,
    "scheduled": Delivery.Status.ACCEPTED,
    "queued": Delivery.Status.ACCEPTED,
    "sending": Delivery.Status.ACCEPTED,
    "sent": Delivery.Status.SENT,
    "delivered": Delivery.Status.DELIVERED,
    "read": Delivery.Status.DELIVERED,
    "undelivered": Delivery.Status.UNDELIVERED,
    "failed": Delivery.Status.FAILED,
    "canceled": Delivery.Status.FAILED,
}


_FIELDS: Final = ("id", "message_log_id", "phone", "name", "status", "sid")
_ROWS: Final = Prepared(lambda pk: Delivery.objects.filter(pk=pk).values_list(*_FIELDS))


def apply(delivery_id: int, sid: str, status: str, error_code: int | None, *, to: str) -> bool:
    """Applies one report on a text to the number `to`, and returns whether it changed anything.

    An unknown status, a repeat, or an outdated report changes nothing. A report that doesn't belong to this delivery,
    as after a restore, is only counted. A failure and its effect on the number are one transaction.
    """
    state = STATES.get(status)
    if state is None:
        logger.info("Report on delivery %s has the unknown status %r", delivery_id, status[:20])
        return False
    row = _find(delivery_id)
    if row is None or not _is_about(row, sid, to):
        _count_unmatched(delivery_id, sid)
        return False
    is_failure = state in Delivery.UNSUCCESSFUL
    if Delivery.RANK[row.status] >= Delivery.RANK[state] and (row.sid or not sid):
        # Nothing to write, so don't wait for the lock.
        has_moved = False
    else:
        is_lesson = is_failure and bool(suppression.meaning(error_code))
        move = partial(_move, row, sid, state, error_code, is_lesson=is_lesson)
        has_moved = group_commit.run(move, is_one_statement=not is_lesson)
    if not has_moved:
        logger.info("Report %s on delivery %s is outdated", status, delivery_id)
    elif is_failure:
        breaker.hear(row, error_code)
    return has_moved


def _find(delivery_id: int) -> Delivery | None:
    if not 0 < delivery_id <= BigIntegerField.MAX_BIGINT:
        return None
    for row in _ROWS.rows(delivery_id):
        return Delivery.from_db(DEFAULT_DB_ALIAS, _FIELDS, row)
    return None


def _is_about(row: Delivery, sid: str, to: str) -> bool:
    """Whether a report is about this row's text: it has the same number, and the same SID if we know it. After a
    database was restored by other means than ours, ids may be used twice.

    If the number is missing, the SID alone must match. Twilio sends both in each report (Twilio: "Track the message
    status of outbound messages").
    """
    if row.sid and row.sid != sid:
        return False
    return _is_same_number(to, row.phone) if to.strip() else bool(row.sid)


def _is_same_number(to: str, phone: str) -> bool:
    """Compares in E.164, ignoring spaces, punctuation and a channel prefix ("rcs:+1720…")."""
    number = to.strip().rpartition(":")[2]
    if number == phone:
        return True
    try:
        # Without "+", it could be another country's national number with the same digits.
        return number.startswith("+") and phones.normalize(number) == phone
    except phones.InvalidPhone:
        return False


def _count_unmatched(delivery_id: int, sid: str) -> None:
    """Doesn't raise database errors: Twilio shouldn't retry because of them."""
    logger.warning("Report on delivery %s, message %s matches no delivery and was ignored", delivery_id, sid)
    try:
        UnmatchedReports.objects.count_one()
    except DatabaseError as error:
        logger.warning("The report on delivery %s couldn't be counted (%s)", delivery_id, type(error).__name__)


def _move(row: Delivery, sid: str, state: str, error_code: int | None, *, is_lesson: bool = False) -> bool:
    """Moves the row forward and records what a failure says about the number. Returns whether it moved."""
    is_failure = state in Delivery.UNSUCCESSFUL
    code, sentence = (error_code, classify(error_code).sentence) if is_failure else (None, "")
    if not Delivery.objects.advance(row.pk, state, sid, code, sentence):
        if sid and not row.sid:
            Delivery.objects.filter(pk=row.pk, sid="").update(sid=sid)
        return False
    if is_lesson:
        Delivery.objects.filter(pk=row.pk).update(learned_at=Now())
        suppression.learn(row.phone, row.name, error_code, row.message_log_id)
    return True
