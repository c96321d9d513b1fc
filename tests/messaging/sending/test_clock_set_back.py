"""The clock is set back by an hour: leases and delays end in time, and nothing stalls."""

from datetime import timedelta

import pytest
from django.utils import timezone

from messaging.inbox import replies
from messaging.models import Delivery, MessageLog, ScheduledMessage, SenderSlot
from messaging.models.deliveries import Receipt
from messaging.scheduling import sweep
from messaging.sending import dispatch, reconciliation

HOUR = timedelta(hours=1)


@pytest.fixture
def blast(make_member, start_blast, queue):
    for _ in range(6):
        make_member()
    return start_blast("Hello")


def set_back(*names):
    """Moves these times an hour ahead of the current clock."""
    for model in (SenderSlot, Delivery, MessageLog, ScheduledMessage):
        for row in model.objects.all():
            moments = {name: getattr(row, name) for name in names if getattr(row, name, None)}
            if moments:
                model.objects.filter(pk=row.pk).update(**{name: at + HOUR for name, at in moments.items()})


ALL = ("leased_at", "leased_until", "sender_seen_at", "claimed_at", "updated_at", "created_at", "next_attempt_at")


def test_a_blast_whose_sender_was_killed_before_continues_at_the_next_sweep(blast, queue, locmem):
    for slot in blast.slots.all():
        assert SenderSlot.objects.hold(slot.pk, "killed")
    taken = {row.phone for row in Delivery.objects.claim(blast.pk, 2)}
    set_back(*ALL)
    sweep.sweep()
    queue.run()
    blast.refresh_from_db()
    assert len(locmem.outbox) == 4
    assert set(blast.deliveries.filter(status="unknown").values_list("phone", flat=True)) == taken
    assert (blast.status, blast.paused_at) == ("sent", None)


@pytest.mark.parametrize("names", [ALL, ("leased_until",), ("leased_at", "leased_until")])
@pytest.mark.parametrize("owner", ["", "killed"])
def test_no_lease_outlives_its_length(blast, names, owner):
    slot = blast.slots.first()
    SenderSlot.objects.reserve(slot.pk, owner, 9)
    set_back(*names)
    assert slot in blast.slots.free(timezone.now())
    assert slot not in blast.slots.held(timezone.now())
    assert SenderSlot.objects.reserve(slot.pk, "next", 9)


@pytest.mark.parametrize("seconds", [60, 15])
def test_a_lease_from_the_future_has_expired_however_little_the_clock_was_set_back(blast, seconds):
    slot = blast.slots.first()
    SenderSlot.objects.reserve(slot.pk, "killed", 9, timezone.now() + timedelta(seconds=seconds))
    assert SenderSlot.objects.reserve(slot.pk, "next", 9)


@pytest.mark.parametrize("seconds", [-3, 0, 3])
def test_clocks_a_few_seconds_apart_do_not_free_a_held_slot(blast, seconds):
    slot = blast.slots.first()
    SenderSlot.objects.reserve(slot.pk, "living", 9)
    assert not SenderSlot.objects.reserve(slot.pk, "another", 9, timezone.now() + timedelta(seconds=seconds))


def test_a_slot_is_either_free_or_held(blast):
    now = timezone.now()
    for until in (None, -1, 0, 1, 9, 299, 301, 306, 4000):
        for begun in (None, -10, 0, 4, 6, 4000):
            SenderSlot.objects.filter(pk=blast.slots.first().pk).update(
                leased_until=None if until is None else now + timedelta(seconds=until),
                leased_at=None if begun is None else now + timedelta(seconds=begun),
            )
            first = SenderSlot.objects.filter(pk=blast.slots.first().pk)
            assert first.free(now).exists() != first.held(now).exists()


@pytest.mark.parametrize(("seconds", "state"), [(3600, "unknown"), (3, "sending"), (30, "sending"), (0, "sending")])
def test_a_call_started_in_the_far_future_is_abandoned(blast, queue, seconds, state):
    Delivery.objects.claim(blast.pk, 1, timezone.now() + timedelta(seconds=seconds))
    sweep.sweep()
    assert blast.deliveries.order_by("pk").first().status == state


def test_the_response_of_a_call_that_continues_resolves_its_unknown_outcome(blast, queue):
    [row] = Delivery.objects.claim(blast.pk, 1, timezone.now() + HOUR)
    sweep.sweep()
    Delivery.objects.record([Receipt(row.pk, "accepted", sid="SM" + "1" * 32, segments=1)])
    row.refresh_from_db()
    assert row.status == "accepted"


def test_a_reply_whose_sender_was_killed_before_is_sent(make_thread, reply, queue, locmem):
    reply(make_thread())
    [(slot, owner)] = queue.tasks
    queue.tasks.clear()
    assert SenderSlot.objects.hold(slot, owner)
    set_back(*ALL)
    assert not replies.have_sender()
    sweep.sweep()
    queue.run()
    assert len(locmem.outbox) == 1


@pytest.mark.parametrize(("attempts", "longest"), [(0, 30), (1, 30), (3, 60), (4, 300), (5, 900), (9, 900)])
def test_a_scheduled_message_is_delayed_no_longer_than_its_pause(db, attempts, longest):
    now = timezone.now()
    message = ScheduledMessage.objects.create(
        message_body="Hi", target="community", scheduled_at=now - timedelta(minutes=1), attempt_count=attempts
    )

    def is_due(after):
        ScheduledMessage.objects.update(next_attempt_at=now + timedelta(seconds=after))
        return ScheduledMessage.objects.due(now).filter(pk=message.pk).exists()

    assert not is_due(longest)
    assert is_due(longest + 10)
    assert is_due(3600)


def test_unknown_outcomes_are_looked_up_and_shown_to_staff(make_log, make_delivery, locmem):
    row = make_delivery(make_log(status="sent"), "unknown", claimed_at=timezone.now(), updated_at=timezone.now())
    set_back("claimed_at", "updated_at")
    assert reconciliation.reconcile().unresolved == [row.pk]
    assert list(reconciliation.overdue()) == [row]


def test_a_running_sender_ends_its_slice_and_continues(blast, queue, locmem):
    slot = blast.slots.first()
    until = SenderSlot.objects.hold(slot.pk, "mine")
    set_back("leased_at", "leased_until", "sender_seen_at")
    assert until
    assert SenderSlot.objects.renew(slot.pk, "mine") is None
    dispatch.nudge(blast)
    queue.run()
    assert len(locmem.outbox) == 6
