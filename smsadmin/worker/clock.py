"""The clock: what the main process of each `manage.py worker` does about once a second.

django-q2's own scheduler looks every 30 seconds, which is too seldom for a text that is due now. A clock task
looks into the database for work that nobody does, and queues it. Several workers run the same clock tasks at
the same time, so these must be harmless when repeated, and they must be short: the worker watches over its
processes between two ticks.
"""

import logging
from collections.abc import Callable

from django import db

from smsadmin.lib import database_file
from smsadmin.lib.registry import Registry

logger = logging.getLogger(__name__)

ClockTask = Callable[[], object]

# Called at each tick.
tasks: Registry[ClockTask] = Registry()
_failures: dict[ClockTask, int] = {}
_said_lost = ""


def tick() -> None:
    """Call each registered task. Raises nothing.

    A task that fails is logged when it begins to fail and when it works again, not every second. Nothing is done in a
    database file that is not the one that the worker began with.
    """
    if _is_lost():
        return
    db.close_old_connections()
    for task in tasks:
        try:
            task()
        except Exception:
            if task not in _failures:
                logger.exception("The clock task %s fails. It is tried again every second.", _name(task))
            _failures[task] = _failures.get(task, 0) + 1
        else:
            if failures := _failures.pop(task, 0):
                logger.warning("The clock task %s works again after %d failures.", _name(task), failures)
    db.close_old_connections()


def _name(task: ClockTask) -> str:
    return f"{task.__module__}.{getattr(task, '__qualname__', task)}"


def _is_lost() -> bool:
    """Whether the database's file was taken away; said once."""
    global _said_lost
    try:
        database_file.check()
        lost = ""
    except database_file.DatabaseFileLost as error:
        lost = str(error)
    if lost and lost != _said_lost:
        logger.error("The worker does nothing any more. %s", lost)
    _said_lost = lost
    return bool(lost)
