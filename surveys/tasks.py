"""Background tasks for surveys."""

from . import session_ends


def expire_sessions() -> None:
    """Ends sessions that people have stopped answering."""
    session_ends.expire()
