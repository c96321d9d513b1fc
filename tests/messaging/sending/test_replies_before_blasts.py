"""A reply is sent within a second or two, however busy the workers are with blasts."""

from datetime import timedelta

import pytest
from django.utils import timezone

from messaging.models import SenderSlot
from messaging.sending import dispatch as sending
from messaging.sending import sender


@pytest.fixture
def blast(make_member, start_blast, queue):
    """A blast to four people whose senders are queued but haven't run."""
    for _ in range(4):
        make_member()
    log = start_blast("The blast")
    sending.nudge(log)
    return log


def bodies(locmem):
    return [body for _, body, _ in locmem.outbox]


def test_a_reply_queued_behind_a_blast_is_sent_first(blast, queue, make_thread, reply, locmem):
    reply(make_thread(), "The reply")
    sending.send_slice(*queue.tasks.pop(0))
    assert bodies(locmem) == ["The reply", *["The blast"] * 4]


def test_a_slice_of_a_blast_ends_early_for_a_reply_and_continues_afterwards(
    blast, queue, make_thread, reply, locmem, settings, monkeypatch
):
    monkeypatch.setattr(sender, "ROOM_SECONDS", 0.0)
    settings.SMS_CONCURRENCY = 1

    def call(to, body, callback):
        if not locmem.outbox:
            written.append(1)
        return locmem.accept(to, body, callback)

    written = []
    locmem.script["*"] = call
    dispatch = sender.Sender._dispatch

    def dispatch_and_write(self, pool, reservation):
        has_more = dispatch(self, pool, reservation)
        if written and written.pop():
            reply(make_thread(), "The reply")
        return has_more

    monkeypatch.setattr(sender.Sender, "_dispatch", dispatch_and_write)
    queue.run()
    assert bodies(locmem).index("The reply") <= 3
    assert sorted(bodies(locmem)) == [*["The blast"] * 4, "The reply"]


def test_the_task_for_a_reply_that_was_already_sent_does_nothing(blast, queue, make_thread, reply, locmem):
    reply(make_thread(), "The reply")
    task = queue.tasks.pop()
    queue.run()
    sending.send_slice(*task)
    assert bodies(locmem).count("The reply") == 1


def test_two_senders_never_send_the_same_reply(make_thread, reply, queue):
    reply(make_thread())
    [(slot, owner)] = queue.tasks
    assert SenderSlot.objects.waiting_for_a_task(timezone.now()).exists()
    assert SenderSlot.objects.take_over(slot, owner, "one")
    assert not SenderSlot.objects.waiting_for_a_task(timezone.now()).exists()
    assert not SenderSlot.objects.take_over(slot, owner, "another")


@pytest.mark.parametrize(
    ("owner", "seconds", "is_queued"),
    [("", None, False), ("", 100, False), ("sender", 9, False), ("dead", -1, False), ("lost", -1, True)],
    ids=["free", "resting", "held", "dead", "lost"],
)
def test_a_slot_without_a_queued_task_delays_no_blast(db, owner, seconds, is_queued):
    until = timezone.now() + timedelta(seconds=seconds) if seconds else None
    queued_at = timezone.now() - timedelta(seconds=60) if is_queued else None
    SenderSlot.objects.create(number=0, owner=owner, leased_until=until, queued_at=queued_at)
    assert not SenderSlot.objects.for_replies().waiting_for_a_task(timezone.now()).exists()


def test_replies_share_one_slot_however_often_they_are_nudged(make_thread, reply, queue):
    thread = make_thread()
    for _ in range(3):
        reply(thread)
        sending.nudge_replies()
    assert (SenderSlot.objects.count(), len(queue.tasks)) == (1, 1)
