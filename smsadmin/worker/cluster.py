"""The worker's processes: django-q2's cluster, rearranged so that any of them may be killed at any moment.

    worker (main process: the clock) ── sentinel ──┬─ task process
                                                   └─ task process …

As it comes, django-q2 has a process that takes tasks from the broker ahead of time and passes them on through a
multiprocessing queue, and one that takes the results from another queue. A process that is killed (-9, or for
want of memory) while it waits at such a queue takes the queue's lock with it: every other process of the cluster
then waits for ever, and the tasks in the queue are gone. Here no queue is shared. Each task process asks the
broker itself once it is free, runs django-q2's own loop, and writes down its own result with django-q2's own code.

Who dies is replaced: task processes by the sentinel, the sentinel by the main process, the main process by whoever
started it. Who loses its parent finishes the task in hand and ends.
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

# As django-q2 does: its Process objects carry what cannot be pickled.
fork = multiprocessing.get_context("fork")


class Flag:
    """A yes or no between two processes that has no lock, so that a killed process cannot keep it.

    In place of multiprocessing.Event, whose set() waits for ever for a waiter that was killed.
    """

    def __init__(self) -> None:
        self._value = fork.RawValue("b", 0)

    def set(self) -> None:
        self._value.value = 1

    def is_set(self) -> bool:
        return bool(self._value.value)


class StopFlag(Flag):
    """What the sentinel asks twice a second whether to stop. Each time it asks is its sign of life.

    Also set, as the sentinel sees it, once its parent is gone.
    """

    def __init__(self, parent_pid: int) -> None:
        super().__init__()
        self._parent_pid = parent_pid
        self._asked_at = fork.RawValue("d", time.monotonic())

    def is_set(self) -> bool:
        return super().is_set() or os.getppid() != self._parent_pid

    def wait(self, timeout: float) -> bool:
        """Let `timeout` seconds pass; whether to stop now."""
        self._asked_at.value = time.monotonic()
        if not self.is_set():
            time.sleep(timeout)
        return self.is_set()

    @property
    def silence(self) -> float:
        """Seconds since the sentinel last asked."""
        return time.monotonic() - self._asked_at.value


class Results:
    """Takes the place of the queue to django-q2's monitor process: the result is written down right here."""

    def __init__(self, broker: Broker) -> None:
        self.broker = broker
        self._finished: list[dict[str, Any]] = []

    def put(self, task: dict[str, Any]) -> None:
        """Called by the loop with its timer locked, so nothing slow may happen here."""
        # After a time-out the sentinel ends this process at its next look: not before the result is kept.
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        self._finished.append(task)

    def get(self) -> dict[str, Any] | str:
        return self._finished.pop() if self._finished else "STOP"

    def save(self) -> None:
        """Write down what `put` was given, acknowledge it to the broker, tell django-q2's listeners."""
        if not self._finished:
            return
        try:
            monitor(self, self.broker)
        except Exception:
            # The broker brings an unacknowledged task again, and tasks may be repeated.
            logger.exception("The result of a task could not be written down.")
        finally:
            self._finished.clear()
            signal.signal(signal.SIGTERM, signal.SIG_DFL)


class Tasks:
    """Takes the place of the queue from django-q2's pusher process: `get` asks the broker for one task."""

    def __init__(self, broker: Broker, results: Results, is_over: Callable[[], bool]) -> None:
        self.broker = broker
        self.results = results
        self.is_over = is_over

    def get(self) -> dict[str, Any] | str:
        """The next task once there is one; "STOP" when this process is to end."""
        self.results.save()
        is_broken = False
        while not self.is_over():
            try:
                database_file.check()
                found = self.broker.dequeue()
            except Exception as error:  # noqa: BLE001 - whatever a database or Redis raises when it is away
                if not is_broken:
                    logger.error("The queue cannot be read (%s: %s). Trying again.", type(error).__name__, error)
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
            logger.error("A task was dropped: it was queued under another SECRET_KEY or is damaged.")
            self.broker.fail(ack_id)
            return None
        task["cluster"] = Conf.CLUSTER_NAME
        task["ack_id"] = ack_id
        return task


def work(is_stopping: Flag, timer: Any, timeout: int, parent_pid: int) -> None:
    """The life of a task process: django-q2's loop between our two ends."""
    broker = get_broker()
    results = Results(broker)
    tasks = Tasks(broker, results, lambda: is_stopping.is_set() or os.getppid() != parent_pid)
    worker(tasks, results, timer, timeout)
    results.save()


class OncePerMinute(logging.Filter):
    """Lets the same sentence pass once a minute: django-q2 says twice a second that Redis is away."""

    def __init__(self) -> None:
        super().__init__()
        self._said_at: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        now = time.monotonic()
        sentence = record.getMessage()
        if now - self._said_at.get(sentence, -60.0) < 60.0:
            return False
        self._said_at = {said: at for said, at in self._said_at.items() if now - at < 60.0} | {sentence: now}
        return True


class Nobody:
    """Stands where django-q2 expects its pusher and its monitor: alive until the cluster stops."""

    name = "nobody"
    pid = 0

    def __init__(self, event_out: Any) -> None:
        self._event_out = event_out

    def is_alive(self) -> bool:
        return not self._event_out.is_set()


class TaskSentinel(Sentinel):
    """Keeps the task processes alive, ends those that take too long, and runs django-q2's schedules.

    Making one works until `stop_flag` is set.
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

    def spawn_pusher(self) -> Nobody:
        return Nobody(self.event_out)

    def spawn_monitor(self) -> Nobody:
        return Nobody(self.event_out)

    def stop(self) -> None:
        self.is_stopping.set()
        super().stop()
