"""Senders and the shared rate: who waits, who frees its process, and what happens to reserved time slots."""

from datetime import timedelta

import pytest
from django.utils import timezone

from messaging.backends import TryLater
from messaging.models import Pace, SenderSlot
from messaging.scheduling import sweep
from messaging.sending import dispatch, pacing
from smsadmin.lib import shared_clock

from ..conftest import Queue


@pytest.fixture
def rate(settings):
    def set_rate(per_second, **others):
        settings.SMS_RATE_PER_SECOND = per_second
        for name, value in others.items():
            setattr(settings, name, value)

    return set_rate


def next_slot_in():
    """Seconds until the next free time slot."""
    return Pace.objects.get().next_at / 1_000_000 - shared_clock.now().timestamp()


def pass_interval(seconds):
    """Advances the rate's clock and resting slots without waiting."""
    Pace.objects.update(next_at=round((shared_clock.now().timestamp() + 0.001) * 1_000_000))
    SenderSlot.objects.update(leased_until=None)


def test_a_slow_blast_sends_one_text_and_frees_its_task_process(make_member, start_blast, queue, locmem, rate):
    rate(0.05)
    for _ in range(3):
        make_member()
    log = start_blast()
    dispatch.nudge(log)
    queue.run(seconds=60)
    slot = log.slots.first()
    assert len(locmem.outbox) == 1
    assert 15 < (slot.leased_until - timezone.now()).total_seconds() < 19
    assert next_slot_in() == pytest.approx(20, abs=2)


def test_a_slow_blast_sends_a_text_each_interval(make_member, start_blast, queue, locmem, rate):
    rate(0.05)
    for _ in range(4):
        make_member()
    log = start_blast()
    for texts in range(1, 5):
        sweep.sweep()
        queue.run(seconds=60)
        assert len(locmem.outbox) == texts
        pass_interval(20)
    sweep.sweep()
    queue.run()
    log.refresh_from_db()
    assert log.status == "sent"


@pytest.mark.parametrize(("per_second", "senders"), [(0.05, 1), (1, 1), (10, 5), (50, 8), (0, 8)])
def test_no_more_senders_are_queued_than_the_rate_needs(make_member, start_blast, queue, rate, per_second, senders):
    rate(per_second, SMS_CONCURRENCY=10, SMS_SENDERS_PER_BLAST=8)
    make_member()
    log = start_blast()
    for _ in range(2):
        dispatch.nudge(log)
    assert len(queue.tasks) == senders


def test_a_resting_slot_is_not_replaced_by_another(make_member, start_blast, queue, rate):
    rate(0.05, SMS_CONCURRENCY=10, SMS_SENDERS_PER_BLAST=8)
    for _ in range(2):
        make_member()
    log = start_blast()
    dispatch.nudge(log)
    queue.run()
    assert dispatch.nudge(log) == 0


def test_a_sender_with_nobody_left_uses_no_time_slot(make_member, start_blast, queue, locmem, rate):
    rate(0.05)
    make_member()
    log = start_blast()
    dispatch.nudge(log)
    log.pause()
    queue.run()
    assert locmem.outbox == []
    assert next_slot_in() <= 0


def test_a_time_slot_is_returned_after_an_error(make_member, start_blast, queue, locmem, rate):
    rate(2, SMS_CONCURRENCY=2, SMS_SENDERS_PER_BLAST=1)
    make_member()
    make_member()
    locmem.script["*"] = TryLater("busy", 60)
    log = start_blast()
    dispatch.nudge(log)
    queue.run(seconds=0.3)
    # The refused call used its own slot.
    assert next_slot_in() <= 0.5


def test_however_slices_end_no_time_slot_is_lost(make_member, start_blast, queue, locmem, rate, monkeypatch):
    rate(20)
    for _ in range(6):
        make_member()
    log = start_blast()
    dispatch.nudge(log)
    used = []
    reserve, give_back = pacing.reserve, pacing.give_back

    def count_reserved(*args):
        found = reserve(*args)
        used.append(found.count)
        return found

    def count_returned(reservation, unused=None):
        used.append(-(reservation.count if unused is None else unused))
        give_back(reservation, unused)

    monkeypatch.setattr(pacing, "reserve", count_reserved)
    monkeypatch.setattr(pacing, "give_back", count_returned)
    queue.run(seconds=0.01)
    assert len(locmem.outbox) == sum(used) == 6


def test_replies_are_sent_before_a_slow_blast(make_member, start_blast, queue, locmem, rate, make_thread, reply):
    rate(0.05)
    for _ in range(3):
        make_member()
    log = start_blast("The blast")
    dispatch.nudge(log)
    queue.run()
    reply(make_thread(), "The reply")
    queue.run()
    pass_interval(20)
    sweep.sweep()
    Queue.run(queue, seconds=3)
    assert [body for _, body, _ in locmem.outbox] == ["The blast", "The reply"]


def test_a_rest_never_exceeds_the_maximum(make_member, start_blast, queue, rate):
    rate(0.001)
    make_member()
    make_member()
    log = start_blast()
    dispatch.nudge(log)
    queue.run()
    slot = log.slots.first()
    assert timedelta(seconds=290) < slot.leased_until - timezone.now() <= timedelta(seconds=300)
