"""A blast and all its retries: at most one live row per phone, whatever buttons are pressed in whatever order."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from messaging.backends import Refused, TryLater
from messaging.composing.audience import Audience
from messaging.models import Delivery, Draft, MessageLog, RetryWhom, ScheduledMessage, SenderSlot
from messaging.models.deliveries import Receipt
from messaging.scheduling import scheduled_messages, sweep
from messaging.sending import dispatch, reconciliation, sender
from tests.meanwhile import meanwhile, on_postgresql

from ..admin.pages import address

WRONG_PASSWORD = 20003
SOFT = 30003


@pytest.fixture
def make_family(make_log, make_delivery):
    """A finished blast in which everyone failed with `code`: refused, or reported with a `sid`."""

    def make(people=3, code=SOFT, sid="", *, is_stopped=False, **fields):
        stop = {"paused_at": timezone.now(), "stop_code": code, "stop_reason": "Fix it."} if is_stopped else {}
        log = make_log(status="failed", finished_at=timezone.now(), message_body="Hi", **stop, **fields)
        SenderSlot.objects.create(message_log=log, number=0)
        for _ in range(people):
            make_delivery(log, "failed", error_code=code, sid=sid)
        return log

    return make


def retry(log, whom=RetryWhom.FAILED, **fields):
    return dispatch.start(log.message_body, Audience(log.target, retry_of=log, retry_whom=whom, **fields))


def texted(locmem):
    return sorted(to for to, _, _ in locmem.outbox)


def phones(log):
    return sorted(log.deliveries.values_list("phone", flat=True))


def offered(log):
    return log.to_retry(only_failed=False).count()


# Members of a family


def test_a_blast_without_retries_has_no_family(make_family):
    assert make_family().family is None


def test_retries_of_retries_are_in_the_same_family(make_family):
    first = make_family()
    second = retry(first)
    second.deliveries.update(status="failed")
    third = retry(second)
    first.refresh_from_db()
    assert first.family == second.family == third.family == first.pk


def test_a_test_of_a_retry_belongs_to_no_family(make_family):
    log = make_family()
    test = retry(log, test_phone="+17205550199")
    log.refresh_from_db()
    assert (test.family, log.family, offered(log)) == (None, None, 3)


def test_the_family_outlives_its_first_blast(make_family, admin_client):
    first = make_family()
    second = retry(first)
    second.deliveries.update(status="failed")
    MessageLog.objects.filter(pk=second.pk).update(status="failed")
    admin_client.post(address(first, "delete/"), {"post": "yes"})
    assert not MessageLog.objects.filter(pk=first.pk).exists()
    third = retry(second)
    assert third.family == first.pk
    assert offered(second) == 0


# Resume and retry


def test_resume_after_a_retry_of_everyone_texts_nobody(make_family, locmem, send):
    log = make_family(code=WRONG_PASSWORD, is_stopped=True)
    send(retry(log))
    assert log.resume() is False
    log.refresh_from_db()
    assert (log.status, texted(locmem)) == ("failed", phones(log))


def test_resume_after_a_retry_continues_with_people_no_retry_covers(make_family, make_delivery, locmem, send):
    log = make_family(code=WRONG_PASSWORD, is_stopped=True)
    send(retry(log))
    late = make_delivery(log, "failed", error_code=WRONG_PASSWORD)
    locmem.outbox.clear()
    assert log.resume() is True
    send(log)
    assert texted(locmem) == [late.phone]


def test_people_a_retry_failed_to_reach_are_pending_again_after_a_resume(make_family, locmem, send):
    log = make_family(code=WRONG_PASSWORD, is_stopped=True)
    again = retry(log)
    again.deliveries.update(status="failed", error_code=SOFT)
    assert log.resume() is True
    send(log)
    assert texted(locmem) == phones(log)


def test_a_finished_stopped_blast_can_be_resumed_for_the_refused(make_family, locmem, send):
    log = make_family(code=WRONG_PASSWORD, is_stopped=True)
    assert log.can_be_resumed
    assert log.resume() is True
    assert send(log).status == "sent"
    assert texted(locmem) == phones(log)


def test_a_finished_paused_blast_cannot_be_resumed(make_log, make_delivery):
    log = make_log(status="sent", paused_at=timezone.now(), finished_at=timezone.now())
    make_delivery(log, "delivered")
    assert log.resume() is False
    log.refresh_from_db()
    assert log.status == "sent"


def test_a_retry_skips_people_who_are_pending_again_after_a_resume(make_family):
    log = make_family(code=WRONG_PASSWORD, is_stopped=True)
    log.resume()
    with pytest.raises(dispatch.EmptyAudience):
        retry(log)


# Retries of retries, in both directions


def test_people_reached_by_a_retry_of_a_retry_are_offered_nowhere(make_family, locmem, send):
    first = make_family()
    second = retry(first)
    second.deliveries.update(status="failed", error_code=SOFT)
    second.settle()
    send(retry(second))
    assert (offered(first), offered(second)) == (0, 0)
    with pytest.raises(dispatch.EmptyAudience):
        retry(first)
    assert texted(locmem) == phones(first)


def test_the_first_retry_does_not_offer_people_reached_by_the_second(make_family, send):
    first = make_family()
    second = retry(first)
    second.deliveries.update(status="failed", error_code=SOFT)
    send(retry(first))
    assert offered(second) == 0


@pytest.mark.parametrize("status", Delivery.LIVE)
def test_nobody_is_retried_while_another_retry_is_texting_them(make_family, status):
    first = make_family()
    second = retry(first)
    second.deliveries.update(status=status)
    assert offered(first) == 0


@pytest.mark.parametrize("status", ["failed", "undelivered", "skipped"])
def test_people_missed_by_a_retry_are_offered_again(make_family, status):
    first = make_family()
    second = retry(first)
    second.deliveries.update(status=status)
    assert offered(first) == 3


def test_two_drafts_of_the_same_retry_text_everyone_once(make_family, locmem, send, manager_user):
    log = make_family()
    drafts = [
        Draft.objects.create(
            message_body="Hi", has_opt_out_line=False, retry_of=log, retry_whom=whom, created_by=manager_user
        )
        for whom in RetryWhom.values
    ]
    send(dispatch.send_draft(drafts[1], manager_user)[0])
    with pytest.raises(dispatch.EmptyAudience):
        dispatch.send_draft(drafts[0], manager_user)
    assert texted(locmem) == phones(log)


def test_a_scheduled_retry_skips_people_covered_by_then(make_family, make_delivery, manager_user, locmem, send):
    log = make_family()
    draft = Draft.objects.create(
        message_body="Hi", has_opt_out_line=False, retry_of=log, retry_whom="failed", created_by=manager_user
    )
    at = timezone.now() + timedelta(hours=1)
    message, _ = scheduled_messages.schedule_draft(draft, at, manager_user)
    send(retry(log))
    late = make_delivery(log, "failed", error_code=SOFT)
    blast = scheduled_messages.send(message.pk, at)
    assert (phones(blast), blast.family) == ([late.phone], log.pk)


def test_a_scheduled_retry_with_nobody_left_fails_with_a_sentence(make_family, manager_user, send):
    log = make_family()
    draft = Draft.objects.create(
        message_body="Hi", has_opt_out_line=False, retry_of=log, retry_whom="failed", created_by=manager_user
    )
    at = timezone.now() + timedelta(hours=1)
    message, _ = scheduled_messages.schedule_draft(draft, at, manager_user)
    send(retry(log))
    assert scheduled_messages.send(message.pk, at) is None
    message.refresh_from_db()
    assert (message.status, message.error_message) == (
        "failed",
        "This audience is empty. Nothing was sent.",
    )


# Late reports and unknown outcomes


def test_a_late_delivery_report_keeps_the_retry_from_texting(make_family, locmem, send):
    first = make_family(people=2, sid="SM1")
    second = retry(first)
    arrived, other = first.deliveries.order_by("pk")
    Delivery.objects.advance(arrived.pk, "delivered", arrived.sid)
    second = send(second)
    assert texted(locmem) == [other.phone]
    assert second.deliveries.get(phone=arrived.phone).skip_reason == "duplicate"


def test_of_two_pending_rows_the_first_is_sent(make_family, locmem, send):
    """As earlier versions may have left the rows."""
    first = make_family(people=1)
    second = retry(first)
    first.deliveries.update(status="pending")
    MessageLog.objects.filter(pk=first.pk).update(status="processing")
    assert Delivery.objects.claim(second.pk, 5) == []
    assert [row.message_log_id for row in Delivery.objects.claim(first.pk, 5)] == [first.pk]


def test_a_blast_without_retries_is_claimed_without_an_extra_query(make_log, make_delivery):
    log = make_log()
    for _ in range(3):
        make_delivery(log)
    with CaptureQueriesContext(connection) as asked:
        assert len(Delivery.objects.claim(log.pk, 3)) == 3
    assert sum('FROM "deliveries"' in query["sql"] for query in asked) == 1
    assert not any('FROM "message_logs"' in query["sql"] for query in asked)


def test_staff_cannot_resend_to_people_reached_by_a_retry(make_family, make_delivery):
    first = make_family(people=1)
    second = retry(first)
    second.deliveries.update(status="unknown", claimed_at=timezone.now())
    first.deliveries.update(status="delivered")
    assert reconciliation.send_again(second, list(second.deliveries.values_list("pk", flat=True))) == 0
    assert second.deliveries.get().status == "unknown"


def test_a_closed_unknown_outcome_that_then_fails_is_offered_for_a_retry(make_log, make_delivery):
    log = make_log(status="sent")
    row = make_delivery(log, "unknown", claimed_at=timezone.now())
    reconciliation.leave(log, [row.pk])
    Delivery.objects.advance(row.pk, "undelivered")
    assert offered(log) == 1


def test_people_reached_by_a_deleted_retry_are_not_texted_again(make_family, admin_client, send, show):
    first = make_family()
    second = send(retry(first))
    admin_client.post(address(second, "delete/"), {"post": "yes"})
    assert not MessageLog.objects.filter(pk=second.pk).exists()
    assert offered(first) == 0
    page = show(first)
    assert "3 people who didn’t get this blast can’t be resent to" in page
    assert "Resend to" not in page


def test_deleting_several_at_once_keeps_the_others_from_texting_again(make_family, admin_client, send):
    first, other = make_family(), make_family()
    second = send(retry(first))
    data = {"action": "delete_selected", "_selected_action": [second.pk, other.pk], "post": "yes"}
    admin_client.post("/admin/messaging/messagelog/", data)
    assert list(MessageLog.objects.all()) == [first]
    assert offered(first) == 0


# After a restore


@pytest.fixture
def restored(make_log, make_delivery):
    """A blast restored a minute ago: one person called before and one after that, both missed."""
    now = timezone.now()
    log = make_log(status="failed", paused_at=now, stop_code=WRONG_PASSWORD, restored_at=now - timedelta(minutes=1))
    fields = {"error_code": WRONG_PASSWORD}
    log.before = make_delivery(log, "failed", claimed_at=now - timedelta(minutes=2), **fields)
    log.after = make_delivery(log, "failed", claimed_at=now, **fields)
    return log


def test_only_people_called_after_a_restore_can_be_retried(restored):
    assert list(restored.to_retry(only_failed=True)) == [restored.after]
    assert list(restored.kept_from_retry()) == [restored.before]


def test_only_people_called_after_a_restore_are_pending_again_after_a_resume(restored):
    assert restored.resume() is True
    assert list(restored.deliveries.filter(status="pending")) == [restored.after]


# Canceled blasts


def test_too_many_requests_in_a_canceled_blast_end_as_canceled(make_member, start_blast, queue):
    members = [make_member() for _ in range(3)]
    log = start_blast()
    rows = Delivery.objects.claim(log.pk, 2)
    log.cancel()
    Delivery.objects.record(Receipt(row.pk, "pending") for row in rows)
    assert list(log.deliveries.values_list("status", "skip_reason")) == [("skipped", "cancelled")] * len(members)
    assert log.settle()


def test_a_blast_that_is_canceled_during_a_429_is_closed_by_its_sender(
    make_member, start_blast, locmem, queue, monkeypatch
):
    member = make_member()
    locmem.script[member.phone] = TryLater("Twilio takes no more requests.", 60)
    log = start_blast()
    record = sender.Sender._record

    def cancel_and_record(self, batch):
        log.cancel()
        record(self, batch)

    monkeypatch.setattr(sender.Sender, "_record", cancel_and_record)
    dispatch.nudge(log)
    queue.run(seconds=1)
    log.refresh_from_db()
    assert (log.status, log.deliveries.get().skip_reason) == ("sent", "cancelled")


def test_the_sweep_finishes_a_stuck_canceled_blast_and_its_scheduled_blast(make_log, make_delivery):
    log = make_log(cancelled_at=timezone.now())
    for _ in range(3):
        make_delivery(log)
    message = ScheduledMessage.objects.create(
        message_body="Hi",
        target="community",
        scheduled_at=timezone.now(),
        status="processing",
        message_log=log,
    )
    sweep.sweep()
    log.refresh_from_db()
    message.refresh_from_db()
    assert log.deliveries.count_by_status() == {"skipped": 3}
    assert log.status == "sent"
    assert (message.status, message.error_message) == ("cancelled", "Its blast was canceled before anybody got it.")


def test_a_message_whose_blast_was_canceled_after_somebody_got_it_was_sent(make_log, make_delivery):
    log = make_log(status="sent", cancelled_at=timezone.now(), finished_at=timezone.now())
    make_delivery(log, "delivered")
    make_delivery(log, "skipped", skip_reason="cancelled")
    message = ScheduledMessage.objects.create(
        message_body="Hi", target="community", scheduled_at=timezone.now(), status="processing", message_log=log
    )
    scheduled_messages.follow_blasts()
    message.refresh_from_db()
    assert message.status == "sent"


def test_proof_of_non_acceptance_opens_a_blast_that_was_closed_meanwhile(make_log, make_delivery, locmem, send):
    log = make_log(status="sent", finished_at=timezone.now())
    row = make_delivery(log, "unknown", claimed_at=timezone.now())
    Delivery.objects.record([Receipt(row.pk, "pending")])
    log.refresh_from_db()
    assert (log.status, log.finished_at) == ("processing", None)


# At the same time


@on_postgresql
@pytest.mark.django_db(transaction=True)
def test_of_a_retry_and_a_resume_at_once_the_second_one_finds_nobody(make_family, locmem):
    log = make_family(code=WRONG_PASSWORD, is_stopped=True)
    with meanwhile(lambda: MessageLog.objects.lock_family(log), lambda: retry(log)):
        assert MessageLog.objects.get(pk=log.pk).resume() is False
    assert texted(locmem) == phones(log)


@on_postgresql
@pytest.mark.django_db(transaction=True)
def test_the_second_of_two_simultaneous_retries_finds_nobody(make_family):
    first = make_family()
    second = retry(first)
    second.deliveries.update(status="failed", error_code=SOFT)
    with (
        meanwhile(lambda: MessageLog.objects.lock_family(second), lambda: retry(second)),
        pytest.raises(dispatch.EmptyAudience),
    ):
        retry(first)


# The pages


def test_the_page_only_offers_to_resume_while_people_are_left(make_family, show, send):
    log = make_family(code=WRONG_PASSWORD, is_stopped=True)
    page = show(log)
    assert 'value="Resume"' in page
    assert "Resend to 3…" in page
    send(retry(log))
    page = show(log)
    assert 'value="Resume"' not in page
    assert "temporary failure" not in page
    assert "Don’t send the rest…" not in page


def test_a_forged_resume_changes_nothing_and_says_why(make_family, manager_client, send, locmem):
    log = make_family(code=WRONG_PASSWORD, is_stopped=True)
    send(retry(log))
    response = manager_client.post(address(log, "resume/"), follow=True)
    assert "There was nothing to resume: everyone has been texted" in response.content.decode()
    log.refresh_from_db()
    assert (log.status, texted(locmem)) == ("failed", phones(log))


def test_a_forged_retry_of_a_running_blast_creates_no_draft(make_log, make_delivery, manager_client):
    log = make_log()
    make_delivery(log)
    make_delivery(log, "failed", error_code=SOFT)
    response = manager_client.post(address(log, "retry/failed/"), follow=True)
    assert "This blast isn’t finished yet." in response.content.decode()
    assert not Draft.objects.exists()


def test_a_late_confirmation_of_a_retry_says_that_nobody_is_left(make_family, manager_client, send, locmem):
    log = make_family()
    page = manager_client.post(address(log, "retry/failed/"), follow=True)
    draft = Draft.objects.get()
    send(retry(log))
    confirm = page.redirect_chain[-1][0]
    response = manager_client.post(confirm, {"version": draft.version}, follow=True)
    assert "There’s nobody left to resend to" in response.content.decode()
    assert texted(locmem) == phones(log)


def test_the_dashboard_drops_a_stopped_blast_once_a_retry_covers_its_people(make_family, manager_client, send):
    log = make_family(code=WRONG_PASSWORD, is_stopped=True)
    assert "was stopped. Fix it." in manager_client.get("/admin/").content.decode()
    send(retry(log))
    assert "was stopped. Fix it." not in manager_client.get("/admin/").content.decode()


# Reasons for unknown outcomes


@pytest.fixture
def doubtful(make_log, make_delivery):
    log = make_log(status="sent")
    ago = timezone.now() - timedelta(hours=2)
    for reason in ("Twilio answered with HTTP status 500.",) * 2 + ("In doubt: Twilio didn't respond in time.",):
        make_delivery(log, "unknown", claimed_at=ago, error_message=reason)
    return log


def test_unknown_outcomes_are_counted_by_reason(doubtful):
    assert doubtful.deliveries.count_doubts() == (
        ("Twilio answered with HTTP status 500.", 2),
        ("Twilio didn't respond in time.", 1),
    )


@pytest.mark.parametrize("page", ["change/", "doubt/"])
def test_the_pages_count_unknown_outcomes_by_reason(doubtful, show, page):
    text = show(doubtful, page)
    assert "<li>2: Twilio answered with HTTP status 500.</li>" in text
    assert "<li>1: Twilio didn&#x27;t respond in time.</li>" in text
    assert "connection broke" not in text


def test_an_abandoned_call_has_its_own_reason(make_log, make_delivery):
    log = make_log()
    make_delivery(log, "sending", claimed_at=timezone.now() - timedelta(minutes=5))
    log.deliveries.doubt_abandoned(timezone.now())
    assert log.deliveries.count_doubts() == (("The sender stopped during the call to Twilio.", 1),)


def test_a_canceled_blast_cannot_be_resent_to_anyone(doubtful, show, manager_client):
    MessageLog.objects.filter(pk=doubtful.pk).update(cancelled_at=timezone.now())
    assert "Resend to selected" not in show(doubtful, "doubt/")
    chosen = list(doubtful.deliveries.values_list("pk", flat=True))
    response = manager_client.post(address(doubtful, "doubt/"), {"delivery": chosen, "send_again": "1"}, follow=True)
    assert "Nothing was resent: this blast was canceled." in response.content.decode()


def test_people_resent_to_in_a_paused_blast_wait_for_its_resume(doubtful, manager_client):
    MessageLog.objects.filter(pk=doubtful.pk).update(paused_at=timezone.now())
    chosen = list(doubtful.deliveries.values_list("pk", flat=True))
    response = manager_client.post(address(doubtful, "doubt/"), {"delivery": chosen, "send_again": "1"}, follow=True)
    text = response.content.decode()
    assert "Resending to 3 people once you resume the blast." in text
    assert 'value="Resume"' in text


# Through a sender


def test_thirty_people_refused_for_a_wrong_password_get_thirty_texts(
    make_member, start_blast, send, locmem, settings
):
    settings.SMS_CONCURRENCY = 30
    settings.SMS_SENDERS_PER_BLAST = 1
    people = sorted(make_member().phone for _ in range(30))
    locmem.script["*"] = Refused(WRONG_PASSWORD, "Authenticate")
    log = send(start_blast("Hi"))
    assert (log.status, log.stop_code, log.deliveries.unsuccessful().count()) == ("failed", WRONG_PASSWORD, 30)
    locmem.script.clear()
    send(retry(log))
    log.resume()
    send(log)
    assert texted(locmem) == people
