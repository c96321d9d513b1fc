"""Records what old failures say about contacts and the lists lack. Safe to repeat."""

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
    """Take failures that have taught the lists nothing yet, in blasts and in conversations, for about `seconds`.

    How many were taken. There are none as a rule, since a lesson is written with the state that teaches it. Code by
    code, because that is how an index holds those that there are.
    """
    until = time.monotonic() + seconds
    unlearned = Delivery.objects.filter(learned_at=None)
    return sum(_take(unlearned.filter(error_code=code), until) for code in suppression.telling_codes())


def backfill(logs: QuerySet[MessageLog] | None = None) -> int:
    """Take every failure of these blasts (all, by default) through the classifier, oldest first; how many failures.

    Numbers that are on a list already stay as they are recorded there. Who has opted in or was restored since the
    failure is left in.
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
    """The database says whose number is on its list already; the others are learned one by one."""
    codes = suppression.telling_codes()
    opt_outs = [code for code in codes if suppression.meaning(code) == Category.OPT_OUT]
    suppressed = Exists(SuppressedContact.objects.blocking().filter(phone=OuterRef("phone")))
    is_listed = Case(When(error_code__in=opt_outs, then=unsubscribed()), default=suppressed)
    listed = list(Delivery.objects.filter(is_listed, pk__in=pks).values_list("pk", flat=True))
    Delivery.objects.filter(pk__in=listed, learned_at=None).update(learned_at=timezone.now())
    for pk in sorted({*pks} - {*listed}):
        _take_one(pk)


def _take_one(pk: int) -> None:
    """One that fails is logged, left for the next pass, and keeps none of the others waiting."""
    try:
        with transaction.atomic():
            # Locked, because a late report may be moving it on.
            row = Delivery.objects.select_for_update().filter(pk=pk, status__in=Delivery.UNSUCCESSFUL).first()
            if row is None:
                return
            suppression.learn(row.phone, row.name, row.error_code, row.message_log_id, row.updated_at)
            Delivery.objects.filter(pk=pk).update(learned_at=timezone.now())
    except Exception:
        logger.exception("Delivery %s: what its failure says about the number could not be recorded", pk)
