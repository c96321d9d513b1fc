"""Limits how long the database may take, for callers that give up and retry: Twilio and monitors.

Inside `at_most(6)` this thread's statements finish in time or raise TookTooLong.

    SQLite      waits for the write lock only for what is left of the time
    PostgreSQL  a watchdog thread asks the server to cancel the statement, and cuts the connection of a server that
                doesn't respond. It costs no round trip, and covers both locks and a stopped server.
"""

import heapq
import itertools
import math
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from typing import Any, Final

from django import db
from django.db import DEFAULT_DB_ALIAS, connection, connections

# For each address of a host; libpq takes no less.
CONNECT_SECONDS: Final = 2
# For the cancel request to reach the server, and again for the statement to end.
CANCEL_SECONDS: Final = 0.5
SQLITE_DEFAULT_SECONDS: Final = 5.0

_limit: Final = threading.local()


class TookTooLong(Exception):
    """The database didn't finish in time.

    Nothing was written, unless the commit was already running: it may still go through.
    """


def left() -> float | None:
    """Seconds left until this thread's deadline, at least 0; None without a deadline."""
    deadline: float | None = getattr(_limit, "deadline", None)
    return None if deadline is None else max(0.0, deadline - time.monotonic())


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Limits the database work of this block. Raises TookTooLong. An outer limit still applies."""
    outer: float | None = getattr(_limit, "deadline", None)
    deadline = min(time.monotonic() + seconds, math.inf if outer is None else outer)
    _limit.deadline = deadline
    watched = _watched if connection.vendor == "postgresql" else _resetting_busy_timeout
    try:
        with watched(deadline), _opening_in_time(deadline), connection.execute_wrapper(_run_in_time):
            yield
    except db.Error as error:
        if time.monotonic() < deadline:
            raise
        raise TookTooLong from error
    finally:
        _limit.deadline = outer
        if outer is None:
            _limit.is_timeout_set = False


@contextmanager
def _opening_in_time(deadline: float) -> Iterator[None]:
    """Sets the time limit for a connection that is opened in the block, in its settings."""
    before = connection.settings_dict
    seconds = max(1, math.ceil(deadline - time.monotonic()))
    limit = {"connect_timeout": CONNECT_SECONDS} if connection.vendor == "postgresql" else {"timeout": seconds}
    connection.settings_dict = {**before, "OPTIONS": {**before.get("OPTIONS", {}), **limit}}
    try:
        yield
    finally:
        connection.settings_dict = before


def _run_in_time(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
    seconds = left()
    if seconds == 0:
        raise TookTooLong
    wrapper = context["connection"]
    # Reads don't wait for locks, and an immediate transaction holds the lock from its start.
    if seconds and wrapper.vendor == "sqlite" and not wrapper.in_atomic_block and not sql.startswith("SELECT"):
        # Slightly longer, so that our deadline has passed too when SQLite gives up.
        _set_busy_timeout(seconds + 0.002)
    return execute(sql, params, many, context)


def _set_busy_timeout(seconds: float) -> None:
    _limit.is_timeout_set = True
    connection.connection.execute(f"PRAGMA busy_timeout = {int(1000 * seconds)}")


@contextmanager
def _resetting_busy_timeout(deadline: float) -> Iterator[None]:
    # A connection opened in the block starts with a limit.
    _limit.is_timeout_set = connection.connection is None or getattr(_limit, "is_timeout_set", False)
    try:
        yield
    finally:
        if _limit.is_timeout_set and connection.connection is not None:
            _set_busy_timeout(connection.settings_dict.get("OPTIONS", {}).get("timeout", SQLITE_DEFAULT_SECONDS))


@contextmanager
def _watched(deadline: float) -> Iterator[None]:
    # This thread's own connection: `connection` is a proxy that differs per thread.
    watch = _Watch(connections[DEFAULT_DB_ALIAS])
    _watchdog.add(deadline, watch)
    try:
        yield
    finally:
        watch.end()
        if watch.is_late and not connection.in_atomic_block:
            # Later statements mustn't wait for a server that hangs.
            connection.close()


class _Watch:
    """One thread's block of work on PostgreSQL, as the watchdog sees it."""

    def __init__(self, wrapper: Any) -> None:
        self._wrapper = wrapper
        self._changed = threading.Condition()
        self._is_over = False
        self.is_late = False

    def end(self) -> None:
        with self._changed:
            self._is_over = True
            self._changed.notify()

    def is_over(self) -> bool:
        return self._is_over

    def give_up(self) -> None:
        """Asks the server to cancel the statement, then cuts the connection, until the block has ended."""
        has_asked = False
        # Never after the end of the block, because it would hit the next one.
        with self._changed:
            while not self._is_over:
                self.is_late = True
                # None while the connection is being opened, which has its own limit.
                if (postgres := self._wrapper.connection) is not None:
                    if not has_asked:
                        has_asked = True
                        if self._is_canceled(postgres):
                            self._changed.wait(CANCEL_SECONDS)
                            continue
                    self._cut(postgres)
                self._changed.wait(CANCEL_SECONDS)

    @staticmethod
    def _is_canceled(postgres: Any) -> bool:
        try:
            postgres.cancel_safe(timeout=CANCEL_SECONDS)
        except Exception:  # noqa: BLE001 - whatever the reason, the connection is cut next
            return False
        return True

    @staticmethod
    def _cut(postgres: Any) -> None:
        # It may have been closed in the meantime.
        with suppress(Exception), closing(socket.socket(fileno=os.dup(postgres.fileno()))) as end:
            end.shutdown(socket.SHUT_RDWR)


class _Watchdog:
    """One thread per process, started when first needed, that tracks the deadline of each block."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._numbers = itertools.count()
        self._watches: list[tuple[float, int, _Watch]] = []
        self._thread: threading.Thread | None = None

    def add(self, deadline: float, watch: _Watch) -> None:
        entry = (deadline, next(self._numbers), watch)
        with self._changed:
            heapq.heappush(self._watches, entry)
            # After a fork, only the parent has the thread.
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="time limits", daemon=True)
                self._thread.start()
            elif self._watches[0] is entry:
                self._changed.notify()

    def _run(self) -> None:
        while True:
            with self._changed:
                while self._watches and self._watches[0][2].is_over():
                    heapq.heappop(self._watches)
                pause = self._watches[0][0] - time.monotonic() if self._watches else None
                if pause is None or pause > 0:
                    self._changed.wait(pause)
                    continue
                watch = heapq.heappop(self._watches)[2]
            threading.Thread(target=watch.give_up, name="time limit passed", daemon=True).start()


_watchdog: Final = _Watchdog()
