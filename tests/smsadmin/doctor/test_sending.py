from datetime import timedelta

import pytest
from django.utils import timezone

from messaging.models import Delivery, InboxMessage, InboxThread, ScheduledMessage, SenderSlot, UnmatchedReports

from .conftest import findings, mend, notes, problems

pytestmark = pytest.mark.django_db


@pytest.fixture
def long_ago():
    return timezone.now() - timedelta(hours=3)


@pytest.fixture
def running(make_log, make_delivery, long_ago):
    """A blast with one pending person, whose only sender has been silent for hours."""
    log = make_log(status="processing", created_at=long_ago)
    make_delivery(log, Delivery.Status.PENDING, updated_at=long_ago)
    SenderSlot.objects.create(message_log=log, number=0, leased_until=long_ago)
    return log


def test_a_blast_that_nobody_sends_is_found(running):
    assert problems("sending.blasts") == [f"Blast {running.pk} has 1 person waiting, but isn't being sent."]


def test_a_blast_with_a_living_sender_is_fine(running):
    SenderSlot.objects.update(leased_until=timezone.now() + timedelta(seconds=9))
    assert problems("sending.blasts") == []
    assert findings("sending.blasts")[-1].sentence == "1 blast is being sent."


def test_a_blast_that_has_just_started_is_fine(running):
    running.created_at = timezone.now()
    running.save(update_fields=["created_at"])
    assert problems("sending.blasts") == []


def test_a_blast_without_a_sender_slot_is_found_and_fixed(running, settings):
    SenderSlot.objects.all().delete()
    assert problems("sending.blasts") == [f"Blast {running.pk} has 1 person waiting and no sender slot."]
    assert mend("sending.blasts") == [f"Blast {running.pk} can be sent again: the worker continues it."]
    assert (
        SenderSlot.objects.free(timezone.now()).filter(message_log=running).count() == settings.SMS_SENDERS_PER_BLAST
    )


def test_a_stopped_blast_is_noted_with_its_reason(make_log):
    log = make_log(status="processing", paused_at=timezone.now(), stop_reason="The sender is not registered.")
    assert problems("sending.blasts") == []
    assert notes("sending.blasts") == [f"Blast {log.pk} is paused (The sender is not registered)."]


def test_an_answer_that_nobody_sends_is_found(make_delivery, long_ago):
    make_delivery(None, Delivery.Status.PENDING, updated_at=long_ago)
    assert problems("sending.blasts") == ["1 reply is waiting in the inbox, but not being sent."]


def test_unconfirmed_texts_without_a_decision_are_found(make_delivery, make_log, long_ago):
    row = make_delivery(make_log(), Delivery.Status.UNKNOWN, claimed_at=long_ago)
    assert problems("sending.doubt") == ["1 person may not have received a text and still need a decision."]
    Delivery.objects.filter(pk=row.pk).update(is_left=True)
    assert problems("sending.doubt") == []


def test_a_text_whose_sender_is_gone_is_found(make_delivery, make_log, long_ago):
    make_delivery(make_log(status="processing"), Delivery.Status.SENDING, claimed_at=long_ago)
    assert problems("sending.doubt") == ["1 text was claimed by a sender that is gone."]


def test_a_late_scheduled_message_is_found(long_ago):
    message = ScheduledMessage.objects.create(scheduled_at=long_ago, message_body="Hello", target="community")
    assert problems("sending.scheduled") == ["1 scheduled message should have been sent by now."]
    ScheduledMessage.objects.filter(pk=message.pk).update(scheduled_at=timezone.now() + timedelta(hours=1))
    assert problems("sending.scheduled") == []


def test_a_scheduled_message_whose_blast_is_over_is_found(make_log, long_ago):
    log = make_log(finished_at=long_ago)
    ScheduledMessage.objects.create(
        scheduled_at=long_ago, message_body="Hello", target="community", status="processing", message_log=log
    )
    [sentence] = problems("sending.scheduled")
    assert "shown as being sent" in sentence


def test_texts_that_twilio_never_reports_on_are_found(make_log, make_delivery, long_ago):
    make_delivery(make_log(), Delivery.Status.ACCEPTED, accepted_at=long_ago)
    assert problems("sending.reports") == ["Twilio has accepted 1 text but reported on none of them."]


def test_the_last_report_and_the_last_text_are_told(make_log, make_delivery, make_phone):
    thread = InboxThread.objects.create(phone=make_phone())
    make_delivery(make_log())
    InboxMessage.objects.create(thread=thread, phone=thread.phone, direction="inbound", body="Hello")
    report, text = (finding.sentence for finding in findings("sending.reports"))
    assert report.startswith("The last delivery report came on ")
    assert text.startswith("The last text came in on ")


def test_unmatched_reports_are_noted_with_their_number():
    assert notes("sending.unmatched") == []
    for _ in range(71):
        UnmatchedReports.objects.count_one()
    UnmatchedReports.objects.count_one(timezone.now() - timedelta(days=20))
    [note] = notes("sending.unmatched")
    assert note.startswith("In the last 7 days, 71 delivery reports matched no text")
    assert problems("sending.unmatched") == []
