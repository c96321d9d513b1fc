from datetime import UTC, datetime

import pytest

from messaging.models import Delivery, InboxMessage, InboxThread

ADA, GRACE = "+17205550101", "+13035550102"
SID = "SM" + "0" * 32

pytestmark = pytest.mark.django_db


def test_a_conversation_is_imported_with_its_texts(old, move):
    old.add(
        "inbox_threads",
        phone=ADA,
        contact_name="Ada",
        unread_count=1,
        last_message_preview="Hi",
        last_direction="inbound",
    )
    old.add("inbox_messages", phone=ADA, message_sid=SID, raw_payload="{}")
    report = move()
    thread, message = InboxThread.objects.get(), InboxMessage.objects.get()
    assert (thread.phone, thread.contact_name, thread.unread_count) == (ADA, "Ada", 1)
    assert (thread.last_message_preview, thread.last_direction) == ("Hi", "inbound")
    assert thread.updated_at == datetime(2024, 3, 5, 17, 30, 0, 123456, tzinfo=UTC)
    assert (message.thread, message.direction, message.body, message.message_sid) == (thread, "inbound", "Hi", SID)
    assert message.delivery is None
    assert not report.groups
    assert not report.notes


def test_no_more_texts_are_unread_than_were_received(old, move):
    old.add("inbox_threads", phone=ADA, unread_count=2)
    old.add("inbox_messages", phone=ADA, message_sid=SID)
    old.add("inbox_messages", phone=ADA, direction="outbound")
    report = move()
    assert InboxThread.objects.get().unread_count == 1
    assert report.notes == ["1 conversation claimed more unread texts than it received. Its count was lowered."]


@pytest.mark.parametrize(
    ("status", "error", "state", "code"),
    [
        ("delivered", None, "delivered", None),
        ("queued", None, "accepted", None),
        ("sent", None, "sent", None),
        ("undelivered", "Error 30005", "undelivered", 30005),
        ("failed", "Error 21610", "failed", 21610),
        (None, "It broke", "failed", None),
        ("pending", None, "unknown", None),
    ],
)
def test_outbound_texts_have_a_delivery_with_their_status(old, move, status, error, state, code):
    old.add("inbox_threads", phone=ADA)
    old.add("inbox_messages", phone=ADA, direction="outbound", delivery_status=status, delivery_error=error)
    move()
    delivery = InboxMessage.objects.get().delivery
    assert (delivery.message_log, delivery.phone, delivery.status, delivery.error_code) == (None, ADA, state, code)
    assert not Delivery.objects.in_progress().exists()
    assert not Delivery.objects.in_doubt().exists()


def test_outbound_texts_without_a_status_have_no_delivery(old, move):
    old.add("inbox_threads", phone=ADA)
    old.add("inbox_messages", phone=ADA, direction="outbound", automation_source="manual")
    move()
    assert InboxMessage.objects.get().delivery is None


def test_existing_texts_are_left_alone(old, move):
    thread = InboxThread.objects.create(phone=ADA)
    InboxMessage.objects.create(thread=thread, phone=ADA, direction="inbound", body="Here", message_sid=SID)
    old.add("inbox_threads", phone=ADA)
    old.add("inbox_messages", phone=ADA, message_sid=SID)
    old.add("inbox_messages", phone=ADA, message_sid="")
    old.add("inbox_messages", phone=ADA, message_sid="")
    report = move()
    assert list(InboxMessage.objects.order_by("pk").values_list("body", "thread")) == [
        ("Here", thread.pk),
        ("Hi", thread.pk),
        ("Hi", thread.pk),
    ]
    assert (report.of("inbox_threads").present, report.of("inbox_messages").present) == (1, 1)


def test_texts_of_a_deleted_conversation_are_refused(old, move):
    old.add("inbox_messages", phone=ADA, thread_id=6)
    assert move().of("inbox_messages").refused == 1


@pytest.mark.parametrize(
    ("values", "direction", "source"),
    [
        ({"direction": "in"}, "inbound", None),
        ({"direction": "out", "automation_source": "system"}, "outbound", "system"),
        ({"direction": "outbound", "automation_source": "robot"}, "outbound", None),
    ],
)
def test_unknown_values_are_fixed(old, move, values, direction, source):
    old.add("inbox_threads", phone=ADA)
    old.add("inbox_messages", phone=ADA, **values)
    assert move().of("inbox_messages").mended == 1
    message = InboxMessage.objects.get()
    assert (message.direction, message.automation_source) == (direction, source)


def test_a_conversation_without_a_phone_number_is_rejected(old, move):
    old.add("inbox_threads", phone="BANK")
    assert move().of("inbox_threads").refused == 1
