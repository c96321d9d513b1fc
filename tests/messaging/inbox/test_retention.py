"""Old texts lose their words, and nothing else about conversations changes."""

from datetime import timedelta

import pytest
from django.utils import timezone

from messaging.inbound import receive
from messaging.inbox import conversations, replies, retention
from messaging.inbox.timeline import Timeline
from messaging.models import Delivery, InboxMessage, InboxThread
from smsadmin import tasks
from tests.messaging.conversations import add_text, make_thread

TARA = "+13035550152"


@pytest.fixture(autouse=True)
def thirty_days(settings):
    settings.INBOX_RETENTION_DAYS = 30


def days_ago(days):
    return timezone.now() - timedelta(days=days)


@pytest.fixture
def thread(db):
    thread = make_thread(TARA)
    add_text(thread, "Old words", created_at=days_ago(31), message_sid="SMold", raw_payload='{"NumMedia": "1"}')
    return thread


def test_old_texts_lose_their_words_and_pictures(thread):
    add_text(thread, "New words", created_at=days_ago(29))
    assert retention.redact_old() == 1
    old, new = InboxMessage.objects.order_by("created_at")
    assert (old.body, old.raw_payload, old.message_sid) == ("", None, "SMold")
    assert (new.body, new.redacted_at) == ("New words", None)


def test_the_conversation_says_that_words_were_removed(thread):
    retention.redact_old()
    assert [entry.body for entry in Timeline(thread).page().entries] == ["(removed because it is old)"]
    thread.refresh_from_db()
    assert thread.last_message_preview == "(removed because it is old)"


def test_the_inbox_goes_on_showing_a_newer_text(thread):
    add_text(thread, "New words", created_at=days_ago(1))
    InboxThread.objects.update(last_message_preview="New words")
    retention.redact_old()
    thread.refresh_from_db()
    assert thread.last_message_preview == "New words"


def test_unread_texts_stay_counted(thread):
    InboxThread.objects.update(unread_count=1)
    retention.redact_old()
    assert conversations.count_unread() == 1
    assert not InboxThread.objects.miscounted().exists()


def test_a_text_that_twilio_repeats_is_still_known(thread):
    retention.redact_old()
    receive.receive({"MessageSid": "SMold", "From": TARA, "Body": "Old words"}, is_simulated=True)
    assert InboxMessage.objects.count() == 1


def test_a_possible_opt_out_keeps_its_words_until_somebody_decides(thread):
    InboxMessage.objects.update(is_flagged=True)
    assert retention.redact_old() == 0
    assert InboxMessage.objects.get().body == "Old words"


@pytest.mark.parametrize(
    ("status", "is_left", "count"),
    [("pending", False, 0), ("unknown", False, 0), ("unknown", True, 1), ("failed", False, 1)],
)
def test_a_reply_keeps_its_words_until_it_is_settled(db, status, is_left, count):
    delivery = Delivery.objects.create(phone=TARA, status=status, is_left=is_left)
    add_text(make_thread(TARA), "Our words", "outbound", created_at=days_ago(31), delivery=delivery)
    assert retention.redact_old() == count


def test_a_failed_reply_without_words_is_not_resent(thread, admin_user):
    delivery = Delivery.objects.create(phone=TARA, status="failed", error_code=30005)
    text = add_text(
        thread, "Our words", "outbound", created_at=days_ago(31), delivery=delivery, automation_source="manual"
    )
    retention.redact_old()
    text.refresh_from_db()
    assert not any(entry.can_be_repeated for entry in Timeline(thread).page().entries)
    with pytest.raises(replies.CannotReply):
        replies.repeat(text, admin_user)


def test_zero_days_keep_texts_for_ever(thread, settings):
    settings.INBOX_RETENTION_DAYS = 0
    assert retention.redact_old() == 0


def test_many_texts_go_in_batches_and_once(db, monkeypatch):
    monkeypatch.setattr(retention, "_BATCH", 2)
    for number in range(5):
        add_text(make_thread(f"+1303555{number:04}"), "Old words", created_at=days_ago(40))
    assert retention.redact_old() == 5
    assert retention.redact_old() == 0


def test_it_is_part_of_the_daily_cleanup(thread):
    tasks.clean_up()
    assert InboxMessage.objects.get().redacted_at is not None
