"""Queue tasks. Each takes ids, calls one function, and can be lost or repeated safely."""

from contextlib import suppress

from .inbound import catch_up
from .inbox import conversations
from .scheduling import scheduled_messages, sweep
from .sending import dispatch, reconciliation, suppression_backfill


def send(slot_id: int, owner: str) -> None:
    """Run one sender's slice of a blast, or of the pending replies."""
    dispatch.send_slice(slot_id, owner)


def recount() -> None:
    """Update the counters of recent blasts with late delivery reports (every minute)."""
    sweep.recount()


def reconcile() -> None:
    """Look for evidence about deliveries with unknown outcome (every minute)."""
    reconciliation.reconcile()


def catch_up_lists() -> None:
    """Record opt-outs and unreachable numbers that failures show but lists lack (every minute).

    Flags of people who have opted out since are cleared too.
    """
    suppression_backfill.catch_up()
    conversations.clear_flags_of_opted_out()


def catch_up_inbound() -> None:
    """Take in texts that never reached us (every 15 minutes, and when a worker starts)."""
    with suppress(catch_up.AlreadyCatchingUp):
        catch_up.catch_up()


def send_scheduled(pk: int) -> None:
    """Start one scheduled blast."""
    scheduled_messages.send(pk)


def expire_scheduled() -> None:
    """Expire scheduled blasts that couldn't start in time (every minute)."""
    scheduled_messages.expire()
