"""When a process that ended is started again: at once the first time, then with growing pauses."""

import time
from typing import Final

PAUSES: Final = (0.0, 1.0, 2.0, 5.0, 10.0, 30.0)
QUICK_DEATH_SECONDS: Final = 10.0


class Restarts:
    """The starts of one process. Those that are followed by a quick death, or fail, put the next one off."""

    def __init__(self) -> None:
        self._quick_deaths = 0
        self._started_at = 0.0
        self._due_at = 0.0

    def is_due(self) -> bool:
        return time.monotonic() >= self._due_at

    def started(self) -> None:
        self._started_at = time.monotonic()

    def ended(self) -> bool:
        """Set when the process may be started again; whether it died within QUICK_DEATH_SECONDS."""
        is_quick = time.monotonic() - self._started_at < QUICK_DEATH_SECONDS
        self._put_off(self._quick_deaths + 1 if is_quick else 0)
        return is_quick

    def failed(self) -> float:
        """Set when to try again after a start that did not even begin; in how many seconds."""
        return self._put_off(self._quick_deaths + 1)

    def _put_off(self, quick_deaths: int) -> float:
        self._quick_deaths = min(quick_deaths, len(PAUSES) - 1)
        pause = PAUSES[self._quick_deaths]
        self._due_at = time.monotonic() + pause
        return pause
