"""Sending within quiet hours, on an admin's decision."""

import pytest

from accounts.models import SecurityEvent
from messaging.sending import anyway, dispatch
from smsadmin.lib.daily_hours import DailyHours


@pytest.fixture
def held(settings, make_member, start_blast, queue):
    """A blast whose only person is within quiet hours, and whose senders rest."""
    settings.QUIET_HOURS = DailyHours((((0, 1439),),) * 7)
    make_member()
    log = start_blast("Hello")
    dispatch.nudge(log)
    queue.run()
    return log


def test_a_held_blast_goes_on_at_once(held, queue, locmem, admin_user):
    assert locmem.outbox == []
    assert anyway.send_anyway(held, admin_user, "The hall has burst pipes")
    dispatch.nudge(held)
    queue.run()
    assert len(locmem.outbox) == 1


def test_the_decision_is_on_record_with_its_reason(held, admin_user):
    anyway.send_anyway(held, admin_user, "  The hall has  burst pipes ")
    event = SecurityEvent.objects.get(event_type="quiet_hours_ignored")
    assert (event.user, event.metadata["reason"], event.metadata["people"]) == (
        admin_user,
        "The hall has burst pipes",
        1,
    )


def test_it_takes_a_reason(held, admin_user):
    with pytest.raises(anyway.NoReason):
        anyway.send_anyway(held, admin_user, "  ")
    assert held.deliveries.filter(not_before__isnull=False).exists()


def test_a_paused_blast_stays_paused(held, admin_user):
    held.pause()
    assert not anyway.send_anyway(held, admin_user, "Urgent")
    assert held.deliveries.filter(not_before__isnull=False).exists()
