"""What old blasts say about contacts, recorded after the fact. Safe to repeat."""

from django.db.models import QuerySet

from . import healing
from .models import Delivery, MessageLog


def backfill(logs: QuerySet[MessageLog] | None = None) -> int:
    """Take every failure of these blasts (all, by default) through the classifier, oldest first; how many failures.

    Numbers that are on a list already stay as they are recorded there.
    """
    failures = Delivery.objects.of_blasts().unsuccessful().filter(error_code__isnull=False)
    if logs is not None:
        failures = failures.filter(message_log__in=logs)
    count = 0
    for row in failures.order_by("message_log_id", "pk").iterator(chunk_size=2000):
        healing.learn(row.phone, row.name, row.error_code, row.message_log_id, row.updated_at)
        count += 1
    return count
