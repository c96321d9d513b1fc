"""The worker and its queue."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final

from django.conf import settings
from django.db.models import Count
from django.utils import timezone
from django.utils.module_loading import import_string
from django_q.brokers import get_broker
from django_q.conf import Conf
from django_q.models import Failure, OrmQ, Schedule, Task
from django_q.signing import BadSignature, SignedPackage

from contacts.models import ContactImport
from messaging.models import MessageLog
from smsadmin import health, installation
from smsadmin.lib import dates
from smsadmin.lib.plurals import counted
from smsadmin.worker import heartbeat, schedules

from .findings import Finding, note, ok, problem, some

FIX: Final = "Run: manage.py dbdoctor --doctor --fix"
# How many tasks of the queue to check for who signed them.
LOOKED_AT: Final = 200
START: Final = "Start it: manage.py worker (make run does this; for a service, use systemctl start)."


def find_dead_worker() -> Iterator[Finding]:
    alive = heartbeat.living()
    if alive:
        hosts = sorted({one.host for one in alive})
        yield ok(f"{counted(len(alive), 'worker is', 'workers are')} running (on {some(hosts)}).")
        return
    last = heartbeat.last_beat()
    if last is None and not (MessageLog.objects.exists() or Task.objects.exists()):
        yield note("No worker is running, and none has run yet.", START)
    else:
        since = f" since {dates.moment(last)}" if last else ""
        yield problem(f"No worker has run{since}, so nothing is sent." if since else "No worker is running.", START)


def find_long_wait() -> Iterator[Finding]:
    try:
        oldest = health.oldest_waiting()
        size = get_broker().queue_size()
    except health.Failing as failing:
        yield problem(str(failing), "Check that Redis is running and that all machines have the same settings.")
        return
    waited = timezone.now() - oldest if oldest else timedelta()
    if waited > health.WAITS_AT_MOST:
        length = dates.span(int(waited.total_seconds()))
        yield problem(
            f"The oldest of {counted(size, 'task', 'tasks')} has been waiting for {length}.",
            f"Check that a worker is running. If it is, raise Q_WORKERS (now {settings.Q_WORKERS}).",
        )
    elif size:
        yield ok(f"{counted(size, 'task is', 'tasks are')} waiting, none of them for long.")
    else:
        yield ok("No tasks are waiting.")


def find_unknown_tasks() -> Iterator[Finding]:
    """Tasks in our queue that we did not sign and, in Redis, other queues and workers."""
    if not settings.REDIS_URL:
        waiting = OrmQ.objects.order_by("pk").values_list("payload", flat=True)
        yield from _find_foreign_tasks(list(waiting[:LOOKED_AT]))
        return
    import redis  # only installed where it is used

    try:
        with health.redis_client() as client:
            yield from _find_foreign_tasks(client.lrange(installation.queue_key(), 0, LOOKED_AT - 1))
            yield from _find_other_queues(client)
    except redis.RedisError as error:
        yield problem(f"Redis is not responding ({type(error).__name__}).", "Check that Redis is running.")


def _find_foreign_tasks(packages: list[Any]) -> Iterator[Finding]:
    foreign = sum(not _is_signed_by_us(package) for package in packages)
    if foreign:
        yield problem(
            f"{counted(foreign, 'task in the queue was', 'tasks in the queue were')} signed with another SECRET_KEY: "
            "workers drop tasks they can't read.",
            "Give all machines of this installation the same SECRET_KEY, and restart both services on each.",
        )


def _is_signed_by_us(package: Any) -> bool:
    try:
        SignedPackage.loads(package)
    except (TypeError, BadSignature):
        return False
    return True


def _find_other_queues(client: Any) -> Iterator[Finding]:
    ours = installation.queue_name()
    tasks, workers = Counter[str](), Counter[str]()
    # django-q2's keys: django_q:NAME:q is a queue, django_q:NAME:cluster:ID a worker's statistics, kept for 3
    # seconds.
    for key in client.scan_iter(match="django_q:*", count=1000):
        name, _, kind = key.decode(errors="replace").removeprefix("django_q:").partition(":")
        if name == ours:
            continue
        if kind == "q":
            tasks[name] += client.llen(key)
        elif kind.startswith("cluster:"):
            workers[name] += 1
    for name in sorted(tasks.keys() | workers.keys()):
        has = f"{counted(tasks[name], 'task', 'tasks')} and {counted(workers[name], 'worker', 'workers')}"
        if name != Conf.CLUSTER_NAME:
            yield note(
                f"Another program or installation uses this Redis. Its queue {name} has {has}.",
                "Nothing: neither sees the other's tasks.",
            )
        elif workers[name]:
            yield problem(
                f"A worker from before version 1.0.0 uses this Redis. Its queue {name} has {has}.",
                "If it belongs to this installation, stop and upgrade it: it is running old code.",
            )
        else:
            yield note(
                f"A version before 1.0.0 left {counted(tasks[name], 'task', 'tasks')} in the queue {name}.",
                "Nothing is lost: the workers find remaining work in the database. To remove the tasks: "
                f"redis-cli DEL django_q:{name}:q",
            )


def find_schedule_trouble() -> Iterator[Finding]:
    wrong = [recurring.name for recurring in schedules.find_broken()]
    if wrong:
        yield problem(
            f"{counted(len(wrong), 'recurring task is', 'recurring tasks are')} missing or changed: {some(wrong)}.",
            f"{FIX} (a running worker does this too).",
            lambda: f"{counted(schedules.install(), 'recurring task', 'recurring tasks')} restored.",
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
    if heartbeat.has_settled() and (number := late.count()):
        yield problem(
            f"{counted(number, 'recurring task', 'recurring tasks')} should have run by now, "
            "although a worker is running.",
            "Restart the worker and check its log.",
        )
    if not wrong:
        yield ok(f"All {len(schedules.RECURRING)} recurring tasks exist.")


def find_failures() -> Iterator[Finding]:
    since = timezone.now() - timedelta(days=1)
    failed = Failure.objects.filter(stopped__gt=since).order_by().values_list("func").annotate(number=Count("pk"))
    found = sorted(failed, key=lambda entry: (-entry[1], entry[0]))
    for func, number in found:
        yield problem(
            f"The task {func} has failed {counted(number, 'time', 'times')} in the last day.",
            "See why in the admin under Failed tasks, and in the worker's log.",
        )
    if not found:
        yield ok("No task has failed in the last day.")


def find_stalled_imports() -> Iterator[Finding]:
    busy = ContactImport.objects.filter(
        status__in=(ContactImport.Status.WAITING, ContactImport.Status.READING, ContactImport.Status.APPLYING)
    )
    stalled = [one.pk for one in busy if timezone.now() - one.updated_at > health.WAITS_AT_MOST]
    if stalled:
        yield problem(
            f"{counted(len(stalled), 'import is', 'imports are')} stuck (import {some(stalled)}).",
            "Start the worker: it restarts them within a minute.",
        )
