"""The main process of `manage.py worker`: ticks the clock and keeps the sentinel of `cluster` alive."""

import logging
import os
import signal
import time
import uuid
from collections.abc import Callable
from multiprocessing.connection import wait
from types import FrameType
from typing import Any

from django import db
from django.conf import settings
from django_q.brokers import get_broker

from ..version import version
from . import clock, heartbeat
from .cluster import Flag, StopFlag, TaskSentinel, fork
from .restarts import Restarts

logger = logging.getLogger(__name__)

TICK_SECONDS = 1.0
# A sentinel that waits for SQLite's lock is silent for up to 30 s. One that is silent for longer than this hangs.
SILENCE_SECONDS = 120.0
# How long a stop waits for tasks. A slice of a blast takes 10 s. Longer tasks finish on their own, without parents.
STOP_SECONDS = 60.0


class Worker:
    """One cluster: this process, its sentinel, and the sentinel's task processes."""

    def __init__(self) -> None:
        self._stop_signals = 0
        self._sentinel: Any = None
        self._stop_flag: StopFlag | None = None
        self._restarts = Restarts()

    def run(self, should_stop: Callable[[], bool]) -> None:
        """Runs until SIGTERM, SIGINT, or `should_stop()`. A second signal stops without waiting for tasks."""
        for signum in (signal.SIGTERM, signal.SIGINT):
            signal.signal(signum, self._on_signal)
        try:
            while not self._stop_signals and not should_stop():
                self._ensure_sentinel()
                clock.tick()
                self._pause(TICK_SECONDS)
        finally:
            try:
                self._stop()
            finally:
                heartbeat.stop()

    def _on_signal(self, signum: int, frame: FrameType | None) -> None:
        self._stop_signals += 1

    def _pause(self, seconds: float) -> None:
        """Waits, but returns early on a signal or if the sentinel dies."""
        until = time.monotonic() + seconds
        watched = [self._sentinel.sentinel] if self._sentinel else []
        while not self._stop_signals and (left := until - time.monotonic()) > 0:
            if wait(watched, min(left, 0.1)):
                return

    def _ensure_sentinel(self) -> None:
        if self._sentinel is not None and self._stop_flag is not None:
            if self._sentinel.is_alive() and self._stop_flag.silence < SILENCE_SECONDS:
                return
            self._discard_sentinel()
        if self._restarts.is_due():
            self._start_sentinel()

    def _discard_sentinel(self) -> None:
        """Its task processes exit on their own, each after its current task."""
        if self._sentinel.is_alive():
            logger.error("The sentinel hangs. Replacing it.")
            self._sentinel.kill()
            self._sentinel.join()
        else:
            logger.error("The sentinel died (exit code %s). Replacing it.", self._sentinel.exitcode)
        self._restarts.ended()
        self._sentinel = None

    def _start_sentinel(self) -> None:
        try:
            get_broker().ping()
        except Exception as error:  # noqa: BLE001 - whatever Redis raises when it's down
            logger.error("The queue can't be reached (%s). Trying again in %.0f s.", error, self._restarts.failed())
            return
        # If two processes shared a connection, the first to close it would close it for both.
        db.connections.close_all()
        self._stop_flag = StopFlag(os.getpid())
        self._restarts.started()
        self._sentinel = fork.Process(
            target=TaskSentinel, args=(self._stop_flag, Flag(), uuid.uuid4()), name="sentinel"
        )
        self._sentinel.start()
        logger.info("SMS Admin %s: the worker is running %d task processes.", version(), settings.Q_WORKERS)

    def _stop(self) -> None:
        if self._sentinel is None or self._stop_flag is None:
            return
        self._stop_flag.set()
        until = time.monotonic() + STOP_SECONDS
        while self._sentinel.is_alive() and self._stop_signals < 2 and time.monotonic() < until:
            self._sentinel.join(0.1)
        if self._sentinel.is_alive():
            logger.warning("Tasks are still running. They will finish on their own.")
            self._sentinel.kill()
            self._sentinel.join()
