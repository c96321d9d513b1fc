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
# A sentinel that waits for SQLite's lock is silent for 30 s; one that hangs is silent for longer than this.
SILENCE_SECONDS = 120.0
# What a stop waits for: a slice of a blast takes 10 s. What takes longer ends by itself, without its parents.
STOP_SECONDS = 60.0


class Worker:
    """One cluster: this process, its sentinel, and the sentinel's task processes."""

    def __init__(self) -> None:
        self._stop_signals = 0
        self._sentinel: Any = None
        self._stop_flag: StopFlag | None = None
        self._restarts = Restarts()

    def run(self, is_over: Callable[[], bool]) -> None:
        """Work until SIGTERM, SIGINT, or `is_over()`. A second signal no longer waits for tasks to end."""
        for signum in (signal.SIGTERM, signal.SIGINT):
            signal.signal(signum, self._on_signal)
        try:
            while not self._stop_signals and not is_over():
                self._keep_sentinel()
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
        """Wait, but not beyond a signal or the sentinel's death."""
        until = time.monotonic() + seconds
        watched = [self._sentinel.sentinel] if self._sentinel else []
        while not self._stop_signals and (left := until - time.monotonic()) > 0:
            if wait(watched, min(left, 0.1)):
                return

    def _keep_sentinel(self) -> None:
        if self._sentinel is not None and self._stop_flag is not None:
            if self._sentinel.is_alive() and self._stop_flag.silence < SILENCE_SECONDS:
                return
            self._bury_sentinel()
        if self._restarts.is_due():
            self._start_sentinel()

    def _bury_sentinel(self) -> None:
        """Its task processes end by themselves, each after the task it has in hand."""
        if self._sentinel.is_alive():
            logger.error("The sentinel hangs. It is replaced.")
            self._sentinel.kill()
            self._sentinel.join()
        else:
            logger.error("The sentinel has died (exit code %s). It is replaced.", self._sentinel.exitcode)
        self._restarts.ended()
        self._sentinel = None

    def _start_sentinel(self) -> None:
        try:
            get_broker().ping()
        except Exception as error:  # noqa: BLE001 - whatever Redis raises when it is away
            logger.error("The queue cannot be reached (%s). Trying again in %.0f s.", error, self._restarts.failed())
            return
        # A connection that two processes hold would be closed for both by the first to close it.
        db.connections.close_all()
        self._stop_flag = StopFlag(os.getpid())
        self._restarts.started()
        self._sentinel = fork.Process(
            target=TaskSentinel, args=(self._stop_flag, Flag(), uuid.uuid4()), name="sentinel"
        )
        self._sentinel.start()
        logger.info("SMS Admin %s: the worker runs %d task processes.", version(), settings.Q_WORKERS)

    def _stop(self) -> None:
        if self._sentinel is None or self._stop_flag is None:
            return
        self._stop_flag.set()
        until = time.monotonic() + STOP_SECONDS
        while self._sentinel.is_alive() and self._stop_signals < 2 and time.monotonic() < until:
            self._sentinel.join(0.1)
        if self._sentinel.is_alive():
            logger.warning("Tasks are still running. They end by themselves.")
            self._sentinel.kill()
            self._sentinel.join()
