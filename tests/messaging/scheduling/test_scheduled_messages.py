from datetime import UTC, datetime, timedelta

import pytest
from django.db import OperationalError
from django.utils import timezone

from contacts import profile_values
from contacts.models import CommunityMember, ProfileField, ProfileValue
from messaging.composing.audience import Audience
from messaging.models import Draft, MessageLog, ScheduledMessage, Target
from messaging.scheduling import scheduled_messages, sweep
from messaging.scheduling.drafts import write_again
from messaging.sending import dispatch
from messaging.text.personalization import UnknownToken

AT = datetime(2030, 5, 1, 18, 30, tzinfo=UTC)
COMMUNITY = Audience(Target.COMMUNITY)


@pytest.fixture
def message(make_member):
    """A message to one member, scheduled for AT."""
    make_member()
    return ScheduledMessage.objects.create(message_body="Hi", target="community", scheduled_at=AT)


def leave(message, now=AT):
    log = scheduled_messages.send(message.pk, now)
    message.refresh_from_db()
    return log


def test_a_message_is_kept_with_its_time_in_utc(make_member, admin_user):
    at = timezone.now() + timedelta(days=3)
    message = scheduled_messages.schedule("Hi {name}", COMMUNITY, at, admin_user)
    assert (message.scheduled_at, message.status, message.created_by) == (at, "pending", admin_user)
    assert not MessageLog.objects.exists()


@pytest.mark.parametrize("days", [-1, 0, 367])
def test_the_past_and_more_than_a_year_ahead_are_refused(db, days):
    with pytest.raises(scheduled_messages.BadTime) as refusal:
        scheduled_messages.schedule("Hi", COMMUNITY, timezone.now() + timedelta(days=days))
    assert str(refusal.value).endswith(".")


def test_an_unknown_field_is_refused_at_once(db):
    with pytest.raises(UnknownToken):
        scheduled_messages.schedule("Hi {nmae}", COMMUNITY, timezone.now() + timedelta(days=1))


def test_it_never_starts_early(message):
    assert leave(message, AT - timedelta(microseconds=1)) is None
    assert scheduled_messages.queue_due(AT - timedelta(microseconds=1)) == 0
    assert message.status == "pending"


def test_it_becomes_one_blast_however_often_it_is_started(message):
    log = leave(message)
    assert log is not None
    for minutes in range(5):
        assert leave(message, AT + timedelta(minutes=minutes)) is None
    assert MessageLog.objects.get() == log
    assert (message.status, message.message_log) == ("processing", log)
    assert message.processing_started_at == AT


def test_a_lost_status_does_not_create_a_second_blast(message):
    leave(message)
    ScheduledMessage.objects.filter(pk=message.pk).update(status="pending", message_log=None)
    with pytest.raises(Exception, match=r"(?i)unique"):
        scheduled_messages._send(message.pk, AT)


def test_the_audience_is_resolved_when_it_starts(message, make_member, make_unsubscribed):
    newcomer = make_member()
    make_unsubscribed(phone=make_member().phone)
    log = leave(message)
    assert newcomer.phone in set(log.deliveries.values_list("phone", flat=True))
    assert log.deliveries.filter(status="skipped").count() == 1


def test_the_queue_gets_one_attempt_at_a_time(message, monkeypatch):
    queued = []
    monkeypatch.setattr(scheduled_messages, "async_task", lambda *args, **kwargs: queued.append(args))
    assert scheduled_messages.queue_due(AT) == 1
    assert scheduled_messages.queue_due(AT + timedelta(seconds=1)) == 0
    assert scheduled_messages.queue_due(AT + timedelta(seconds=31)) == 1
    assert queued == [("messaging.tasks.send_scheduled", message.pk)] * 2


def test_the_sweep_starts_it_and_finishes_it_with_its_blast(message, locmem):
    ScheduledMessage.objects.filter(pk=message.pk).update(scheduled_at=timezone.now() - timedelta(seconds=1))
    sweep.sweep()
    sweep.sweep()
    message.refresh_from_db()
    assert len(locmem.outbox) == 1
    assert message.status == "sent"
    assert message.sent_at == message.message_log.finished_at


def test_it_survives_a_worker_that_dies_midway(message):
    log = leave(message)
    scheduled_messages.follow_blasts()
    message.refresh_from_db()
    assert message.status == "processing"
    dispatch.nudge(log)
    scheduled_messages.follow_blasts()
    message.refresh_from_db()
    assert message.status == "sent"


def test_it_fails_if_its_blast_reached_nobody(message):
    log = leave(message)
    MessageLog.objects.filter(pk=log.pk).update(status="failed", finished_at=AT)
    scheduled_messages.follow_blasts()
    message.refresh_from_db()
    assert (message.status, message.sent_at) == ("failed", None)
    assert message.error_message


def test_a_message_that_could_not_start_in_time_expires(message, settings):
    settings.SCHEDULED_MESSAGE_MAX_LAG = 60
    assert scheduled_messages.expire(AT + timedelta(minutes=60)) == 0
    assert leave(message, AT + timedelta(minutes=61)) is None
    assert scheduled_messages.expire(AT + timedelta(minutes=61)) == 1
    message.refresh_from_db()
    assert message.status == "expired"
    assert "60 minutes" in message.error_message
    assert not MessageLog.objects.exists()


def test_without_a_lag_nothing_expires(message, settings):
    settings.SCHEDULED_MESSAGE_MAX_LAG = 0
    assert scheduled_messages.expire(AT + timedelta(days=900)) == 0
    assert leave(message, AT + timedelta(days=900)) is not None


def test_temporary_errors_delay_it_by_growing_pauses(message, monkeypatch):
    def fail(*args):
        raise OperationalError("database is locked")

    monkeypatch.setattr(dispatch, "start", fail)
    pauses, now = [], AT
    for _ in range(4):
        assert leave(message, now) is None
        pauses.append(message.next_attempt_at - now)
        now = message.next_attempt_at
    assert message.status == "pending"
    assert "database is locked" in message.error_message
    assert pauses == sorted(pauses)
    assert pauses[0] < pauses[-1]
    monkeypatch.undo()
    assert leave(message, now) is not None
    assert message.error_message is None


@pytest.fixture
def grade(message):
    """A field that the message inserts and that its one member has."""
    field = ProfileField.objects.create(key="grade", label="Grade")
    profile_values.set_value(field, CommunityMember.objects.get().phone, "5")
    ScheduledMessage.objects.update(message_body="Grade {grade}")
    return field


def test_whoever_lacks_a_value_by_then_is_left_out(message, grade, make_member):
    joined = make_member()
    log = leave(message)
    assert dict(log.deliveries.values_list("phone", "skip_reason"))[joined.phone] == "no_value"
    assert message.status == "processing"


def test_it_fails_if_nobody_has_a_value_by_then(message, grade):
    ProfileValue.objects.all().delete()
    assert leave(message) is None
    assert (message.status, message.error_message) == (
        "failed",
        "1 person has no Grade, so nobody would get this. Nothing was sent.",
    )


def test_it_fails_if_a_field_was_deleted(message, grade):
    grade.delete()
    assert leave(message) is None
    assert message.status == "failed"
    assert message.error_message.startswith("{grade} is not a field.")


def test_test_mode_without_a_test_phone_fails_first(message, settings):
    settings.ADMIN_TEST_PHONE = ""
    ScheduledMessage.objects.filter(pk=message.pk).update(test_mode=True)
    assert leave(message) is None
    assert message.status == "failed"
    assert "ADMIN_TEST_PHONE" in message.error_message
    assert not MessageLog.objects.exists()


def test_test_mode_only_texts_the_test_phone(message, settings):
    settings.ADMIN_TEST_PHONE = "+13035550150"
    ScheduledMessage.objects.filter(pk=message.pk).update(test_mode=True)
    log = leave(message)
    assert [row.phone for row in log.deliveries.all()] == ["+13035550150"]


def test_a_deleted_event_fails_it_with_the_reason(message):
    ScheduledMessage.objects.filter(pk=message.pk).update(target="event", event=None)
    assert leave(message) is None
    assert message.status == "failed"
    assert "event was deleted" in message.error_message


def test_an_empty_audience_fails_it_with_the_reason(db):
    message = ScheduledMessage.objects.create(message_body="Hi", target="community", scheduled_at=AT)
    assert leave(message) is None
    assert message.status == "failed"
    assert "empty" in message.error_message


def test_a_canceled_one_never_starts(message):
    assert message.cancel()
    assert not message.cancel()
    assert leave(message) is None
    assert message.status == "cancelled"


def test_a_rescheduled_one_starts_at_its_new_time(message):
    assert message.reschedule(AT + timedelta(hours=2))
    assert leave(message, AT) is None
    assert leave(message, AT + timedelta(hours=2)) is not None
    assert not message.reschedule(AT + timedelta(days=1))
    assert not message.cancel()


def test_staff_can_send_it_now(message):
    seen = message.version
    assert scheduled_messages.send_now(message, seen) is not None
    assert message.status == "processing"
    assert scheduled_messages.send_now(message, seen) is None
    assert MessageLog.objects.count() == 1


def test_staff_can_send_an_overdue_one_anyway(message, settings):
    settings.SCHEDULED_MESSAGE_MAX_LAG = 60
    assert scheduled_messages.send_now(message, message.version, AT + timedelta(hours=2)) is not None


def test_a_message_that_changed_since_it_was_shown_is_not_sent(message):
    seen = message.version
    ScheduledMessage.objects.filter(pk=message.pk).update(message_body="Another text")
    with pytest.raises(scheduled_messages.Changed):
        scheduled_messages.send_now(message, seen)
    assert not MessageLog.objects.exists()


def edit(message, seen=None, **changes):
    unchanged = {"body": "Hi", "target": "community", "event": None, "definition": None, "test_mode": False}
    return scheduled_messages.edit(message, seen or message.version, **{**unchanged, **changes})


def test_a_pending_one_can_be_edited(message, make_event):
    event = make_event()
    assert edit(message, body="Bye", target="event", event=event, test_mode=True)
    assert (message.message_body, message.target, message.event, message.test_mode) == ("Bye", "event", event, True)


def test_one_that_has_started_cannot_be_edited(message):
    leave(message)
    assert not edit(message, body="Bye")
    assert message.message_body == "Hi"


def test_the_second_of_two_editors_is_told(message):
    seen = message.version
    edit(message, body="Bye")
    with pytest.raises(scheduled_messages.Changed):
        edit(message, seen, body="Farewell")
    message.refresh_from_db()
    assert message.message_body == "Bye"


def test_an_edit_cannot_add_an_unknown_field(message):
    with pytest.raises(UnknownToken):
        edit(message, body="Hi {nmae}")


def test_a_draft_is_scheduled_once_and_not_sent_as_well(make_member, admin_user):
    chosen = make_member()
    make_member()
    draft = Draft.objects.create(message_body="Hi", created_by=admin_user, is_selection=True)
    draft.members.add(chosen)
    at = timezone.now() + timedelta(hours=1)
    message, is_new = scheduled_messages.schedule_draft(draft, at, admin_user)
    again, is_new_again = scheduled_messages.schedule_draft(draft, at, admin_user)
    assert (message, is_new, is_new_again) == (again, True, False)
    assert dispatch.send_draft(draft, admin_user) == (None, False)
    log = scheduled_messages.send(message.pk, at)
    assert [row.phone for row in log.deliveries.all()] == [chosen.phone]


def test_a_draft_in_test_mode_stays_a_test(make_member, settings):
    make_member()
    settings.ADMIN_TEST_PHONE = ""
    draft = Draft.objects.create(message_body="Hi", test_mode=True)
    message, _ = scheduled_messages.schedule_draft(draft, timezone.now() + timedelta(hours=1), None)
    assert message.test_mode


def test_a_draft_that_was_sent_cannot_be_scheduled(make_member, admin_user):
    make_member()
    draft = Draft.objects.create(message_body="Hi", created_by=admin_user)
    dispatch.send_draft(draft, admin_user)
    with pytest.raises(scheduled_messages.AlreadySent):
        scheduled_messages.schedule_draft(draft, timezone.now() + timedelta(hours=1), admin_user)


def test_a_retry_only_goes_to_people_who_were_missed(make_member, admin_user, make_log, make_delivery):
    make_member()
    log = make_log(status="sent")
    missed = make_delivery(log, "failed")
    make_delivery(log, "delivered")
    draft = Draft.objects.create(
        message_body="Hi", created_by=admin_user, retry_of=log, retry_whom="failed", has_opt_out_line=False
    )
    at = timezone.now() + timedelta(hours=1)
    message, _ = scheduled_messages.schedule_draft(draft, at, admin_user)
    assert [row.phone for row in leave(message, at).deliveries.all()] == [missed.phone]


def test_a_retry_for_one_reason_only_goes_to_those_even_when_written_again(admin_user, make_log, make_delivery):
    log = make_log(status="sent")
    missed = make_delivery(log, "failed", error_code=30003)
    make_delivery(log, "failed", error_code=30008)
    draft = Draft.objects.create(
        message_body="Hi",
        created_by=admin_user,
        retry_of=log,
        retry_whom="failed",
        retry_reason="phone_off",
        has_opt_out_line=False,
    )
    at = timezone.now() + timedelta(hours=1)
    message, _ = scheduled_messages.schedule_draft(draft, at, admin_user)
    assert write_again(message, admin_user).retry_reason == "phone_off"
    assert [row.phone for row in leave(message, at).deliveries.all()] == [missed.phone]


def test_without_its_selected_people_it_goes_to_nobody(message):
    ScheduledMessage.objects.filter(pk=message.pk).update(is_selection=True)
    assert leave(message) is None
    assert message.status == "failed"
    assert "was deleted" in message.error_message
