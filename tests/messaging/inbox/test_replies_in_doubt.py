"""What staff decide about replies with an unknown outcome."""

from collections import Counter
from datetime import timedelta

import pytest
from django.utils import timezone

from messaging.inbox import replies
from messaging.inbox.replies import CannotReply
from messaging.models import Delivery, InboxMessage
from messaging.sending import reconciliation

from ..conversations import state


@pytest.fixture
def doubtful(make_thread, reply, locmem):
    thread = make_thread()
    locmem.script[thread.phone] = locmem.accept_and_lose
    message = reply(thread, "See you at six")
    locmem.script.clear()
    return message


@pytest.fixture
def send_again(manager_user, django_capture_on_commit_callbacks):
    def decide(message):
        with django_capture_on_commit_callbacks(execute=True):
            replies.send_again(message, manager_user)

    return decide


@pytest.fixture
def overdue(doubtful):
    Delivery.objects.update(claimed_at=timezone.now() - timedelta(minutes=31))
    return doubtful


def test_twilios_message_list_resolves_it(doubtful):
    assert reconciliation.reconcile(at_once=True).accepted == 1
    delivery = Delivery.objects.get()
    assert (delivery.status, bool(delivery.sid)) == ("accepted", True)


def test_an_identical_text_with_its_own_sid_is_no_evidence(doubtful, reply, locmem):
    locmem.listed.clear()
    reply(doubtful.thread, doubtful.body)
    assert reconciliation.reconcile(at_once=True).unresolved == [doubtful.delivery_id]


def test_an_entry_that_may_be_an_automatic_answer_is_no_evidence(doubtful):
    answer = Delivery.objects.create(phone=doubtful.phone, status="accepted", accepted_at=timezone.now())
    InboxMessage.objects.create(
        thread=doubtful.thread,
        phone=doubtful.phone,
        direction="outbound",
        body=doubtful.body,
        automation_source="keyword",
        delivery=answer,
    )
    assert reconciliation.reconcile(at_once=True).accepted == 0
    Delivery.objects.filter(pk=answer.pk).update(sid="SM" + "b" * 32)
    assert reconciliation.reconcile(at_once=True).accepted == 1


def test_two_identical_unknown_texts_share_the_entries_of_the_list(doubtful, reply, locmem):
    locmem.script[doubtful.phone] = locmem.accept_and_lose
    reply(doubtful.thread, doubtful.body)
    del locmem.listed[0]
    reconciliation.reconcile(at_once=True)
    assert Counter(Delivery.objects.values_list("status", flat=True)) == {"accepted": 1, "unknown": 1}


def test_staff_are_asked_only_after_the_grace_period(doubtful):
    assert not replies.in_question(timezone.now() + timedelta(minutes=29)).exists()
    assert replies.in_question(timezone.now() + timedelta(minutes=31)).get() == doubtful


def test_nothing_is_resent_while_evidence_may_arrive(doubtful, send_again, locmem):
    with pytest.raises(CannotReply, match="You can decide after"):
        send_again(doubtful)
    assert (state(doubtful), len(locmem.outbox)) == ("unknown", 1)


def test_resending_sends_one_text_however_often_it_is_decided(overdue, send_again, locmem):
    send_again(overdue)
    with pytest.raises(CannotReply, match="outcome is now known"):
        send_again(overdue)
    assert (state(overdue), len(locmem.outbox)) == ("accepted", 2)


def test_it_is_not_resent_to_people_who_opted_out_in_the_meantime(overdue, send_again, make_unsubscribed):
    make_unsubscribed(phone=overdue.phone)
    with pytest.raises(CannotReply, match="opted out"):
        send_again(overdue)
    assert state(overdue) == "unknown"


def test_a_closed_row_is_not_asked_about_again_but_accepts_late_evidence(overdue):
    assert replies.leave(overdue)
    assert not replies.in_question().exists()
    assert not replies.leave(overdue)
    assert Delivery.objects.advance(overdue.delivery_id, "delivered")


def test_a_report_resolves_it_before_anyone_decides(overdue, send_again, locmem):
    Delivery.objects.advance(overdue.delivery_id, "delivered")
    with pytest.raises(CannotReply, match="outcome is now known"):
        send_again(overdue)
    assert len(locmem.outbox) == 1


def test_an_unknown_row_with_a_deleted_text_is_no_longer_asked_about(overdue):
    overdue.delete()
    assert not replies.in_question().exists()
    assert reconciliation.reconcile(at_once=True).unresolved == []
