"""The worker's processes: django-q2's cluster, rearranged so that any of them can be killed at any time.

    worker (main process: the clock) ── sentinel ──┬─ task process
                                                   └─ task process …

Stock django-q2 has a pusher process that prefetches tasks from the broker into a multiprocessing queue, and a monitor
process that reads results from another queue. A process that is killed (-9, or out of memory) while it waits on such
a queue takes the queue's lock with it: all other processes of the cluster then wait forever, and the tasks in the
queue are lost. Here, no queue is shared. Each idle task process asks the broker itself, runs django-q2's own loop,
and saves its own result with django-q2's own code.

A process that dies is replaced: task processes by the sentinel, the sentinel by the main process, and the main
process by whatever started it. A process that loses its parent finishes its current task and exits.
"""

import logging
import multiprocessing
import os
import signal
import time
import uuid
from collections.abc import Callable
from typing import Any

from django_q.brokers import Broker, get_broker
from django_q.cluster import Sentinel
from django_q.conf import Conf
from django_q.monitor import monitor
from django_q.signing import BadSignature, SignedPackage
from django_q.worker import worker

from smsadmin.lib import database_file

logger = logging.getLogger(__name__)

RETRY_SECONDS = 1.0

# Like django-q2, whose Process objects hold things that can't be pickled.
fork = multiprocessing.get_context("fork")


class Flag:
    """A boolean shared by two processes, without a lock that a killed process could keep.

    Replaces multiprocessing.Event, whose set() waits forever for a waiter that was killed.
    """

    def __init__(self) -> None:
        self._value = fork.RawValue("b", 0)

    def set(self) -> None:
        self._value.value = 1

    def is_set(self) -> bool:
        return bool(self._value.value)


class StopFlag(Flag):
    """Tells the sentinel to stop. The sentinel checks it twice a second, and each check counts as a sign of life.

    To the sentinel, it is also set once its parent is gone.
    """

    def __init__(self, parent_pid: int) -> None:
        super().__init__()
        self._parent_pid = parent_pid
        self._asked_at = fork.RawValue("d", time.monotonic())

    def is_set(self) -> bool:
        return super().is_set() or os.getppid() != self._parent_pid

    def wait(self, timeout: float) -> bool:
        """Waits `timeout` seconds, and returns whether to stop."""
        self._asked_at.value = time.monotonic()
        if not self.is_set():
            time.sleep(timeout)
        return self.is_set()

    @property
    def silence(self) -> float:
        """Seconds since the sentinel last checked."""
        return time.monotonic() - self._asked_at.value


class Results:
    """Replaces the queue to django-q2's monitor process: results are saved in the task process itself."""

    def __init__(self, broker: Broker) -> None:
        self.broker = broker
        self._finished: list[dict[str, Any]] = []

    def put(self, task: dict[str, Any]) -> None:
        """Called by the loop with its timer locked, so this must be fast."""
        # After a timeout, the sentinel ends this process on its next check. The result must be saved first.
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        self._finished.append(task)

    def get(self) -> dict[str, Any] | str:
        return self._finished.pop() if self._finished else "STOP"

    def save(self) -> None:
        """Saves the results passed to `put`, acknowledges them to the broker, and sends django-q2's signals."""
        if not self._finished:
            return
        try:
            monitor(self, self.broker)
        except Exception:
            # The broker redelivers an unacknowledged task, and tasks can be repeated.
            logger.exception("A task's result couldn't be saved.")
        finally:
            self._finished.clear()
            signal.signal(signal.SIGTERM, signal.SIG_DFL)


class Tasks:
    """Replaces the queue from django-q2's pusher process: `get` asks the broker for one task."""

    def __init__(self, broker: Broker, results: Results, should_stop: Callable[[], bool]) -> None:
        self.broker = broker
        self.results = results
        self.should_stop = should_stop

    def get(self) -> dict[str, Any] | str:
        """Waits for the next task. "STOP" when this process should exit."""
        self.results.save()
        is_broken = False
        while not self.should_stop():
            try:
                database_file.check()
                found = self.broker.dequeue()
            except Exception as error:  # noqa: BLE001 - whatever a database or Redis raises when it's down
                if not is_broken:
                    logger.error("The queue can't be read (%s: %s). Trying again.", type(error).__name__, error)
                is_broken = True
                time.sleep(RETRY_SECONDS)
                continue
            if is_broken:
                logger.warning("The queue can be read again.")
                is_broken = False
            for ack_id, package in found or ():
                if task := self._unpack(ack_id, package):
                    return task
        return "STOP"

    def _unpack(self, ack_id: Any, package: Any) -> dict[str, Any] | None:
        try:
            task: dict[str, Any] = SignedPackage.loads(package)
        except (TypeError, BadSignature):
            logger.error("A task was dropped: it was queued with another SECRET_KEY or is corrupt.")
            self.broker.fail(ack_id)
            return None
        task["cluster"] = Conf.CLUSTER_NAME
        task["ack_id"] = ack_id
        return task


def work(is_stopping: Flag, timer: Any, timeout: int, parent_pid: int) -> None:
    """Runs a task process: django-q2's loop with our `Tasks` and `Results`."""
    broker = get_broker()
    results = Results(broker)
    tasks = Tasks(broker, results, lambda: is_stopping.is_set() or os.getppid() != parent_pid)
    worker(tasks, results, timer, timeout)
    results.save()


class OncePerMinute(logging.Filter):
    """Logs the same message once a minute at most. django-q2 logs twice a second that Redis is down."""

    def __init__(self) -> None:
        super().__init__()
        self._logged_at: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        now = time.monotonic()
        message = record.getMessage()
        if now - self._logged_at.get(message, -60.0) < 60.0:
            return False
        self._logged_at = {old: at for old, at in self._logged_at.items() if now - at < 60.0} | {message: now}
        return True


class ProcessStub:
    """Stub for django-q2's pusher and monitor processes: alive until the cluster stops."""

    name = "stub"
    pid = 0

    def __init__(self, event_out: Any) -> None:
        self._event_out = event_out

    def is_alive(self) -> bool:
        return not self._event_out.is_set()


class TaskSentinel(Sentinel):
    """Keeps the task processes alive, kills those that take too long, and runs django-q2's schedules.

    The constructor returns once `stop_flag` is set.
    """

    def __init__(self, stop_flag: StopFlag, start_flag: Flag, cluster_id: uuid.UUID) -> None:
        self.is_stopping = Flag()
        logging.getLogger("django-q").addFilter(OncePerMinute())
        super().__init__(stop_flag, start_flag, cluster_id)

    def spawn_worker(self) -> None:
        timer = fork.Value("f", -1)
        process: Any = fork.Process(
            target=work,
            args=(self.is_stopping, timer, self.timeout, os.getpid()),
            name=f"Process-{uuid.uuid4().hex}",
            daemon=True,
        )
        process.timer = timer
        self.pool.append(process)
        process.start()

    def spawn_pusher(self) -> ProcessStub:
        return ProcessStub(self.event_out)

    def spawn_monitor(self) -> ProcessStub:
        return ProcessStub(self.event_out)

    def stop(self) -> None:
        self.is_stopping.set()
        super().stop()
