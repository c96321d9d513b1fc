"""What the queue runs for surveys."""

from . import ending


def expire_sessions() -> None:
    """End the sessions that nobody answers any more."""
    ending.expire()
