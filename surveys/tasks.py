"""What the queue runs for surveys."""

from . import conversation


def expire_sessions() -> None:
    """End the sessions that nobody answers any more."""
    conversation.expire()
