"""What monitors and load balancers ask, again and again: `/health` and `/health/ready`.

    /health        this process answers. The database is not asked.
    /health/ready  the installation works: 200, or 503 and which check fails, each with a sentence

Nobody is logged in for it, so that the answers hold nothing about people, and no address or error text.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponseNotAllowed, JsonResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.translation import ngettext
from django_q.conf import Conf
from django_q.models import OrmQ, Schedule
from django_q.signing import SignedPackage

from messaging import wording
from messaging.models import MessageLog, ScheduledMessage

from . import heartbeat, migration_state
from .doctor.storage import sqlite_path
from .schedules import RECURRING

logger = logging.getLogger(__name__)

# A worker whose processes are all at long tasks lets others wait; for longer than this, somebody should look.
WAITS_AT_MOST: Final = timedelta(minutes=5)
# What is due is taken up within a second or two.
UNTOUCHED_AT_MOST: Final = timedelta(minutes=2)
# How long one question to the database or to Redis may take.
ANSWER_SECONDS: Final = 3


class Failing(Exception):
    """A check fails. Its text is a sentence for the operator, and for everybody else."""


class AnswerProbes:
    """Answers the two addresses before anything that could be in the way.

    Load balancers ask by IP address, by plain http, from beside the proxy: neither ALLOWED_HOSTS nor the redirect to
    https is for them. Sessions are in the database, which may be what fails.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response
        self._answers = {"/health": alive, "/health/ready": ready}

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        answer = self._answers.get(request.path_info.rstrip("/"))
        if answer is None:
            return self.get_response(request)
        if request.method not in {"GET", "HEAD"}:
            return HttpResponseNotAllowed(["GET", "HEAD"])
        response = answer()
        response.headers["Cache-Control"] = "no-store"
        if request.method == "HEAD":
            response.content = b""  # gunicorn would complain in the log, each time
        # Django would log each 503. What fails is logged once, below.
        setattr(response, "_has_been_logged", True)  # noqa: B010 - the type does not have it
        return response


def alive() -> JsonResponse:
    return JsonResponse({"status": "ok"})


def ready() -> JsonResponse:
    """{"status": "ok" or "failing", "checks": {name: {"ok": bool, "problem": a sentence, where there is one}}}."""
    problems = find_problems()
    checks = {name: {"ok": True} if not problem else {"ok": False, "problem": problem} for name, problem in problems}
    is_ready = all(not problem for _, problem in problems)
    return JsonResponse(
        {"status": "ok" if is_ready else "failing", "checks": checks},
        status=200 if is_ready else 503,
    )


_said: dict[str, str] = {}


def find_problems() -> list[tuple[str, str]]:
    """(check, what is wrong) of each check, "" where nothing is. Raises nothing, and ends within seconds.

    A check that begins to fail, and one that works again, is logged: not each question.
    """
    problems: list[tuple[str, str]] = []
    for name, check in CHECKS:
        problem = "Not checked: the database does not answer." if problems and problems[0][1] else _run(check)
        problems.append((name, problem))
        if problem and not _said.get(name):
            logger.warning("Health: %s", problem)
        elif _said.get(name) and not problem:
            logger.warning("Health: the check of the %s passes again.", name)
        _said[name] = problem
    return problems


def _run(check: Callable[[datetime], None]) -> str:
    try:
        with _in_bounded_time():
            check(timezone.now())
    except Failing as failing:
        return str(failing)
    except Exception as error:  # noqa: BLE001 - whatever fails, the answer is 503 and not a traceback
        if check is check_database:
            return "The database does not answer."
        logger.debug("Health: %s: %s", check.__name__, type(error).__name__)
        return "This could not be checked. Run: manage.py dbdoctor --doctor."
    return ""


@contextmanager
def _in_bounded_time() -> Iterator[None]:
    """PostgreSQL gives up on a question that takes too long. SQLite's readers wait for nobody."""
    if connection.vendor != "postgresql":
        yield
        return
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL statement_timeout = '{ANSWER_SECONDS}s'")
        yield


def check_database(now: datetime) -> None:
    path = sqlite_path()
    if path is not None and not path.exists():
        # To connect would make an empty one, and a connection that is open goes on reading what is gone.
        raise Failing("The file of the database is gone. Run: manage.py dbdoctor --doctor.")
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def check_migrations(now: datetime) -> None:
    if pending := len(migration_state.pending()):
        sentence = ngettext("%(count)s migration is", "%(count)s migrations are", pending) % {"count": pending}
        raise Failing(f"{sentence} not applied to the database. Run: manage.py dbdoctor --apply.")


def check_worker(now: datetime) -> None:
    if heartbeat.living(now):
        return
    last = heartbeat.last_beat()
    since = f"for {_span(now - last)}" if last else "for a day or more"
    raise Failing(f"No worker has given a sign of life {since}. Start it with: manage.py worker.")


def check_queue(now: datetime) -> None:
    """What waits has not waited for long, and what is due is being done."""
    waiting_since = oldest_waiting()
    if waiting_since is not None and now - waiting_since > WAITS_AT_MOST:
        raise Failing(
            f"The oldest task in the queue has waited for {_span(now - waiting_since)}. "
            "The workers are busy or stuck: look into their log, start more of them, or restart them."
        )
    late = now - UNTOUCHED_AT_MOST
    unsent = MessageLog.objects.running().filter(created_at__lt=late).exclude(slots__leased_until__gt=late)
    if unsent.exists():
        raise Failing("A blast is to be sent, and no worker sends it. Look into the log of the workers.")
    if ScheduledMessage.objects.due(late).exists():
        raise Failing("A scheduled message is due, and no worker sends it. Look into the log of the workers.")
    recurring = Schedule.objects.filter(func__in=[item.task for item in RECURRING])
    if recurring.filter(next_run__lt=now - WAITS_AT_MOST).exists():
        raise Failing("The recurring tasks are not being started. Look into the log of the workers.")


def oldest_waiting() -> datetime | None:
    """Since when the oldest task waits that nobody has taken; None if none waits. Raises Failing without Redis."""
    if not settings.REDIS_URL:
        # A task that is taken is locked until it may be taken again; one that waits is locked until it was queued.
        waiting = OrmQ.objects.filter(lock__lte=timezone.now()).order_by("lock")
        return waiting.values_list("lock", flat=True).first()
    import redis  # only where it is used is it installed

    try:
        with redis.Redis.from_url(
            settings.REDIS_URL, socket_timeout=ANSWER_SECONDS, socket_connect_timeout=ANSWER_SECONDS
        ) as client:
            package = client.lindex(f"django_q:{Conf.CLUSTER_NAME}:q", 0)
    except redis.RedisError as error:
        raise Failing("Redis, which holds the queue, does not answer.") from error
    started: datetime | None = SignedPackage.loads(package)["started"] if package else None
    return started


def _span(length: timedelta) -> str:
    return wording.span(round(length.total_seconds()))


CHECKS: Final = (
    ("database", check_database),
    ("migrations", check_migrations),
    ("worker", check_worker),
    ("queue", check_queue),
)
