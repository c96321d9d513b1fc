"""Staff's replies in conversations: who can be texted, and what happens to each text."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from contacts.models import SuppressedContact, UnsubscribedContact
from messaging.backends import Refused, TryLater
from messaging.inbox import replies
from messaging.inbox.replies import CannotReply
from messaging.models import Delivery, InboxMessage, InboxThread, SenderSlot
from messaging.scheduling import sweep
from messaging.sending import dispatch

from ..conversations import state


@pytest.fixture
def thread(make_thread):
    return make_thread()


def sent(locmem):
    return [(to, body) for to, body, _ in locmem.outbox]


def test_a_reply_is_sent_immediately_and_shown_in_the_conversation(thread, reply, locmem, manager_user):
    message = reply(thread, "  See you\r\nat six!  ")
    assert sent(locmem) == [(thread.phone, "See you\nat six!")]
    assert (message.direction, message.automation_source, message.sent_by) == ("outbound", "manual", manager_user)
    assert (message.delivery.message_log, state(message)) == (None, "accepted")
    thread.refresh_from_db()
    assert (thread.last_message_preview, thread.last_direction) == ("See you at six!", "outbound")
    assert thread.last_message_at == message.created_at


def test_the_callback_url_of_a_reply_contains_its_delivery(thread, reply, locmem):
    message = reply(thread)
    assert locmem.outbox[0][2] == f"http://testserver/webhooks/twilio/status/{message.delivery_id}"


@pytest.mark.parametrize("contact_name", ["Rosa of the choir", None])
def test_the_delivery_has_the_name_from_staff_or_the_lists(make_thread, make_member, reply, contact_name):
    member = make_member(name="Rosa Delgado")
    message = reply(make_thread(phone=member.phone, contact_name=contact_name))
    assert message.delivery.name == (contact_name or member.name)


def test_a_double_click_is_one_reply(thread, reply, locmem):
    token = uuid.uuid4()
    assert reply(thread, token=token) == reply(thread, token=token)
    assert (len(locmem.outbox), InboxMessage.objects.count(), Delivery.objects.count()) == (1, 1, 1)


def test_a_form_that_was_sent_cannot_send_another_text(thread, reply, make_thread, locmem):
    """Such as a form restored by the browser's Back button."""
    token = uuid.uuid4()
    reply(thread, "See you", token=token)
    with pytest.raises(CannotReply, match="wasn’t sent"):
        reply(thread, "At six", token=token)
    with pytest.raises(CannotReply, match="wasn’t sent"):
        reply(make_thread(), "See you", token=token)
    assert len(locmem.outbox) == 1


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("", "empty"),
        (" \r\n ", "empty"),
        ("\u200b\ufeff \u2060", "empty"),
        ("a" * 1601, "1,601 characters"),
        ("a\0b", "a character that can’t be texted"),
        ("a\ud800b", "a character that can’t be texted"),
    ],
)
def test_an_invalid_text_is_refused_with_a_sentence(thread, reply, body, sentence):
    with pytest.raises(CannotReply, match=sentence):
        reply(thread, body)
    assert not InboxMessage.objects.exists()


def test_the_longest_text_is_sent(thread, reply, locmem):
    reply(thread, "a\r\n" * 800)
    assert len(locmem.outbox[0][1]) == 1599


def test_opted_out_people_are_not_texted_and_staff_see_since_when(thread, reply, make_unsubscribed, locmem):
    make_unsubscribed(phone=thread.phone, source="inbound", created_at=datetime(2026, 3, 2, 18, 5, tzinfo=UTC))
    with pytest.raises(CannotReply, match=r"opted out on Mar 2, 2026, 11:05 AM MST.*START"):
        reply(thread)
    assert not locmem.outbox


@pytest.mark.parametrize(
    ("source", "who"),
    [("manual", "staff"), ("community", "staff"), ("event:12", "staff"), ("import", "an import")],
)
def test_people_opted_out_by_staff_can_be_allowed_texts_again(thread, make_unsubscribed, source, who):
    make_unsubscribed(phone=thread.phone, source=source)
    assert f"was opted out by {who} on" in replies.why_not(thread)
    assert "START" in replies.why_not(thread)
    assert replies.why_not(thread).endswith("an admin allows texts again.")


@pytest.mark.parametrize("source", ["inbound", "message_failure"])
def test_people_who_opted_out_by_text_must_opt_in_themselves(thread, make_unsubscribed, source):
    make_unsubscribed(phone=thread.phone, source=source)
    assert replies.why_not(thread).endswith("until they text us START.")


@pytest.mark.parametrize(("source_type", "by_staff"), [("manual", True), ("message_log", False), (None, False)])
def test_a_suppressed_opt_out_is_reported_the_same_way(thread, make_suppressed, source_type, by_staff):
    make_suppressed(phone=thread.phone, category="opt_out", source_type=source_type)
    assert ("an admin allows texts again" in replies.why_not(thread)) is by_staff


def test_a_suppressed_opt_out_is_an_opt_out_too(thread, make_suppressed):
    make_suppressed(phone=thread.phone, category="opt_out")
    assert "opted out" in replies.why_not(thread)


def test_an_unreachable_number_can_be_answered_but_blasts_skip_it(
    thread, reply, make_suppressed, make_member, start_blast, send, locmem
):
    make_suppressed(phone=thread.phone, category="hard_fail")
    make_member(phone=thread.phone)
    assert replies.why_not(thread) == ""
    message = reply(thread, "Still there?")
    assert state(message) == "accepted"
    send(start_blast())
    assert sent(locmem) == [(thread.phone, "Still there?")]


@pytest.mark.parametrize("phone", ["72055", "CLINIC", "unknown", ""])
def test_senders_without_a_phone_number_cannot_be_answered(make_thread, reply, phone):
    with pytest.raises(CannotReply, match="can’t be texted"):
        reply(make_thread(phone=phone))


def test_a_conversation_deleted_just_now_is_reported(thread, reply):
    gone = InboxThread.objects.get(pk=thread.pk)
    thread.delete()
    with pytest.raises(CannotReply, match="deleted"):
        reply(gone)


def test_a_stop_before_the_call_is_honored(thread, reply, queue, make_unsubscribed, locmem):
    message = reply(thread)
    make_unsubscribed(phone=thread.phone)
    queue.run()
    delivery = Delivery.objects.get(pk=message.delivery_id)
    assert (delivery.status, delivery.skip_reason, locmem.outbox) == ("skipped", "opted_out", [])


def test_replies_are_sent_in_the_order_they_were_written(make_thread, reply, queue, locmem, settings):
    settings.SMS_CONCURRENCY = 1
    threads = [make_thread() for _ in range(3)]
    for number, thread in enumerate(threads * 2):
        reply(thread, f"Text {number}")
    queue.run()
    assert [body for _, body in sent(locmem)] == [f"Text {number}" for number in range(6)]


def test_a_refused_reply_has_a_reason_and_suppresses_the_number(thread, reply, locmem):
    locmem.script[thread.phone] = Refused(21614, "not mobile")
    message = reply(thread)
    delivery = Delivery.objects.get(pk=message.delivery_id)
    assert (delivery.status, delivery.error_code) == ("failed", 21614)
    assert delivery.error_message.endswith(".")
    contact = SuppressedContact.objects.get()
    assert (contact.phone, contact.source_type, contact.source_message_log) == (thread.phone, "inbox", None)


def test_an_opt_out_reported_by_twilio_ends_the_conversation(thread, reply, locmem):
    locmem.script[thread.phone] = Refused(21610, "unsubscribed")
    reply(thread)
    assert UnsubscribedContact.objects.get().phone == thread.phone
    assert "opted out" in replies.why_not(thread)


def test_an_account_fault_fails_the_reply_and_stops_no_blast(
    thread, reply, make_member, start_blast, locmem, make_log
):
    log = make_log()
    locmem.script[thread.phone] = Refused(20003, "Authenticate")
    assert state(reply(thread)) == "failed"
    log.refresh_from_db()
    assert log.is_running


def test_a_reply_proven_not_accepted_is_sent_later_and_once(thread, reply, locmem, monkeypatch):
    monkeypatch.setattr("messaging.sending.sender.BACK_OFF_SECONDS", (0.0, 0.0))
    locmem.script[thread.phone] = [TryLater("busy"), TryLater("busy"), None]
    assert state(reply(thread)) == "accepted"
    assert len(locmem.outbox) == 1


def test_after_a_long_retry_after_the_slot_rests_and_the_sweep_continues(thread, reply, queue, locmem):
    locmem.script[thread.phone] = [TryLater("busy", 120), None]
    message = reply(thread)
    queue.run(seconds=0.1)
    sweep.sweep()
    assert (state(message), queue.tasks) == ("pending", [])
    assert SenderSlot.objects.get().leased_until > timezone.now() + timedelta(seconds=100)
    SenderSlot.objects.update(leased_until=timezone.now())
    sweep.sweep()
    queue.run()
    assert state(message) == "accepted"


def test_a_reply_with_unknown_outcome_is_not_resent_automatically(thread, reply, locmem):
    locmem.script[thread.phone] = locmem.accept_and_lose
    message = reply(thread)
    for _ in range(3):
        sweep.sweep()
    assert (state(message), len(locmem.outbox)) == ("unknown", 1)


def test_a_reply_whose_task_was_lost_is_picked_up(thread, reply, queue, locmem):
    message = reply(thread)
    queue.tasks.clear()
    sweep.sweep()
    assert queue.tasks == []
    SenderSlot.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
    sweep.sweep()
    queue.run()
    assert (state(message), len(locmem.outbox)) == ("accepted", 1)


def test_a_reply_is_stored_even_if_the_queue_is_unreachable(
    transactional_db, thread, manager_user, locmem, monkeypatch
):
    def fail(*args, **kwargs):
        raise ConnectionError("no queue")

    with monkeypatch.context() as broken:
        broken.setattr(dispatch, "async_task", fail)
        message = replies.reply(thread, "Hello", manager_user, uuid.uuid4())
    assert state(message) == "pending"
    SenderSlot.objects.update(leased_until=None)
    sweep.sweep()
    assert len(locmem.outbox) == 1


def test_an_abandoned_call_has_an_unknown_outcome_and_the_others_are_sent(thread, reply, queue, locmem):
    first, second = reply(thread, "One"), reply(thread, "Two")
    [taken] = Delivery.objects.claim_replies(1, timezone.now() - timedelta(minutes=5))
    assert taken.pk == first.delivery_id
    sweep.sweep()
    queue.run()
    assert (state(first), state(second), sent(locmem)) == ("unknown", "accepted", [(thread.phone, "Two")])


def test_the_sweep_leaves_a_call_in_flight_alone(thread, reply, queue):
    message = reply(thread)
    assert len(Delivery.objects.claim_replies(1)) == 1
    sweep.sweep()
    assert state(message) == "sending"
    assert Delivery.objects.claim_replies(1) == []


def test_a_reply_written_while_the_slot_is_released_does_not_wait_for_the_sweep(
    make_thread, reply, queue, locmem, monkeypatch
):
    reply(make_thread(), "One")
    run = dispatch.Sender.run

    def run_and_write(self, until):
        has_more = run(self, until)
        if len(locmem.outbox) == 1:
            reply(make_thread(), "Two")
        return has_more

    monkeypatch.setattr(dispatch.Sender, "run", run_and_write)
    queue.run()
    assert [body for _, body in sent(locmem)] == ["One", "Two"]


def test_automatic_answers_are_never_sent_or_looked_up(make_thread, locmem):
    thread = make_thread()
    for status in ("accepted", "pending", "unknown"):
        delivery = Delivery.objects.create(
            phone=thread.phone, status=status, claimed_at=timezone.now() - timedelta(days=1)
        )
        InboxMessage.objects.create(
            thread=thread,
            phone=thread.phone,
            direction="outbound",
            body="Thanks!",
            automation_source="keyword",
            delivery=delivery,
        )
    assert not dispatch.nudge_replies()
    assert Delivery.objects.claim_replies(10) == []
    assert not replies.in_question().exists()


def test_a_deleted_text_is_not_sent(thread, reply, queue, locmem):
    reply(thread).delete()
    queue.run()
    sweep.sweep()
    assert Delivery.objects.claim_replies(10) == []
    assert locmem.outbox == []


def test_a_reply_to_the_same_phone_counts_for_no_blast(
    make_thread, make_member, reply, start_blast, send, locmem, show
):
    member = make_member()
    log = send(start_blast())
    locmem.script[member.phone] = Refused(30008, "unknown")
    reply(make_thread(phone=member.phone))
    sweep.recount()
    log.refresh_from_db()
    assert (log.total_recipients, log.success_count, log.failure_count) == (1, 1, 0)
    assert not log.to_retry(only_failed=False).exists()
    assert "Refused" not in show(log)
