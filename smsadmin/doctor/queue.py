"""The worker and its queue."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from django.conf import settings
from django.db.models import Count
from django.utils import timezone
from django.utils.module_loading import import_string
from django_q.brokers import get_broker
from django_q.models import Failure, Schedule, Task
from django_q.signing import BadSignature

from contacts.counts import counted
from contacts.models import ContactImport
from messaging import wording
from messaging.models import MessageLog
from smsadmin import health, heartbeat, schedules

from .findings import Finding, note, ok, problem, some

FIX: Final = "Run: manage.py dbdoctor --doctor --fix"
START: Final = "Start it: manage.py worker (make run does; systemctl start, where it is a service)."


def find_dead_worker() -> Iterator[Finding]:
    alive = heartbeat.living()
    if alive:
        hosts = sorted({one.host for one in alive})
        yield ok(f"{counted(len(alive), 'worker lives', 'workers live')} (on {some(hosts)}).")
        return
    last = heartbeat.last_beat()
    if last is None and not (MessageLog.objects.exists() or Task.objects.exists()):
        yield note("No worker runs, and none has run yet.", START)
    else:
        since = f" since {wording.moment(last)}" if last else ""
        yield problem(f"No worker has run{since}: nothing is sent." if since else "No worker runs.", START)


def find_long_wait() -> Iterator[Finding]:
    try:
        oldest = health.oldest_waiting()
        size = get_broker().queue_size()
    except health.Failing as failing:
        yield problem(str(failing), "Start Redis, or correct REDIS_URL.")
        return
    except BadSignature:
        yield problem(
            "The queue holds a task that was signed with another SECRET_KEY, or by another installation.",
            "Give each installation a Redis database of its own (REDIS_URL).",
        )
        return
    waited = timezone.now() - oldest if oldest else timedelta()
    if waited > health.WAITS_AT_MOST:
        length = wording.span(int(waited.total_seconds()))
        yield problem(
            f"The oldest of {counted(size, 'task', 'tasks')} has waited for {length}.",
            f"See that a worker runs; if it does, raise Q_WORKERS (now {settings.Q_WORKERS}).",
        )
    elif size:
        yield ok(f"{counted(size, 'task waits', 'tasks wait')}, none of them for long.")
    else:
        yield ok("No task waits.")


def find_schedule_trouble() -> Iterator[Finding]:
    wrong = [recurring.name for recurring in schedules.find_wrong()]
    if wrong:
        yield problem(
            f"{counted(len(wrong), 'recurring task is', 'recurring tasks are')} missing or changed: {some(wrong)}.",
            f"{FIX} (a running worker does it too).",
            lambda: f"{counted(schedules.install(), 'recurring task', 'recurring tasks')} put right.",
        )
    for schedule in Schedule.objects.order_by("pk"):
        try:
            import_string(schedule.func)
        except ImportError:
            yield problem(
                f"The recurring task {schedule.name or schedule.pk} runs {schedule.func}, which does not exist.",
                "Delete it in the admin, or correct its function.",
            )
    late = Schedule.objects.filter(next_run__lt=timezone.now() - health.WAITS_AT_MOST).exclude(repeats=0)
    if heartbeat.living() and (number := late.count()):
        yield problem(
            f"{counted(number, 'recurring task', 'recurring tasks')} should have run by now, "
            "although a worker lives.",
            "Restart the worker, and look into its log.",
        )
    if not wrong:
        yield ok(f"All {len(schedules.RECURRING)} recurring tasks are there.")


def find_failures() -> Iterator[Finding]:
    since = timezone.now() - timedelta(days=1)
    failed = Failure.objects.filter(stopped__gt=since).order_by().values_list("func").annotate(number=Count("pk"))
    found = sorted(failed, key=lambda entry: (-entry[1], entry[0]))
    for func, number in found:
        yield problem(
            f"The task {func} has failed {counted(number, 'time', 'times')} within a day.",
            "Read why in the admin, under Failed tasks, and in the worker's log.",
        )
    if not found:
        yield ok("No task has failed within a day.")


def find_stalled_imports() -> Iterator[Finding]:
    busy = ContactImport.objects.filter(
        status__in=(ContactImport.Status.WAITING, ContactImport.Status.READING, ContactImport.Status.APPLYING)
    )
    stalled = [one.pk for one in busy if timezone.now() - one.updated_at > health.WAITS_AT_MOST]
    if stalled:
        yield problem(
            f"{counted(len(stalled), 'import stands', 'imports stand')} still (import {some(stalled)}).",
            "Start the worker: it begins them anew within a minute.",
        )
