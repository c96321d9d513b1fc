"""Blasts that stalled for hours: they wait for staff, whatever starts running again."""

from datetime import timedelta

import pytest
from django.utils import timezone

from messaging.backends import TryLater
from messaging.models import Delivery, MessageLog, SenderSlot
from messaging.scheduling import sweep
from messaging.sending import dispatch, reconciliation, staleness
from smsadmin.lib import shared_clock


@pytest.fixture
def blast(make_member, start_blast, queue):
    for _ in range(4):
        make_member()
    return start_blast("Hello")


def age(log, hours):
    """Moves all times of the blast back by so many hours."""
    by = timedelta(hours=hours)
    log.refresh_from_db()
    for name in ("created_at", "sending_since"):
        if moment := getattr(log, name):
            MessageLog.objects.filter(pk=log.pk).update(**{name: moment - by})
    for slot in log.slots.all():
        for name in ("leased_at", "leased_until", "sender_seen_at"):
            if moment := getattr(slot, name):
                SenderSlot.objects.filter(pk=slot.pk).update(**{name: moment - by})
    for row in log.deliveries.exclude(claimed_at=None):
        Delivery.objects.filter(pk=row.pk).update(claimed_at=row.claimed_at - by)
    log.refresh_from_db()


def test_the_first_sweep_after_hours_pauses_the_blast_and_queues_nobody(blast, queue, locmem):
    age(blast, 3)
    sweep.sweep()
    blast.refresh_from_db()
    assert blast.paused_at is not None
    assert blast.stop_reason == (
        "Nothing was sent for 3 hours. 4 people haven’t been texted yet. Resume or cancel it."
    )
    assert (queue.tasks, locmem.outbox) == ([], [])


def test_a_sender_that_starts_before_the_sweep_claims_nothing(blast, queue, locmem):
    dispatch.nudge(blast)
    age(blast, 3)
    queue.run()
    blast.refresh_from_db()
    assert blast.paused_at is not None
    assert locmem.outbox == []
    assert not blast.deliveries.exclude(status="pending").exists()


def test_several_senders_that_start_at_once_do_not_wake_the_blast(blast, queue, locmem, settings):
    age(blast, 3)
    for slot in blast.slots.all():
        SenderSlot.objects.reserve(slot.pk, f"queued {slot.pk}", 30)
        dispatch.send_slice(slot.pk, f"queued {slot.pk}")
    assert locmem.outbox == []


def test_a_queued_task_does_not_count_as_a_live_sender(blast, queue):
    age(blast, 3)
    MessageLog.objects.filter(pk=blast.pk).update(paused_at=None)
    SenderSlot.objects.reserve(blast.slots.first().pk, "queued", 30)
    assert staleness.find_idle(blast) is not None


def test_a_blast_idle_for_less_than_two_hours_continues(blast, queue, locmem):
    age(blast, 1.9)
    sweep.sweep()
    queue.run()
    assert len(locmem.outbox) == 4


@pytest.mark.parametrize(("minutes", "is_paused"), [(0, False), (170, True), (190, False)])
def test_the_time_limit_is_a_setting(blast, queue, settings, minutes, is_paused):
    settings.BLAST_STALE_MINUTES = minutes
    age(blast, 3)
    assert staleness.pause_if_stale(blast) is is_paused


def test_a_resumed_blast_continues(blast, queue, locmem):
    age(blast, 3)
    sweep.sweep()
    age(blast, 12)
    blast.resume()
    sweep.sweep()
    queue.run()
    blast.refresh_from_db()
    assert (blast.status, blast.stop_reason, len(locmem.outbox)) == ("sent", "", 4)


def test_a_resumed_blast_that_stalls_again_is_paused_again(blast, queue, locmem):
    age(blast, 3)
    sweep.sweep()
    blast.resume()
    age(blast, 5)
    sweep.sweep()
    blast.refresh_from_db()
    assert "for 5 hours" in blast.stop_reason


def test_a_sender_keeps_trying_while_twilio_is_unreachable_for_hours(blast, queue, locmem):
    locmem.script["*"] = TryLater("busy", 120)
    for _ in range(3):
        sweep.sweep()
        queue.run(seconds=0.02)
        age(blast, 1.5)
    sweep.sweep()
    blast.refresh_from_db()
    assert blast.paused_at is None
    locmem.script.clear()
    queue.run()
    assert len(locmem.outbox) == 4


def test_a_slot_that_rests_beyond_the_limit_counts_as_held(blast, queue, locmem, settings):
    settings.BLAST_STALE_MINUTES = 1
    locmem.script["*"] = TryLater("busy", 250)
    sweep.sweep()
    queue.run(seconds=0.02)
    age(blast, 2 / 60)
    sweep.sweep()
    blast.refresh_from_db()
    assert blast.paused_at is None


def test_an_earlier_versions_sender_is_recognized_by_what_it_sent(blast, queue):
    Delivery.objects.claim(blast.pk, 1)
    MessageLog.objects.update(created_at=timezone.now() - timedelta(hours=5))
    assert staleness.find_idle(blast) is None


def test_a_blast_with_nobody_left_to_text_is_not_paused(blast, queue):
    Delivery.objects.claim(blast.pk, 10)
    age(blast, 3)
    assert not staleness.pause_if_stale(blast)
    sweep.sweep()
    blast.refresh_from_db()
    assert blast.status == "sent"


def test_resending_to_unconfirmed_people_wakes_an_old_blast(blast, queue, locmem):
    [row, *_] = Delivery.objects.claim(blast.pk, 10)
    blast.deliveries.update(status="accepted")
    Delivery.objects.filter(pk=row.pk).update(status="unknown")
    blast.settle()
    age(blast, 30)
    reconciliation.send_again(blast, [row.pk])
    sweep.sweep()
    queue.run()
    assert [to for to, _, _ in locmem.outbox] == [row.phone]


def test_a_sender_that_stalled_for_hours_claims_nothing_more(blast, queue, locmem, settings, monkeypatch):
    """As on a machine that was asleep: the process continues where it was."""
    settings.SMS_CONCURRENCY = 1
    settings.SMS_SENDERS_PER_BLAST = 1

    def fall_asleep(to, body, callback):
        asleep.append(timedelta(hours=3))
        return locmem.accept(to, body, callback)

    asleep = []
    locmem.script["*"] = fall_asleep
    monkeypatch.setattr(shared_clock, "now", lambda: timezone.now() + sum(asleep[:1], timedelta(0)))
    dispatch.nudge(blast)
    queue.run()
    blast.refresh_from_db()
    assert len(locmem.outbox) == 1
    assert "Nothing was sent for 3 hours. 3 people haven’t" in blast.stop_reason


def test_staff_see_it_on_the_page_and_on_the_dashboard(blast, queue, show, manager_client):
    age(blast, 3)
    sweep.sweep()
    text = show(blast)
    assert "Paused." in text
    assert "Nothing was sent for 3 hours. 4 people haven’t been texted yet. Resume or cancel it." in text
    assert 'value="Resume"' in text
    assert "was stopped" not in text
    home = manager_client.get("/admin/").content.decode()
    assert "is paused. Nothing was sent for 3 hours. 4 people haven’t been texted yet." in home


def test_without_a_worker_the_dashboard_does_not_promise_that_it_continues(blast, queue, manager_client):
    age(blast, 3)
    home = manager_client.get("/admin/").content.decode()
    assert "Then you can resume or cancel it." in home
