"""Who was texted or texted us since some time, for undoing imports (`contacts.imports.traces`)."""

from datetime import datetime

from django.db.models import QuerySet

from ..models import Delivery, InboxThread


def texted_since(at: datetime) -> QuerySet[Delivery]:
    """The deliveries of blasts that were started since then, but for those that were skipped."""
    return Delivery.objects.filter(message_log__created_at__gte=at).exclude(status=Delivery.Status.SKIPPED)


def in_conversation_since(at: datetime) -> QuerySet[InboxThread]:
    """The conversations with a text since then, either way."""
    return InboxThread.objects.filter(last_message_at__gte=at)
