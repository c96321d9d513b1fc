"""When to restart a process that ended: immediately the first time, then after growing pauses."""

import time
from typing import Final

PAUSES: Final = (0.0, 1.0, 2.0, 5.0, 10.0, 30.0)
QUICK_DEATH_SECONDS: Final = 10.0


class Restarts:
    """Tracks the starts of one process. A failed start or a quick death delays the next one."""

    def __init__(self) -> None:
        self._quick_deaths = 0
        self._started_at = 0.0
        self._due_at = 0.0

    def is_due(self) -> bool:
        return time.monotonic() >= self._due_at

    def started(self) -> None:
        self._started_at = time.monotonic()

    def ended(self) -> bool:
        """Schedules the restart, and returns whether the process died within QUICK_DEATH_SECONDS."""
        is_quick = time.monotonic() - self._started_at < QUICK_DEATH_SECONDS
        self._delay(self._quick_deaths + 1 if is_quick else 0)
        return is_quick

    def failed(self) -> float:
        """Schedules the next try when the process couldn't be started, and returns the seconds until then."""
        return self._delay(self._quick_deaths + 1)

    def _delay(self, quick_deaths: int) -> float:
        self._quick_deaths = min(quick_deaths, len(PAUSES) - 1)
        pause = PAUSES[self._quick_deaths]
        self._due_at = time.monotonic() + pause
        return pause
