"""What the queue runs for surveys."""

from . import session_ends


def expire_sessions() -> None:
    """End the sessions that nobody answers any more."""
    session_ends.expire()
