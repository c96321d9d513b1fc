"""The recurring tasks of the project: installed after each migrate and at each start of a worker.

They are ordinary schedules of django-q2, shown in the admin. One that staff deleted or changed is put right
again; what staff added stays as it is.
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
    """A task by its dotted path, how many minutes apart it runs, and how many seconds it may take (0: as others)."""

    name: str
    task: str
    minutes: int
    seconds: int = 0


RECURRING: Final = (
    Recurring("Recount finished blasts", "messaging.tasks.recount", 1),
    Recurring("Settle deliveries in doubt", "messaging.tasks.reconcile", 1),
    Recurring("Catch up on opt-outs and dead numbers", "messaging.tasks.catch_up_lists", 1),
    Recurring("Expire late scheduled messages", "messaging.tasks.expire_scheduled", 1),
    Recurring("Expire survey sessions", "surveys.tasks.expire_sessions", 10),
    Recurring("Resume interrupted imports", "contacts.tasks.resume_imports", 1),
    Recurring("Clean up", "smsadmin.tasks.clean_up", 24 * 60),
    Recurring("Back up", "smsadmin.tasks.back_up", 24 * 60, seconds=settings.BACKUP_SECONDS),
)
# What earlier versions installed, and no version runs any more: (name, task).
RETIRED: Final = (("Pick up unfinished blasts", "messaging.tasks.sweep"),)

HEAL_SECONDS: Final = 60.0
_healed_at = -HEAL_SECONDS


def heal() -> None:
    """For the worker's clock: install what is missing, at the first call and then once a minute."""
    global _healed_at
    if time.monotonic() - _healed_at >= HEAL_SECONDS:
        _healed_at = time.monotonic()
        install()


def _wanted(recurring: Recurring) -> dict[str, Any]:
    return {
        "func": recurring.task,
        "schedule_type": Schedule.MINUTES,
        "minutes": recurring.minutes,
        "repeats": -1,
        "kwargs": repr({"q_options": {"timeout": recurring.seconds}}) if recurring.seconds else None,
    }


def find_wrong() -> list[Recurring]:
    """The recurring tasks whose schedule is missing, changed, there twice, or put off for longer than it runs apart.

    The last is what a clock leaves that was set back.
    """
    return [recurring for recurring in RECURRING if not _is_right(recurring)]


def _is_right(recurring: Recurring) -> bool:
    schedules = Schedule.objects.filter(name=recurring.name)
    latest = timezone.now() + timedelta(minutes=recurring.minutes) + shared_clock.SKEW
    return schedules.count() == 1 and schedules.filter(**_wanted(recurring), next_run__lte=latest).exists()


def are_late(since: datetime) -> bool:
    """Whether one of the recurring tasks should have been started before `since`, and was not."""
    ours = Schedule.objects.filter(func__in=[recurring.task for recurring in RECURRING])
    return ours.filter(next_run__lt=since).exists()


def install() -> int:
    """Make each recurring task's schedule what it should be; how many had to be made or mended.

    Those of RETIRED are removed.
    """
    for name, task in RETIRED:
        if (retired := Schedule.objects.filter(name=name, func=task)).exists():
            retired.delete()
    wrong = find_wrong()
    for recurring in wrong:
        Schedule.objects.filter(name=recurring.name).delete()
        Schedule.objects.create(name=recurring.name, next_run=timezone.now(), **_wanted(recurring))
    return len(wrong)
