"""The project's recurring tasks, installed after each migrate and at each start of a worker.

They are ordinary django-q2 schedules, shown in the admin. If staff delete or change one, it is repaired; schedules
that staff added are left alone.
"""

import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.utils import timezone
from django_q.models import Schedule

from smsadmin.lib import shared_clock


@dataclass(frozen=True, slots=True)
class Recurring:
    """A task by its dotted path, its interval in minutes, and its timeout in seconds (0: the default).

    With `is_due_at_start`, it also runs whenever a worker starts.
    """

    name: str
    task: str
    minutes: int
    seconds: int = 0
    is_due_at_start: bool = False


RECURRING: Final = (
    Recurring("Recount finished blasts", "messaging.tasks.recount", 1),
    Recurring("Resolve unconfirmed deliveries", "messaging.tasks.reconcile", 1),
    Recurring("Catch up on opt-outs and dead numbers", "messaging.tasks.catch_up_lists", 1),
    Recurring("Catch up on incoming texts", "messaging.tasks.catch_up_inbound", 15, is_due_at_start=True),
    Recurring("Expire late scheduled messages", "messaging.tasks.expire_scheduled", 1),
    Recurring("Expire survey sessions", "surveys.tasks.expire_sessions", 10),
    Recurring("Resume interrupted imports", "contacts.tasks.resume_imports", 1),
    Recurring("Clean up", "smsadmin.tasks.clean_up", 24 * 60),
    Recurring("Back up", "smsadmin.tasks.back_up", 24 * 60, seconds=settings.BACKUP_SECONDS),
)
# Installed by earlier versions and no longer used: (name, task).
RETIRED: Final = (
    ("Pick up unfinished blasts", "messaging.tasks.sweep"),
    ("Settle deliveries in doubt", "messaging.tasks.reconcile"),
)

REPAIR_SECONDS: Final = 60.0
_repaired_at = -REPAIR_SECONDS
_has_started = False


def repair() -> None:
    """The worker's clock task: installs missing schedules on the first call and then once a minute.

    The first call is the worker's start.
    """
    global _repaired_at, _has_started
    if time.monotonic() - _repaired_at >= REPAIR_SECONDS:
        _repaired_at = time.monotonic()
        install()
        if not _has_started:
            bring_forward()
            _has_started = True


def bring_forward() -> None:
    """Makes due what runs whenever a worker starts."""
    names = [recurring.name for recurring in RECURRING if recurring.is_due_at_start]
    now = timezone.now()
    Schedule.objects.filter(name__in=names, next_run__gt=now).update(next_run=now)


def _wanted(recurring: Recurring) -> dict[str, Any]:
    return {
        "func": recurring.task,
        "schedule_type": Schedule.MINUTES,
        "minutes": recurring.minutes,
        "repeats": -1,
        "kwargs": repr({"q_options": {"timeout": recurring.seconds}}) if recurring.seconds else None,
    }


def find_broken() -> list[Recurring]:
    """The recurring tasks whose schedule is missing, changed, duplicated, or further away than one interval.

    The last happens when the clock was set back.
    """
    return [recurring for recurring in RECURRING if not _is_intact(recurring)]


def _is_intact(recurring: Recurring) -> bool:
    schedules = Schedule.objects.filter(name=recurring.name)
    latest = timezone.now() + timedelta(minutes=recurring.minutes) + shared_clock.SKEW
    return schedules.count() == 1 and schedules.filter(**_wanted(recurring), next_run__lte=latest).exists()


def are_late(since: datetime) -> bool:
    """Whether a recurring task was due before `since` and hasn't started."""
    ours = Schedule.objects.filter(func__in=[recurring.task for recurring in RECURRING])
    return ours.filter(next_run__lt=since).exists()


def install() -> int:
    """Installs or repairs the recurring tasks' schedules, and returns how many had to be changed.

    Deletes those of RETIRED.
    """
    for name, task in RETIRED:
        if (retired := Schedule.objects.filter(name=name, func=task)).exists():
            retired.delete()
    broken = find_broken()
    for recurring in broken:
        Schedule.objects.filter(name=recurring.name).delete()
        Schedule.objects.create(name=recurring.name, next_run=timezone.now(), **_wanted(recurring))
    return len(broken)
