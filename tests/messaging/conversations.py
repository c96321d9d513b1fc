"""Helpers for the tests of the inbox and its conversations."""

from datetime import timedelta

from django.utils import timezone

from messaging.models import Delivery, InboxMessage, InboxThread
from tests.admin_pages import squeeze

INBOX = "/admin/messaging/inboxthread/"


def address(thread, page="change/"):
    return f"{INBOX}{thread.pk}/{page}"


def make_thread(phone, *bodies, is_read=True, **fields):
    """A conversation that received these texts, a minute apart, the last one just now."""
    thread = InboxThread.objects.create(phone=phone, **fields)
    for age, body in zip(range(len(bodies) - 1, -1, -1), bodies, strict=True):
        add_text(thread, body, created_at=timezone.now() - timedelta(minutes=age))
    if not is_read:
        InboxThread.objects.filter(pk=thread.pk).update(unread_count=len(bodies))
    thread.refresh_from_db()
    return thread


def add_text(thread, body, direction="inbound", **fields):
    message = InboxMessage.objects.create(
        thread=thread, phone=thread.phone, direction=direction, body=body, **{"created_at": timezone.now(), **fields}
    )
    changes = {"last_message_preview": body[:120], "last_direction": direction, "last_message_at": message.created_at}
    InboxThread.objects.filter(pk=thread.pk).update(**changes)
    return message


def flag(message):
    InboxMessage.objects.filter(pk=message.pk).update(is_flagged=True)
    InboxThread.objects.filter(pk=message.thread_id, flagged_at=None).update(flagged_at=message.created_at)


def fresh(thread):
    """The conversation as it is now."""
    return InboxThread.objects.get(pk=thread.pk)


def state(message):
    """What happened to an outbound text."""
    return Delivery.objects.get(pk=message.delivery_id).status


def read(client, location, **query):
    """The text of a page with single spaces."""
    response = client.get(location, query)
    assert response.status_code == 200
    return squeeze(response.content.decode())
