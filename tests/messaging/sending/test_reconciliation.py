import contextlib
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone

from messaging.backends import OutcomeUnknown, Refused, TryLater
from messaging.models import Delivery
from messaging.sending import reconciliation


@pytest.fixture
def doubtful(make_member, start_blast, send, locmem):
    """A blast to three people: one accepted without a response, one not actually accepted, one normal."""
    lost, dropped = make_member(name="Rosa Delgado"), make_member(name="Bo Berg")
    make_member()
    locmem.script[lost.phone] = locmem.accept_and_lose

    def drop(to, body, callback):
        raise OutcomeUnknown("The connection broke.")

    locmem.script[dropped.phone] = drop
    log = send(start_blast("Hi {first_name}"))
    locmem.script.clear()
    log.lost = log.deliveries.get(phone=lost.phone)
    log.dropped = log.deliveries.get(phone=dropped.phone)
    return log


def later(minutes):
    return timezone.now() + timedelta(minutes=minutes)


def test_twilios_message_list_proves_acceptance(doubtful):
    report = reconciliation.reconcile(later(3))
    assert (report.accepted, report.unresolved) == (1, [doubtful.dropped.pk])
    doubtful.lost.refresh_from_db()
    assert doubtful.lost.status == "accepted"
    assert doubtful.lost.sid
    doubtful.dropped.refresh_from_db()
    assert doubtful.dropped.status == "unknown"


def test_an_empty_message_list_causes_no_resend(doubtful, locmem):
    sent = len(locmem.outbox)
    for minutes in (3, 6, 20, 40, 400):
        reconciliation.reconcile(later(minutes))
    assert len(locmem.outbox) == sent


def test_the_same_text_of_another_blast_is_no_evidence(doubtful, start_blast, send, locmem):
    send(start_blast("Hi {first_name}"))
    assert doubtful.dropped.phone in {to for to, _, _ in locmem.outbox}
    reconciliation.reconcile(later(3))
    doubtful.dropped.refresh_from_db()
    assert doubtful.dropped.status == "unknown"


def test_a_row_is_not_looked_up_again_right_away(doubtful):
    assert reconciliation.reconcile(later(3)).unresolved == [doubtful.dropped.pk]
    assert reconciliation.reconcile(later(4)).unresolved == []


def test_staff_are_asked_only_after_the_grace_period(doubtful, settings):
    settings.SMS_UNKNOWN_GRACE_MINUTES = 30
    assert not reconciliation.overdue(later(29)).exists()
    assert reconciliation.overdue(later(31)).count() == 2


def test_resending_only_texts_the_selected(doubtful, send, locmem):
    assert reconciliation.send_again(doubtful, [doubtful.dropped.pk]) == 1
    assert reconciliation.send_again(doubtful, [doubtful.dropped.pk]) == 0
    doubtful.refresh_from_db()
    assert doubtful.status == "processing"
    log = send(doubtful)
    assert Counter(to for to, _, _ in locmem.outbox)[doubtful.dropped.phone] == 1
    assert log.deliveries.get(pk=doubtful.dropped.pk).status == "accepted"
    assert log.status == "sent"


def test_a_closed_row_is_not_asked_about_again_but_accepts_late_evidence(doubtful):
    assert reconciliation.leave(doubtful, [doubtful.lost.pk, doubtful.dropped.pk]) == 2
    assert not reconciliation.overdue(later(100)).exists()
    assert Delivery.objects.advance(doubtful.lost.pk, "delivered")


def test_a_canceled_blast_is_resent_to_nobody(doubtful):
    doubtful.status = "processing"
    doubtful.save()
    doubtful.cancel()
    assert reconciliation.send_again(doubtful, [doubtful.dropped.pk]) == 0


def test_an_unreadable_message_list_is_reported(doubtful, locmem, monkeypatch):
    def refuse(self, to, since):
        raise Refused(20003, "Authenticate")

    monkeypatch.setattr(locmem, "list_messages", refuse)
    report = reconciliation.reconcile(later(3))
    assert (report.accepted, report.unresolved, report.unchecked) == (0, [], 1)
    assert "couldn't be read" in report.problem


def test_a_temporary_list_failure_does_not_stop_the_other_lookups(doubtful, locmem, monkeypatch):
    list_messages, calls = locmem.list_messages, []

    def fail_first(self, to, since):
        calls.append(to)
        if len(calls) == 1:
            raise TryLater("Twilio did not answer")
        return list_messages(self, to, since)

    monkeypatch.setattr(locmem, "list_messages", fail_first)
    report = reconciliation.reconcile(later(3))
    assert (report.accepted + len(report.unresolved), report.unchecked) == (1, 1)


def test_the_command_skips_people_whose_lookup_failed(doubtful, locmem, monkeypatch, capsys):
    def refuse(self, to, since):
        raise Refused(20003, "Authenticate")

    monkeypatch.setattr(locmem, "list_messages", refuse)
    with pytest.raises(SystemExit):
        call_command("reconcile", "--grace", "0", "--send-again")
    printed = capsys.readouterr()
    assert "Try again later" in printed.err
    assert "2 deliveries are unconfirmed." in printed.out


def test_the_command_lists_unconfirmed_deliveries_and_changes_nothing_without_a_prompt(doubtful, capsys):
    with pytest.raises(SystemExit) as ended:
        call_command("reconcile", "--grace", "0")
    assert ended.value.code == 1
    printed = capsys.readouterr().out
    assert "Confirmed 1 text." in printed
    assert "Bo Berg" in printed
    assert "1 delivery is unconfirmed." in printed


def test_the_command_closes_them_when_told(doubtful, capsys):
    call_command("reconcile", "--grace", "0", "--leave")
    assert "0 deliveries are unconfirmed." in capsys.readouterr().out


@pytest.fixture
def doubtful_reply(make_thread, reply, locmem):
    thread = make_thread(contact_name="Rosa Delgado")

    def drop(to, body, callback):
        raise OutcomeUnknown("The connection broke.")

    locmem.script[thread.phone] = drop
    message = reply(thread)
    locmem.script.clear()
    return message


def test_the_command_asks_about_replies_too(doubtful_reply, capsys):
    with pytest.raises(SystemExit):
        call_command("reconcile", "--grace", "0")
    printed = capsys.readouterr().out
    assert "A reply to Rosa Delgado, (720) 555-0100, may not have arrived." in printed
    assert "1 delivery is unconfirmed." in printed
    assert doubtful_reply.body not in printed


def test_the_command_closes_replies_when_told(doubtful_reply, capsys):
    call_command("reconcile", "--grace", "0", "--leave")
    assert "0 deliveries are unconfirmed." in capsys.readouterr().out


def test_the_command_resends_replies_when_told(doubtful_reply, locmem, capsys, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True), contextlib.suppress(SystemExit):
        call_command("reconcile", "--grace", "0", "--send-again")
    assert [to for to, _, _ in locmem.outbox] == [doubtful_reply.phone]


def test_the_command_says_why_a_reply_cannot_be_resent(doubtful_reply, make_unsubscribed, locmem, capsys):
    make_unsubscribed(phone=doubtful_reply.phone)
    with pytest.raises(SystemExit):
        call_command("reconcile", "--grace", "0", "--send-again")
    assert "opted out" in capsys.readouterr().out
    assert not locmem.outbox


def test_the_command_includes_replies_abandoned_by_a_dead_worker(make_thread, reply, queue, capsys):
    reply(make_thread())
    Delivery.objects.claim_replies(1, later(-2))
    with pytest.raises(SystemExit):
        call_command("reconcile")
    assert "1 delivery is unconfirmed." in capsys.readouterr().out


@pytest.fixture
def restored(doubtful):
    """The blast started three days ago and was just restored."""
    began_at = timezone.now() - timedelta(days=3)
    now = timezone.now() - timedelta(minutes=3)
    doubtful._meta.model.objects.filter(pk=doubtful.pk).update(created_at=began_at)
    doubtful.deliveries.filter(status="unknown").update(claimed_at=now, updated_at=now)
    return doubtful


def age(locmem, **back):
    locmem.listed[:] = [
        replace(message, created_at=message.created_at - timedelta(**back)) for message in locmem.listed
    ]


@pytest.mark.parametrize("days", [0, 1, 2])
def test_evidence_may_date_from_any_time_since_the_blast_started(restored, locmem, days):
    age(locmem, days=days)
    assert reconciliation.reconcile().accepted == 1


def test_a_text_from_before_the_blast_is_no_evidence(restored, locmem):
    age(locmem, days=4)
    assert reconciliation.reconcile().accepted == 0


def test_of_two_matching_texts_the_one_that_may_have_arrived_counts(restored, locmem):
    """It was retried after the backup, and arrived only after or only before the retry."""
    [found] = [message for message in locmem.listed if message.to == restored.lost.phone]
    locmem.listed.remove(found)
    locmem.listed += [
        replace(found, sid="SM1", status="delivered"),
        replace(found, sid="SM2", status="undelivered", error_code=30003),
    ]
    reconciliation.reconcile()
    restored.lost.refresh_from_db()
    assert (restored.lost.status, restored.lost.sid) == ("delivered", "SM1")


def test_each_delivery_left_unknown_by_a_restore_is_looked_up_once(restored, settings):
    settings.SMS_UNKNOWN_GRACE_MINUTES = 30
    report = reconciliation.reconcile(later(300))
    assert (report.accepted, report.unresolved) == (1, [restored.dropped.pk])
    assert reconciliation.reconcile(later(310)).unresolved == []
