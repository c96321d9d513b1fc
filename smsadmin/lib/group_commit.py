"""Commits many short transactions as one, on SQLite, which has one writer and waits for the disk on each commit.

If SQLite is locked, a writer sleeps up to a tenth of a second, again and again, while later writers go first. With
twenty people texting at once, the database is idle most of the time, and some wait for seconds. Here, the threads of
a process hand their work to one of them, the leader, which commits it all together. Processes wait for each other
with a kernel lock, which wakes them immediately. PostgreSQL doesn't need this; there, work is retried after a
deadlock.
"""

import fcntl
import logging
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

from django.db import OperationalError, connection, transaction

from . import time_limits
from .time_limits import TookTooLong

T = TypeVar("T")

logger = logging.getLogger(__name__)

# Any program that can open the folder can hold its lock. None of our processes holds it this long. It's safe to go on
# without it: SQLite's own lock protects the data.
LOCK_SECONDS: Final = 2.0

# PostgreSQL's deadlock_detected and serialization_failure (PostgreSQL: "Error codes").
_RETRYABLE: Final = ("40P01", "40001")


@dataclass(slots=True, eq=False)
class _Job:
    work: Callable[[], Any]
    result: Any = None
    error: BaseException | None = None
    is_done: bool = False


_changed: Final = threading.Condition()
_waiting: list[_Job] = []
_has_leader = False


def run(work: Callable[[], T], *, is_one_statement: bool = False) -> T:
    """Runs `work()` in a transaction and returns its result after the commit. If it raises, its writes are undone.

    With `is_one_statement`, no transaction is opened unless several jobs are committed together.

    Another thread of this process may run it, on its own connection, and run it again if the first try was rolled
    back. Raises TookTooLong at this thread's time limit, if any. Work that hasn't started by then is never run, but
    work that is being committed may still go through, so it must be safe to repeat.
    """
    if not _is_shared_file() or connection.in_atomic_block:
        return work() if is_one_statement else _commit(work)
    job = _Job(work)
    if _is_leader_for(job):
        _lead(job)
    if job.error is not None:
        raise job.error
    return job.result


def _commit(work: Callable[[], T]) -> T:
    """Runs the work in its own transaction, and once more if the database rolled it back to resolve a deadlock."""
    try:
        with transaction.atomic():
            return work()
    except OperationalError as error:
        if connection.in_atomic_block or getattr(error.__cause__, "sqlstate", None) not in _RETRYABLE:
            raise
    with transaction.atomic():
        return work()


def _is_shared_file() -> bool:
    return connection.vendor == "sqlite" and not connection.is_in_memory_db()  # type: ignore[attr-defined]


def _is_leader_for(job: _Job) -> bool:
    """Waits until another thread has done the job (False), or there is no leader and this thread becomes it (True).

    Raises TookTooLong.
    """
    global _has_leader
    with _changed:
        _waiting.append(job)
        while _has_leader and not job.is_done:
            if not _changed.wait(time_limits.left()) and not job.is_done:
                if job in _waiting:
                    _waiting.remove(job)
                raise TookTooLong
        if job.is_done:
            return False
        _has_leader = True
        return True


def _lead(own: _Job) -> None:
    """Runs all jobs that are waiting once this process has the lock and the database accepts writes.

    If it never does, only the leader's own job fails, and the next waiting thread leads.
    """
    global _has_leader
    jobs: list[_Job] = []
    try:
        with _folder_lock():
            _commit_together(jobs)
    except BaseException as error:
        with _changed:
            if own in _waiting:
                _waiting.remove(own)
                jobs.append(own)
            for job in jobs:
                # Nothing was committed.
                job.result, job.error = None, job.error or error
        if not isinstance(error, Exception):
            raise
    finally:
        with _changed:
            for job in jobs:
                job.is_done = True
            _has_leader = False
            _changed.notify_all()


class _JobFailed(Exception):
    """One of several jobs failed, so the writes of all are rolled back."""


def _commit_together(jobs: list[_Job]) -> None:
    """Moves all waiting jobs to `jobs` and runs them in one transaction.

    If one fails, all are rolled back, and each is run again in its own transaction.
    """
    try:
        with transaction.atomic():
            with _changed:
                jobs += _waiting
                _waiting.clear()
            for job in jobs:
                try:
                    job.result = job.work()
                except Exception as error:
                    raise _JobFailed from error
    except _JobFailed:
        for job in jobs:
            try:
                with transaction.atomic():
                    job.result = job.work()
            except Exception as error:  # noqa: BLE001 - raised in the thread that submitted the job
                job.error = error


class _LockWaiter(threading.Thread):
    """Waits for the folder's lock in the kernel, which wakes waiting processes in order, without delay.

    flock has no timeout, so the leader waits for this thread instead, and may abandon it.
    """

    def __init__(self, folder: int) -> None:
        super().__init__(name="folder lock", daemon=True)
        self._folder = folder
        self._has_lock = threading.Event()
        self._deciding = threading.Lock()
        self._is_abandoned = False

    def run(self) -> None:
        with suppress(OSError):
            fcntl.flock(self._folder, fcntl.LOCK_EX)
        with self._deciding:
            self._has_lock.set()
            if self._is_abandoned:
                os.close(self._folder)

    def wait(self, seconds: float) -> bool:
        """Whether it gets the lock in time. If not, it releases the lock and closes the folder once it gets it."""
        self._has_lock.wait(seconds)
        with self._deciding:
            self._is_abandoned = not self._has_lock.is_set()
            return not self._is_abandoned


_abandoned: _LockWaiter | None = None


@contextmanager
def _folder_lock() -> Iterator[None]:
    """Admits one process of the installation at a time. It only orders the writers: SQLite has its own lock.

    That's why, after LOCK_SECONDS, a process goes on without it, and doesn't wait again until the abandoned waiter
    has got the lock. Only the process's leader calls this.
    """
    global _abandoned
    # The folder, because closing the database's own file would drop SQLite's locks.
    folder = os.open(Path(connection.settings_dict["NAME"]).parent, os.O_RDONLY)
    is_ours = True
    try:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if _abandoned is None or not _abandoned.is_alive():
                waiter = _LockWaiter(folder)
                waiter.start()
                if not waiter.wait(LOCK_SECONDS):
                    _abandoned, is_ours = waiter, False
                    logger.warning("Another program holds the lock on the database folder. Going on without it.")
        yield
    finally:
        if is_ours:
            os.close(folder)
