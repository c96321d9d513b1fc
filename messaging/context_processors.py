"""Template variables for every page: practice mode, and the number of unread texts."""

from collections.abc import Callable
from functools import cache

from django.http import HttpRequest

from .backends import get_backend
from .inbox.conversations import count_unread


def sending(request: HttpRequest) -> dict[str, bool]:
    """`is_simulated`: whether texts are only simulated."""
    return {"is_simulated": get_backend().is_simulated}


def inbox(request: HttpRequest) -> dict[str, Callable[[], int]]:
    """`count_unread_texts`, counted lazily and at most once."""
    return {"count_unread_texts": cache(count_unread)}
