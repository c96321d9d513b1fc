"""The clock: what the main process of each `manage.py worker` does about once a second.

django-q2's own scheduler runs every 30 seconds, too rarely for a text that is due now. A clock task checks the
database for pending work and queues it. Several workers run the same clock tasks at the same time, so they must be
safe to repeat, and short, because the worker monitors its processes between ticks.
"""

import logging
from collections.abc import Callable

from django import db

from smsadmin.lib import database_file
from smsadmin.lib.registry import Registry

logger = logging.getLogger(__name__)

ClockTask = Callable[[], object]

# Called on each tick.
tasks: Registry[ClockTask] = Registry()
_failures: dict[ClockTask, int] = {}
_said_lost = ""


def tick() -> None:
    """Calls each registered task. Raises nothing.

    A failing task is logged when it starts to fail and when it works again, not every second. If the database file
    was removed or replaced since the worker started, nothing runs.
    """
    if _is_lost():
        return
    db.close_old_connections()
    for task in tasks:
        try:
            task()
        except Exception:
            if task not in _failures:
                logger.exception("The clock task %s failed. Retrying every second.", _name(task))
            _failures[task] = _failures.get(task, 0) + 1
        else:
            if failures := _failures.pop(task, 0):
                logger.warning("The clock task %s works again after %d failures.", _name(task), failures)
    db.close_old_connections()


def _name(task: ClockTask) -> str:
    return f"{task.__module__}.{getattr(task, '__qualname__', task)}"


def _is_lost() -> bool:
    """Whether the database file was removed or replaced. Logs it once."""
    global _said_lost
    try:
        database_file.check()
        lost = ""
    except database_file.DatabaseFileLost as error:
        lost = str(error)
    if lost and lost != _said_lost:
        logger.error("The worker has stopped doing anything. %s", lost)
    _said_lost = lost
    return bool(lost)
