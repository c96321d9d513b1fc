"""Applies failures to opt-outs and suppressions where that hasn't happened yet. Safe to repeat."""

import logging
import math
import time
from typing import Final

from django.db import transaction
from django.db.models import Case, Exists, OuterRef, QuerySet, When
from django.utils import timezone

from contacts.models import SuppressedContact
from contacts.models.opt_outs import unsubscribed

from ..error_codes import Category
from ..models import Delivery, MessageLog
from ..models.deliveries import DeliveryQuerySet
from . import suppression

logger = logging.getLogger(__name__)

BATCH: Final = 500
PASS_SECONDS: Final = 20.0


def catch_up(seconds: float = PASS_SECONDS) -> int:
    """Apply failures of blasts and conversations that haven't been applied yet, for about `seconds`. Returns how
    many.

    Usually there are none, because failures are applied in the transaction that records them. Code by code, to use
    the index.
    """
    until = time.monotonic() + seconds
    unlearned = Delivery.objects.filter(learned_at=None)
    return sum(_take(unlearned.filter(error_code=code), until) for code in suppression.telling_codes())


def backfill(logs: QuerySet[MessageLog] | None = None) -> int:
    """Apply every failure of these blasts (default: all), oldest first. Returns the number of failures.

    Existing records stay as they are. People who have opted in since the failure, or for whom staff allowed texts
    again, aren't affected.
    """
    failures = Delivery.objects.of_blasts().unsuccessful().filter(error_code__isnull=False)
    if logs is not None:
        failures = failures.filter(message_log__in=logs)
    count = failures.count()
    _take(failures.filter(error_code__in=suppression.telling_codes()))
    return count


def _take(rows: DeliveryQuerySet, until: float = math.inf) -> int:
    failures = rows.unsuccessful().order_by("pk")
    count = last = 0
    while time.monotonic() < until and (batch := list(failures.filter(pk__gt=last).only("pk")[:BATCH])):
        last = batch[-1].pk
        count += len(batch)
        _take_batch([row.pk for row in batch])
    return count


def _take_batch(pks: list[int]) -> None:
    """Mark those already on their list in bulk, and apply the others one by one."""
    codes = suppression.telling_codes()
    opt_outs = [code for code in codes if suppression.meaning(code) == Category.OPT_OUT]
    suppressed = Exists(SuppressedContact.objects.blocking().filter(phone=OuterRef("phone")))
    is_listed = Case(When(error_code__in=opt_outs, then=unsubscribed()), default=suppressed)
    listed = list(Delivery.objects.filter(is_listed, pk__in=pks).values_list("pk", flat=True))
    Delivery.objects.filter(pk__in=listed, learned_at=None).update(learned_at=timezone.now())
    for pk in sorted({*pks} - {*listed}):
        _take_one(pk)


def _take_one(pk: int) -> None:
    """Errors are logged and left for the next pass."""
    try:
        with transaction.atomic():
            # Locked, because a late report may be updating it.
            row = Delivery.objects.select_for_update().filter(pk=pk, status__in=Delivery.UNSUCCESSFUL).first()
            if row is None:
                return
            suppression.learn(row.phone, row.name, row.error_code, row.message_log_id, row.updated_at)
            Delivery.objects.filter(pk=pk).update(learned_at=timezone.now())
    except Exception:
        logger.exception("Delivery %s: could not apply its failure to the lists", pk)
