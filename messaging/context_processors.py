"""What every page says about sending, and about texts that nobody has read."""

from collections.abc import Callable
from functools import cache

from django.http import HttpRequest

from .backends import get_backend
from .inbox.conversations import count_unread


def sending(request: HttpRequest) -> dict[str, bool]:
    """`is_simulated`: whether texts stay on this machine."""
    return {"is_simulated": get_backend().is_simulated}


def inbox(request: HttpRequest) -> dict[str, Callable[[], int]]:
    """`count_unread_texts`, which is counted once, and only where a template asks for it."""
    return {"count_unread_texts": cache(count_unread)}
