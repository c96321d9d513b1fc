"""Many short transactions at once, as one: on SQLite, which has one writer and waits for the disk at each commit.

SQLite lets a writer that finds another one sleep, up to a tenth of a second and again and again, while those who come
later go first. With twenty people texting at once nobody writes for most of the time, and some wait for seconds. Here
the threads of a process leave their work to one of them, which commits it all together, and the processes wait for
each other in the kernel, which wakes them at once. PostgreSQL needs none of this: there work is done again where the
database has undone it for another's sake.
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

# Whoever can open the folder can keep its lock. Nobody of ours needs it for as long as this: SQLite's own lock, which
# is what keeps the data whole, is waited for in any case.
TURN_SECONDS: Final = 2.0

# PostgreSQL's deadlock_detected and serialization_failure (PostgreSQL: "Error codes").
_WORTH_ANOTHER_TRY: Final = ("40P01", "40001")


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
    """What `work()` returns, once what it wrote is committed; what it raises, when all that it wrote is undone.

    Work that `is_one_statement` needs no transaction around it where nothing is committed together.

    Another thread of this process may run it, on its own connection, and once more where the first time was undone.
    Raises TookTooLong at this thread's time limit, if it has one: work that nobody had begun by then is not done
    later. Work whose commit was under way may be, so it has to be such as may be repeated.
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
    """In a transaction of its own, and in another one where the database has chosen it to end a deadlock."""
    try:
        with transaction.atomic():
            return work()
    except OperationalError as error:
        if connection.in_atomic_block or getattr(error.__cause__, "sqlstate", None) not in _WORTH_ANOTHER_TRY:
            raise
    with transaction.atomic():
        return work()


def _is_shared_file() -> bool:
    return connection.vendor == "sqlite" and not connection.is_in_memory_db()  # type: ignore[attr-defined]


def _is_leader_for(job: _Job) -> bool:
    """Wait until the job is done by another thread (False), or until nobody leads and this thread is to do it.

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
    """Do all that waits by the time it is this process's turn and the database takes writes.

    If that time doesn't come, only the leader's own job has failed: who waits longer leads next.
    """
    global _has_leader
    jobs: list[_Job] = []
    try:
        with _turn():
            _commit_together(jobs)
    except BaseException as error:
        with _changed:
            if own in _waiting:
                _waiting.remove(own)
                jobs.append(own)
            for job in jobs:
                # None of it is committed.
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
    """One of several jobs, and with it all that they have written."""


def _commit_together(jobs: list[_Job]) -> None:
    """Put into `jobs` all that waits, and do it in one transaction.

    Where one of them fails, all is undone, and each is done again in its own.
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
            except Exception as error:  # noqa: BLE001 - raised where the work came from
                job.error = error


class _Queuing(threading.Thread):
    """Waits for the lock of a folder in the kernel, which wakes those who wait in their order, at once.

    It knows no time limit there, so that the leader waits for this thread instead, and may leave it.
    """

    def __init__(self, folder: int) -> None:
        super().__init__(name="turn", daemon=True)
        self._folder = folder
        self._has_turn = threading.Event()
        self._deciding = threading.Lock()
        self._is_left = False

    def run(self) -> None:
        with suppress(OSError):
            fcntl.flock(self._folder, fcntl.LOCK_EX)
        with self._deciding:
            self._has_turn.set()
            if self._is_left:
                os.close(self._folder)

    def wait(self, seconds: float) -> bool:
        """Whether it has its turn by then. Otherwise it gives the turn back by itself, and closes the folder."""
        self._has_turn.wait(seconds)
        with self._deciding:
            self._is_left = not self._has_turn.is_set()
            return not self._is_left


_left: _Queuing | None = None


@contextmanager
def _turn() -> Iterator[None]:
    """One process of the installation at a time. It is an order to wait in: SQLite has a lock of its own.

    So whoever waits in vain for TURN_SECONDS goes on without it, and until that turn comes so does everybody else of
    this process. Only its one leader calls this.
    """
    global _left
    # The folder, because closing the database's own file would drop SQLite's locks.
    folder = os.open(Path(connection.settings_dict["NAME"]).parent, os.O_RDONLY)
    is_ours = True
    try:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if _left is None or not _left.is_alive():
                queuing = _Queuing(folder)
                queuing.start()
                if not queuing.wait(TURN_SECONDS):
                    _left, is_ours = queuing, False
                    logger.warning("Another program keeps the lock of the database's folder. Going on without it.")
        yield
    finally:
        if is_ours:
            os.close(folder)
