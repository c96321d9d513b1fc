from datetime import timedelta

import pytest
from django.utils import timezone

from messaging.models import Delivery, MessageLog, ScheduledMessage
from messaging.scheduling import scheduled_messages

ADA = "+17205550101"

pytestmark = pytest.mark.django_db


def at(**later):
    return f"{timezone.now() + timedelta(**later):%Y-%m-%d %H:%M:%S.%f}"


def test_pending_messages_stay_pending_and_are_reported(old, move):
    old.add("scheduled_messages", scheduled_at=at(hours=3), test_mode=1)
    report = move()
    message = ScheduledMessage.objects.get()
    assert (message.status, message.message_body, message.test_mode) == ("pending", "Soon", True)
    assert len(report.notes) == 1
    assert report.notes[0].startswith("1 scheduled message will be sent from here")


@pytest.mark.parametrize("lag", [0, 60])
@pytest.mark.parametrize("overdue", [{"minutes": -1}, {"days": -40}])
def test_overdue_messages_are_never_sent(old, move, settings, make_member, lag, overdue):
    settings.SCHEDULED_MESSAGE_MAX_LAG = lag
    make_member(phone=ADA)
    old.add("scheduled_messages", scheduled_at=at(**overdue))
    move()
    message = ScheduledMessage.objects.get()
    assert message.status == "expired"
    assert message.error_message.startswith("Its time had passed when it was imported")
    assert scheduled_messages.queue_due() == 0
    assert scheduled_messages.send(message.pk) is None
    assert not MessageLog.objects.exists()


def test_messages_being_sent_are_failed_with_a_sentence(old, move):
    old.add("scheduled_messages", scheduled_at=at(minutes=-1), status="processing", error_message="Line 3")
    move()
    message = ScheduledMessage.objects.get()
    assert message.status == "failed"
    assert message.error_message.startswith("It was being sent when it was imported")
    assert message.error_message.endswith("Previous error: Line 3")


@pytest.mark.parametrize("status", ["sent", "failed", "expired", "cancelled"])
def test_finished_messages_keep_their_status(old, move, status):
    old.add("scheduled_messages", scheduled_at=at(days=-1), status=status, error_message="Why")
    assert move().of("scheduled_messages").mended == 0
    message = ScheduledMessage.objects.get()
    assert (message.status, message.error_message) == (status, "Why")


@pytest.mark.parametrize(
    "values",
    [
        {"target": "everybody"},
        {"status": "waiting"},
        {"scheduled_at": "some day"},
        {"scheduled_at": "some day", "created_at": "2999-01-01 00:00:00"},
    ],
)
def test_if_unclear_nothing_is_sent(old, move, values):
    old.add("scheduled_messages", **{"scheduled_at": at(hours=1), **values})
    assert move().of("scheduled_messages").mended == 1
    message = ScheduledMessage.objects.get()
    assert message.status == "failed"
    assert message.error_message


def test_a_message_to_a_deleted_event_goes_to_nobody(old, move, make_member):
    make_member(phone=ADA)
    old.add("scheduled_messages", scheduled_at=at(hours=1), target="event", event_id=4)
    move()
    message = ScheduledMessage.objects.get()
    assert scheduled_messages.send(message.pk, timezone.now() + timedelta(hours=1, seconds=1)) is None
    message.refresh_from_db()
    assert (message.status, message.error_message) == (
        "failed",
        "The event was deleted. Choose another audience.",
    )


def test_a_text_that_cannot_be_sent_unchanged_is_reported(old, move):
    old.add("scheduled_messages", scheduled_at=at(hours=1), message_body="Hi {nickname}")
    report = move()
    ((_, _, reason), group) = next(iter(report.groups.items()))
    assert reason == "its text can't be sent as is: change it before its scheduled time"
    assert "{nickname} is not a field" in group.examples[0][1]


def test_it_belongs_to_its_blast_and_a_blast_to_one_of_them(old, move):
    blast = old.add_blast((ADA, None, True, None))
    for log_id in (blast, blast, 99):
        old.add("scheduled_messages", scheduled_at=at(days=-1), status="sent", message_log_id=log_id)
    report = move()
    assert [message.message_log_id for message in ScheduledMessage.objects.order_by("pk")] == [
        MessageLog.objects.get().pk,
        None,
        None,
    ]
    assert report.of("scheduled_messages").mended == 2


def test_an_older_versions_messages_are_imported(older, move):
    older.add("scheduled_messages", scheduled_at=at(hours=1))
    older.add("scheduled_messages", scheduled_at=at(hours=-1), status="sent")
    move(older)
    assert list(ScheduledMessage.objects.order_by("pk").values_list("status", flat=True)) == ["pending", "sent"]


def test_nobody_is_texted(old, move, make_member):
    make_member(phone=ADA)
    for status in ("pending", "processing", "failed"):
        old.add("scheduled_messages", scheduled_at=at(seconds=-5), status=status)
    old.add_blast((ADA, None, False, "No"), status="processing")
    move()
    scheduled_messages.queue_due()
    assert not Delivery.objects.in_progress().exists()
    assert not Delivery.objects.exclude(sid="").exists()
