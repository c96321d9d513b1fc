"""Results that a process keeps for some seconds, because finding them out costs more than they change."""

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

from . import time_limits

T = TypeVar("T")


class Kept(Generic[T]):
    """Keeps the result of a function for `seconds`. While one thread calls it, the others wait for its result."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._lock = threading.Lock()
        self.forget()

    def forget(self) -> None:
        """Find it out again next time."""
        self._results: list[T] = []
        self._until = 0.0

    def get(self, find: Callable[[], T]) -> T:
        """What `find()` returns, or has recently returned. Raises TookTooLong at this thread's time limit, if any."""
        left = time_limits.left()
        if not self._lock.acquire(timeout=-1 if left is None else left):
            raise time_limits.TookTooLong
        try:
            if not self._results or time.monotonic() >= self._until:
                self._results = [find()]
                self._until = time.monotonic() + self.seconds
            return self._results[0]
        finally:
            self._lock.release()
