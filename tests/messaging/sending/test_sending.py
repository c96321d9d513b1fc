import json
import threading
from collections import Counter
from datetime import timedelta

import pytest
from django.db import OperationalError, connection
from django.utils import timezone

from contacts.models import SuppressedContact, UnsubscribedContact
from messaging.backends import Refused, SendResult, TryLater
from messaging.composing.audience import Audience
from messaging.models import Delivery, Draft, MessageLog, SenderSlot, Target
from messaging.models.deliveries import DeliveryQuerySet
from messaging.scheduling import sweep
from messaging.sending import dispatch, sender
from messaging.text.personalization import UnknownToken


def states(log):
    return dict(log.deliveries.values_list("phone", "status"))


def test_everyone_in_the_community_gets_the_text_once(make_member, start_blast, send, locmem):
    members = [make_member() for _ in range(30)]
    log = send(start_blast())
    assert Counter(to for to, _, _ in locmem.outbox) == Counter(member.phone for member in members)
    assert (log.status, log.total_recipients, log.success_count, log.failure_count) == ("sent", 30, 30, 0)
    assert log.finished_at is not None


def test_a_blast_counts_who_has_it_and_what_is_billed(make_member, start_blast, send, locmem):
    def accept_two_segments(to, body, status_callback):
        return SendResult(locmem.accept(to, body, status_callback).sid, "queued", 2)

    locmem.script["*"] = accept_two_segments
    for _ in range(3):
        make_member()
    log = send(start_blast())
    assert (log.delivered_count, log.segment_count) == (0, 6)
    log.deliveries.filter(pk__in=log.deliveries.values("pk")[:2]).update(status="delivered")
    log.write_totals()
    log.refresh_from_db()
    assert (log.success_count, log.delivered_count) == (3, 2)


def test_only_registrants_of_the_event_get_the_text(
    make_member, make_registration, make_event, start_blast, send, locmem
):
    event = make_event()
    wanted = {make_registration(event=event).phone for _ in range(3)}
    make_member()
    make_registration()
    send(start_blast(event=event))
    assert {to for to, _, _ in locmem.outbox} == wanted


def test_each_text_contains_its_recipients_name(make_member, start_blast, send, locmem):
    make_member(name="Rosa Delgado", phone="+17205550110")
    make_member(name=None, phone="+17205550111")
    send(start_blast("Hi {first_name}!"))
    assert {to: body for to, body, _ in locmem.outbox} == {"+17205550110": "Hi Rosa!", "+17205550111": "Hi there!"}


def test_a_text_with_an_unknown_field_starts_no_blast(make_member, start_blast):
    make_member()
    with pytest.raises(UnknownToken):
        start_blast("Hi {nmae}")
    assert not MessageLog.objects.exists()


def test_opted_out_and_suppressed_people_are_recorded_as_skipped(
    make_member, make_unsubscribed, make_suppressed, start_blast, send, locmem
):
    gone, dead, fine, shaky = make_member(), make_member(), make_member(), make_member()
    make_unsubscribed(phone=gone.phone)
    make_suppressed(phone=dead.phone)
    make_suppressed(phone=shaky.phone, category="soft_fail")
    log = send(start_blast())
    assert {to for to, _, _ in locmem.outbox} == {fine.phone, shaky.phone}
    skipped = dict(log.deliveries.filter(status="skipped").values_list("phone", "skip_reason"))
    assert skipped == {gone.phone: "opted_out", dead.phone: "suppressed"}
    assert (log.total_recipients, log.success_count, log.failure_count) == (4, 2, 0)


def test_a_stop_after_the_start_is_honored(make_member, make_unsubscribed, start_blast, send, locmem):
    member = make_member()
    log = start_blast()
    make_unsubscribed(phone=member.phone)
    log = send(log)
    assert locmem.outbox == []
    assert log.deliveries.get().skip_reason == "opted_out"
    assert log.status == "sent"


def test_a_claimed_row_is_never_claimed_again(make_member, start_blast):
    for _ in range(5):
        make_member()
    log = start_blast()
    first = Delivery.objects.claim(log.pk, 3)
    second = Delivery.objects.claim(log.pk, 3)
    assert len(first) == 3
    assert len(second) == 2
    assert not {row.pk for row in first} & {row.pk for row in second}
    assert Delivery.objects.claim(log.pk, 3) == []


def test_no_transaction_is_open_during_a_call(transactional_db, make_member, start_blast, locmem):
    seen = []

    def look(to, body, callback):
        seen.append((connection.in_atomic_block, main.in_atomic_block))
        return SendResult("SM" + "0" * 32, "queued", 1)

    main = connection._connections[connection._alias]
    locmem.script["*"] = look
    make_member()
    start_blast()
    assert seen == [(False, False)]


def test_a_refused_text_has_its_reason_in_words(make_member, start_blast, send, locmem):
    member = make_member()
    locmem.script[member.phone] = Refused(21612, "no route")
    log = send(start_blast())
    row = log.deliveries.get()
    assert (row.status, row.error_code) == ("failed", 21612)
    assert row.error_message.endswith(".")
    assert (log.status, log.failure_count) == ("failed", 1)


def test_a_row_proven_not_accepted_is_pending_again_and_sent_once(
    make_member, start_blast, send, locmem, monkeypatch
):
    monkeypatch.setattr(sender, "BACK_OFF_SECONDS", (0.0, 0.0))
    member = make_member()
    locmem.script[member.phone] = [TryLater("busy"), TryLater("busy", 0.0), None]
    log = send(start_blast())
    assert [to for to, _, _ in locmem.outbox] == [member.phone]
    assert (log.status, log.trouble) == ("sent", "")


def test_a_long_retry_after_is_honored_without_blocking_a_worker(make_member, start_blast, locmem):
    member = make_member()
    locmem.script[member.phone] = [TryLater("Twilio takes no more requests.", 120), None]
    log = start_blast()
    slot = log.slots.first()
    SenderSlot.objects.reserve(slot.pk, "me", 30)
    dispatch.send_slice(slot.pk, "me", seconds=0.1)
    slot.refresh_from_db()
    log.refresh_from_db()
    assert slot.leased_until > timezone.now() + timedelta(seconds=100)
    assert slot.limit < 4
    assert log.trouble == "Twilio takes no more requests."
    assert states(log) == {member.phone: "pending"}
    assert not log.slots.free(timezone.now()).filter(pk=slot.pk).exists()


def test_a_text_with_unknown_outcome_is_not_resent(make_member, start_blast, send, locmem):
    member = make_member()
    locmem.script[member.phone] = locmem.accept_and_lose
    log = send(start_blast())
    for _ in range(3):
        sweep.sweep()
    assert len(locmem.outbox) == 1
    assert log.deliveries.get().status == "unknown"
    assert log.status == "sent"


def test_a_bug_in_the_backend_leaves_an_unknown_outcome(make_member, start_blast, send, locmem):
    def crash(to, body, callback):
        raise RuntimeError("a software bug")

    make_member()
    locmem.script["*"] = crash
    log = send(start_blast())
    assert log.deliveries.get().status == "unknown"


def test_an_abandoned_call_has_an_unknown_outcome_and_the_rest_is_sent(make_member, start_blast, locmem):
    members = [make_member() for _ in range(3)]
    log = start_blast()
    [taken] = Delivery.objects.claim(log.pk, 1, timezone.now() - timedelta(minutes=5))
    sweep.sweep()
    log.refresh_from_db()
    assert states(log)[taken.phone] == "unknown"
    assert {to for to, _, _ in locmem.outbox} == {member.phone for member in members} - {taken.phone}
    assert log.status == "sent"


def test_the_sweep_leaves_a_call_in_flight_alone(make_member, start_blast):
    make_member()
    log = start_blast()
    Delivery.objects.claim(log.pk, 1)
    sweep.sweep()
    log.refresh_from_db()
    assert log.deliveries.get().status == "sending"
    assert log.status == "processing"


def test_a_slot_leased_by_another_sender_sends_nothing(make_member, start_blast, locmem):
    make_member()
    log = start_blast()
    for slot in log.slots.all():
        SenderSlot.objects.reserve(slot.pk, "another", 60)
    dispatch.nudge(log)
    dispatch.send_slice(log.slots.first().pk, "me")
    assert locmem.outbox == []


def test_a_dead_senders_slot_is_taken_over(make_member, start_blast, send, locmem):
    make_member()
    log = start_blast()
    past = timezone.now() - timedelta(minutes=1)
    for slot in log.slots.all():
        SenderSlot.objects.reserve(slot.pk, "dead", 1, past)
    assert send(log).status == "sent"


def test_a_slice_ends_in_time_and_the_rest_follows(make_member, start_blast, locmem, monkeypatch):
    monkeypatch.setattr(dispatch, "SLICE_SECONDS", 0.0)
    queued = []
    monkeypatch.setattr(dispatch, "async_task", lambda *args, **kwargs: queued.append(args[1:]))
    for _ in range(3):
        make_member()
    log = start_blast()
    dispatch.nudge(log)
    slices = len(queued)
    dispatch.send_slice(*queued[0], seconds=0.0)
    assert len(queued) == slices + 1
    for arguments in queued:
        dispatch.send_slice(*arguments, seconds=60)
    assert len(locmem.outbox) == 3


def test_a_paused_blast_claims_nothing_until_it_is_resumed(make_member, start_blast, send, locmem):
    make_member()
    log = start_blast()
    assert log.pause()
    assert not log.pause()
    send(log)
    assert locmem.outbox == []
    assert log.resume()
    assert send(log).status == "sent"
    assert len(locmem.outbox) == 1


def test_canceling_skips_pending_deliveries(make_member, start_blast, send, locmem):
    for _ in range(4):
        make_member()
    log = start_blast()
    row = Delivery.objects.claim(log.pk, 1)[0]
    assert log.cancel() == 3
    assert log.cancel() is None
    assert Counter(states(log).values()) == {"skipped": 3, "sending": 1}
    assert set(log.deliveries.filter(status="skipped").values_list("skip_reason", flat=True)) == {"cancelled"}
    Delivery.objects.advance(row.pk, "accepted")
    assert log.settle()
    assert log.status == "sent"


def test_wrong_credentials_stop_the_blast_and_resuming_reaches_everyone(make_member, start_blast, send, locmem):
    members = [make_member() for _ in range(20)]
    locmem.script["*"] = Refused(20003, "Authenticate")
    log = send(start_blast())
    assert log.paused_at is not None
    assert log.stop_code == 20003
    assert "TWILIO_AUTH_TOKEN" in log.stop_reason
    assert log.deliveries.filter(status="failed").count() <= 4 * 2
    locmem.script.clear()
    log.resume()
    log = send(log)
    assert Counter(to for to, _, _ in locmem.outbox) == Counter(member.phone for member in members)
    assert (log.status, log.failure_count) == ("sent", 0)


def test_a_wrong_sender_stops_the_blast_and_changes_no_list(make_member, start_blast, send, locmem, settings):
    settings.SMS_BREAKER_SAMPLE = 5
    for _ in range(40):
        make_member()
    locmem.script["*"] = Refused(21606, "From is not yours")
    log = send(start_blast())
    assert log.stop_code == 21606
    assert log.deliveries.filter(status="pending").exists()
    assert not SuppressedContact.objects.exists()
    assert not UnsubscribedContact.objects.exists()


def test_one_unreachable_recipient_stops_nothing(make_member, start_blast, send, locmem, settings):
    settings.SMS_BREAKER_SAMPLE = 2
    members = [make_member() for _ in range(12)]
    locmem.script[members[0].phone] = Refused(21606, "not for this destination")
    log = send(start_blast())
    assert (log.status, log.success_count, log.failure_count, log.stop_code) == ("sent", 11, 1, None)


def test_an_opt_out_reported_by_twilio_is_recorded(make_member, start_blast, send, locmem):
    member = make_member()
    locmem.script[member.phone] = Refused(21610, "unsubscribed")
    send(start_blast())
    contact = UnsubscribedContact.objects.get(phone=member.phone)
    assert (contact.source, contact.name) == ("message_failure", member.name)


def test_a_dead_number_is_suppressed_with_its_blast(make_member, start_blast, send, locmem):
    member = make_member()
    locmem.script[member.phone] = Refused(21614, "not mobile")
    log = send(start_blast())
    contact = SuppressedContact.objects.get(phone=member.phone)
    assert (contact.category, contact.source_type, contact.source_message_log) == ("hard_fail", "message_log", log)


def test_details_have_the_form_of_the_schema_of_record(make_member, start_blast, send, locmem):
    fine = make_member(name="John", phone="+17205550110")
    bad = make_member(name=None, phone="+17205550111")
    locmem.script[bad.phone] = Refused(21614, "not mobile")
    log = send(start_blast())
    details = json.loads(log.details)
    assert details[0] == {"phone": fine.phone, "name": "John", "success": True, "error": None}
    assert set(details[1]) == {"phone", "name", "success", "error"}
    assert details[1]["success"] is False
    assert json.loads(MessageLog.objects.values_list("stored_details", flat=True).get()) == details


def test_a_draft_becomes_one_blast_however_often_it_is_sent(make_member, admin_user):
    make_member()
    draft = Draft.objects.create(created_by=admin_user, message_body="Hi", target=Target.COMMUNITY)
    first, is_new = dispatch.send_draft(draft, admin_user)
    second, is_new_again = dispatch.send_draft(draft, admin_user)
    assert (first, is_new, is_new_again) == (second, True, False)
    assert first.message_body == "Hi\nReply STOP to unsubscribe."
    assert first.created_by == admin_user
    first.delete()
    assert dispatch.send_draft(draft, admin_user) == (None, False)
    assert not MessageLog.objects.exists()


def test_test_mode_only_texts_the_test_phone(make_member, settings, send, locmem):
    settings.ADMIN_TEST_PHONE = "+13035550150"
    make_member(name="Rosa Delgado")
    draft = Draft.objects.create(message_body="Hi {first_name}", has_opt_out_line=False, test_mode=True)
    log, _ = dispatch.send_draft(draft, None)
    log = send(log)
    assert [(to, body) for to, body, _ in locmem.outbox] == [("+13035550150", "Hi Rosa")]
    assert log.test_mode


def test_a_test_without_a_test_phone_texts_nobody(make_member, settings):
    settings.ADMIN_TEST_PHONE = ""
    make_member()
    draft = Draft.objects.create(message_body="Hi", test_mode=True)
    assert Audience.of_draft(draft).headcount().total == 0
    with pytest.raises(dispatch.EmptyAudience):
        dispatch.send_draft(draft, None)
    assert not MessageLog.objects.exists()


def test_a_blast_whose_first_nudge_was_lost_is_picked_up(make_member, start_blast, locmem):
    make_member()
    start_blast()
    assert not locmem.outbox
    sweep.sweep()
    assert len(locmem.outbox) == 1


def test_only_selected_members_get_the_text(make_member, send, locmem):
    chosen = [make_member(), make_member()]
    make_member()
    draft = Draft.objects.create(message_body="Hi", is_selection=True)
    draft.members.set(chosen)
    log, _ = dispatch.send_draft(draft, None)
    send(log)
    assert {to for to, _, _ in locmem.outbox} == {member.phone for member in chosen}
    assert log.audience_name == "2 selected people"


def test_headcount_counts_the_skipped_by_reason(make_member, make_unsubscribed, make_suppressed):
    gone, dead, both, _ = (make_member() for _ in range(4))
    for member in (gone, both):
        make_unsubscribed(phone=member.phone)
    for member in (dead, both):
        make_suppressed(phone=member.phone)
    headcount = Audience(Target.COMMUNITY).headcount()
    assert (headcount.total, headcount.recipients, headcount.skipped) == (4, 1, {"opted_out": 2, "suppressed": 1})
    assert headcount.skipped_sentences == ["2 people have opted out", "1 number is unreachable"]


def test_the_callback_url_contains_the_delivery(make_member, start_blast, send, locmem, settings):
    settings.PUBLIC_BASE_URL = "https://sms.example.org"
    make_member()
    log = send(start_blast())
    [(_, _, url)] = locmem.outbox
    assert url == f"https://sms.example.org/webhooks/twilio/status/{log.deliveries.get().pk}"


def test_a_temporary_database_failure_loses_no_result(
    transactional_db, make_member, start_blast, send, locmem, monkeypatch
):
    monkeypatch.setattr(sender.time, "sleep", lambda seconds: None)
    record, failures = DeliveryQuerySet.record, []

    def flaky(self, receipts, now=None):
        if not failures:
            failures.append(1)
            raise OperationalError("database is locked")
        record(self, receipts, now)

    monkeypatch.setattr(DeliveryQuerySet, "record", flaky)
    make_member()
    log = send(start_blast())
    assert (failures, log.success_count, len(locmem.outbox)) == ([1], 1, 1)


def test_never_more_calls_at_once_than_the_concurrency(make_member, start_blast, send, locmem, settings):
    settings.SMS_CONCURRENCY = 3
    for _ in range(12):
        make_member()
    busy, most, lock = [0], [0], threading.Lock()

    def call(to, body, callback):
        with lock:
            busy[0] += 1
            most[0] = max(most[0], busy[0])
        gate.wait(0.01)
        with lock:
            busy[0] -= 1
        return locmem.accept(to, body, callback)

    gate = threading.Event()
    locmem.script["*"] = call
    send(start_blast())
    assert len(locmem.outbox) == 12
    assert most[0] <= 3


def test_a_sender_ends_quietly_if_its_blast_is_deleted(make_member, start_blast, locmem, monkeypatch):
    make_member()
    log = start_blast()
    slot = log.slots.first()
    run = sender.Sender.run

    def run_and_delete(self, until):
        has_more = run(self, until)
        MessageLog.objects.filter(pk=log.pk).delete()
        return has_more

    monkeypatch.setattr(sender.Sender, "run", run_and_delete)
    SenderSlot.objects.reserve(slot.pk, "me", 30)
    dispatch.send_slice(slot.pk, "me")
    assert len(locmem.outbox) == 1
