"""What the queue runs. Tasks take ids, call one function, and may be lost or repeated without harm."""

from . import reconciling, scheduling, sending, sweeping


def send(slot_id: int, owner: str) -> None:
    """One sender's slice of a blast, or of the replies that wait."""
    sending.send_slice(slot_id, owner)


def sweep() -> None:
    """Pick up whatever a dead worker or a lost task left behind (each minute, and each second by the worker)."""
    sweeping.sweep()


def recount() -> None:
    """Bring the counters of recent blasts up to date with late delivery reports (each minute)."""
    sweeping.recount()


def reconcile() -> None:
    """Look for evidence on deliveries in doubt (each minute)."""
    reconciling.reconcile()


def send_scheduled(pk: int) -> None:
    """Let one scheduled message leave."""
    scheduling.send(pk)


def expire_scheduled() -> None:
    """Give up scheduled messages that could not leave in time (each minute)."""
    scheduling.expire()
