"""What Twilio reports about a text after it has accepted it.

Reports come late, twice and out of order, and before we have read the answer to our own call. Each touches one
delivery row and nothing that the others share.
"""

import logging
from typing import Final

from django.db.models.functions import Now

from . import healing
from .classification import classify
from .models import Delivery

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


def apply(delivery_id: int, sid: str, status: str, error_code: int | None) -> bool:
    """Take in one report; whether it changed anything.

    An unknown delivery or status, a repeat, and one that was overtaken change nothing.
    """
    state = STATES.get(status)
    row = Delivery.objects.filter(pk=delivery_id).first()
    if state is None or row is None:
        logger.info("Report %s on delivery %s is not about anything known", status[:20], delivery_id)
        return False
    changes: dict[str, object] = {"sid": sid} if sid and not row.sid else {}
    is_failure = state in Delivery.UNSUCCESSFUL
    changes["error_code"] = error_code if is_failure else None
    changes["error_message"] = classify(error_code).sentence if is_failure else ""
    if row.accepted_at is None:
        changes["accepted_at"] = Now()
    if not Delivery.objects.advance(delivery_id, state, **changes):
        logger.info("Report %s on delivery %s was overtaken", status, delivery_id)
        return False
    if is_failure:
        healing.learn(row.phone, row.name, error_code, row.message_log_id)
        info = classify(error_code)
        if row.message_log is not None and info.code is not None and info.stops_blast:
            row.message_log.stop(info.code, info.sentence)
    return True
