"""What the queue runs. Tasks take ids, call one function, and may be lost or repeated without harm."""

from .inbox import conversations
from .scheduling import scheduled_messages, sweep
from .sending import dispatch, reconciliation, suppression_backfill


def send(slot_id: int, owner: str) -> None:
    """One sender's slice of a blast, or of the replies that wait."""
    dispatch.send_slice(slot_id, owner)


def recount() -> None:
    """Bring the counters of recent blasts up to date with late delivery reports (each minute)."""
    sweep.recount()


def reconcile() -> None:
    """Look for evidence on deliveries in doubt (each minute)."""
    reconciliation.reconcile()


def catch_up_lists() -> None:
    """Record opt-outs and dead numbers that failures tell of and the lists lack (each minute).

    Then nobody who has opted out is still asked about.
    """
    suppression_backfill.catch_up()
    conversations.end_questions()


def send_scheduled(pk: int) -> None:
    """Let one scheduled message leave."""
    scheduled_messages.send(pk)


def expire_scheduled() -> None:
    """Give up scheduled messages that could not leave in time (each minute)."""
    scheduled_messages.expire()
