"""What monitors and load balancers poll: `/health` and `/health/ready`.

    /health        this process responds. Doesn't use the database.
    /health/ready  the installation works: 200, or 503 if a check fails

No login is needed. Everyone sees the status; only requests from this machine or its private network see which check
fails, with a sentence about it. No response contains anything about people, addresses or error texts.

`/health/ready` is the only GET that writes: nothing else shows whether a database accepts writes. It always writes
the same row, and each process writes it at most every WRITTEN_EVERY seconds.
"""

import io
import ipaddress
import logging
import os
import shutil
import sqlite3
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final

from django import db
from django.apps import apps
from django.conf import settings
from django.core.handlers.wsgi import WSGIRequest
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponseNotAllowed, JsonResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import ngettext
from django_q.models import OrmQ
from django_q.signing import BadSignature, SignedPackage

from accounts.addresses import client_ip
from messaging.models import MessageLog, ScheduledMessage
from messaging.sending import progress
from smsadmin.lib import dates, group_commit, time_limits
from smsadmin.lib.kept import Kept

from . import installation, migration_state
from .checks import find_uncollected
from .doctor.storage import sqlite_path
from .models import WriteProbe
from .version import version
from .worker import heartbeat, schedules

logger = logging.getLogger(__name__)

# A worker whose processes are all busy with long tasks lets others wait; beyond this, someone should look.
WAITS_AT_MOST: Final = timedelta(minutes=5)
# Due work is started within a second or two.
UNTOUCHED_AT_MOST: Final = timedelta(minutes=2)
# Time limits for all database queries together, for a write, and for one query to Redis.
DATABASE_SECONDS: Final = 6
WRITE_SECONDS: Final = 3
REDIS_SECONDS: Final = 3
# How long a process caches the results of these two checks: they cost more than others, and anyone may ask.
WRITTEN_EVERY: Final = 2.0
SHOWN_EVERY: Final = 10.0
# SQLite needs about this much to continue writing: its journal is emptied at 4 MB.
LEAST_ROOM_BYTES: Final = 5 * 1024 * 1024

# The machine itself, the private networks of RFC 1918 and RFC 4193, and the link-local ones.
INSIDE: Final = tuple(
    ipaddress.ip_network(network)
    for network in (
        *("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16"),
        *("::1/128", "fc00::/7", "fe80::/10"),
    )
)

GetResponse = Callable[[HttpRequest], HttpResponseBase]
Check = Callable[[datetime], None]


class Failing(Exception):
    """A check fails. Its text is a sentence for the operator."""


class AnswerProbes:
    """Answers the two addresses before anything could get in the way.

    Load balancers connect by IP address, over plain http, from behind the proxy: neither ALLOWED_HOSTS nor the
    redirect to https applies to them. Sessions are in the database, which may be what fails.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        path = request.path_info.rstrip("/")
        if path not in {"/health", "/health/ready"}:
            return self.get_response(request)
        if request.method not in {"GET", "HEAD"}:
            return HttpResponseNotAllowed(["GET", "HEAD"])
        response = alive() if path == "/health" else ready(self.get_response, is_inside=is_inside(request))
        response.headers["Cache-Control"] = "no-store"
        if request.method == "HEAD":
            response.content = b""  # otherwise gunicorn logs a complaint each time
        # Django would log each 503. Failures are logged once, below.
        setattr(response, "_has_been_logged", True)  # noqa: B010 - the type does not have it
        return response


def is_inside(request: HttpRequest) -> bool:
    """Whether it comes from this machine or a private network, as far as TRUSTED_PROXIES can tell."""
    try:
        address = ipaddress.ip_address(client_ip(request))
    except ValueError:
        return False
    return any(address in network for network in INSIDE)


def alive() -> JsonResponse:
    return JsonResponse({"status": "ok"})


def ready(get_response: GetResponse, *, is_inside: bool) -> JsonResponse:
    """{"status": "ok" or "failing"}; for insiders also "version" and "checks".

    "checks" is {name: {"ok": bool, "problem": a sentence, if there is one}}, "waiting", if
    there are any, says of blasts within quiet hours when they go on.
    """
    problems = find_problems(get_response)
    is_ready = not any(problem for _, problem in problems)
    answer: dict[str, object] = {"status": "ok" if is_ready else "failing"}
    if is_inside:
        answer["version"] = version()
        if is_ready and (waiting := _find_waiting()):
            answer["waiting"] = waiting
        answer["checks"] = {
            name: {"ok": False, "problem": problem} if problem else {"ok": True} for name, problem in problems
        }
    return JsonResponse(answer, status=200 if is_ready else 503)


def _find_waiting() -> list[str]:
    """Blasts that quiet hours keep waiting, and when they go on, as sentences; none if the database fails."""
    try:
        with time_limits.at_most(DATABASE_SECONDS):
            return progress.find_held()
    except DatabaseError:
        return []


_said: dict[str, str] = {}


def find_problems(get_response: GetResponse) -> list[tuple[str, str]]:
    """(check, problem) for each check, "" if there is none. Raises nothing, and takes at most a few seconds.

    `get_response` is how the site responds to a page request. Only changes are logged: when a check starts to fail,
    and when it passes again.
    """
    problems: dict[str, str] = {}
    pages: Check = partial(check_pages, get_response)
    with time_limits.at_most(DATABASE_SECONDS):
        for name, check in (*CHECKS, ("pages", pages)):
            problems[name] = _find_obstacle(name, problems) or _run(name, check)
    for name, problem in problems.items():
        if problem and not _said.get(name):
            logger.warning("Health: %s", problem)
        elif _said.get(name) and not problem:
            logger.warning("Health: the %s check passes again.", name)
        _said[name] = problem
    return list(problems.items())


def _find_obstacle(name: str, problems: dict[str, str]) -> str:
    """Why a check can't run after those before it."""
    if problems.get("database"):
        return "Not checked: the database is not responding."
    if name == "writing" and problems.get("migrations"):
        return "Not checked: the tables are wrong."
    return ""


def _run(name: str, check: Check) -> str:
    try:
        check(timezone.now())
    except Failing as failing:
        return str(failing)
    except time_limits.TookTooLong:
        return "The database took too long to respond. To find out why, run: manage.py dbdoctor --doctor."
    except Exception as error:  # noqa: BLE001 - whatever fails, the answer is 503 and not a traceback
        if name == "database":
            return "The database is not responding."
        logger.debug("Health: %s: %s", name, type(error).__name__)
        return "This could not be checked. Run: manage.py dbdoctor --doctor."
    return ""


_writing: Final = Kept[str](WRITTEN_EVERY)
_pages: Final = Kept[str](SHOWN_EVERY)


def check_database(now: datetime) -> None:
    path = sqlite_path()
    if path is not None and not path.exists():
        # Connecting would create an empty one, and an open connection keeps reading the deleted one.
        raise Failing("The database file is gone. Run: manage.py dbdoctor --doctor.")
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def check_migrations(now: datetime) -> None:
    if migration_state.is_too_old(migration_state.recorded()):
        raise Failing(migration_state.DATABASE_TOO_OLD)
    if pending := len(migration_state.pending()):
        sentence = ngettext("%(count)s migration is", "%(count)s migrations are", pending) % {"count": pending}
        raise Failing(f"{sentence} not applied. Run: manage.py dbdoctor --apply.")
    ours = {model._meta.db_table for model in apps.get_models(include_auto_created=True) if model._meta.managed}
    if lost := sorted(ours - set(connection.introspection.table_names())):
        raise Failing(f"The database has lost its table {lost[0]}. Run: manage.py dbdoctor --doctor.")


def check_writing(now: datetime) -> None:
    if problem := _writing.get(lambda: _find_write_trouble(now)):
        raise Failing(problem)


def _find_write_trouble(now: datetime) -> str:
    path = sqlite_path()
    if path is not None and (trouble := _find_disk_trouble(path.parent)):
        return trouble
    try:
        with time_limits.at_most(WRITE_SECONDS):
            # Takes its turn among other writers, like incoming texts.
            group_commit.run(lambda: _write(now))
    except time_limits.TookTooLong:
        who = "Another program has locked the database" if path else "The database has accepted no writes"
        return f"{who} for {WRITE_SECONDS} seconds: nothing can be stored. Run: manage.py dbdoctor --doctor."
    except db.Error as error:
        return _explain(error)
    return ""


def _write(now: datetime) -> None:
    WriteProbe.objects.bulk_create(
        [WriteProbe(written_at=now)], update_conflicts=True, unique_fields=["id"], update_fields=["written_at"]
    )


def _find_disk_trouble(folder: Path) -> str:
    """One row may still fit into the journal on a full disk; the next blast won't."""
    if os.statvfs(folder).f_flag & os.ST_RDONLY:
        return READ_ONLY
    return FULL if shutil.disk_usage(folder).free < LEAST_ROOM_BYTES else ""


FULL: Final = "The database's disk is full, so nothing can be stored. Free some space."
READ_ONLY: Final = (
    "The database is read-only, so nothing can be stored. Run: manage.py dbdoctor --doctor. "
    "If it is a PostgreSQL standby, point DATABASE_URL at the primary server."
)


def _explain(error: db.Error) -> str:
    """Which of the known reasons makes a write fail (SQLite's result codes, PostgreSQL's SQLSTATE)."""
    code = getattr(error.__cause__, "sqlite_errorcode", 0) & 0xFF
    state = getattr(error.__cause__, "sqlstate", None)
    # disk_full
    if code == sqlite3.SQLITE_FULL or state == "53100":
        return FULL
    # read_only_sql_transaction
    if code == sqlite3.SQLITE_READONLY or state == "25006":
        return READ_ONLY
    return "The database is not writable, so nothing can be stored. Run: manage.py dbdoctor --doctor."


def check_pages(get_response: GetResponse, now: datetime) -> None:
    if problem := _pages.get(lambda: _find_page_trouble(get_response)):
        raise Failing(problem)


def _find_page_trouble(get_response: GetResponse) -> str:
    """Whether the login page loads. It has what every page has: the frame, the style, a session."""
    if find_uncollected():
        return (
            "The static files have not been collected since the last upgrade, so pages fail. "
            "Run: manage.py collectstatic, and restart the web server."
        )
    code = get_response(_login_request()).status_code
    if code != 200:
        return f"Pages fail: the sign-in page returns {code}. The web server's log says why."
    return ""


def _login_request() -> HttpRequest:
    """What a browser sends after an earlier login."""
    host = next((host.lstrip(".") for host in settings.ALLOWED_HOSTS if host != "*"), "localhost")
    request = WSGIRequest(
        {
            "REQUEST_METHOD": "GET",
            "PATH_INFO": reverse("admin:login"),
            "SERVER_NAME": host,
            "SERVER_PORT": "443",
            "HTTP_HOST": host,
            "HTTP_X_FORWARDED_PROTO": "https",
            "REMOTE_ADDR": "127.0.0.1",
            "wsgi.url_scheme": "https",
            "wsgi.input": io.BytesIO(),
        }
    )
    request.COOKIES[settings.SESSION_COOKIE_NAME] = "0" * 32
    return request


def check_worker(now: datetime) -> None:
    if heartbeat.living(now):
        return
    last = heartbeat.last_beat()
    since = f"for {_span(now - last)}" if last else "for a day or more"
    raise Failing(f"No worker has been running {since}. Start one with: manage.py worker.")


def check_queue(now: datetime) -> None:
    """The queue hasn't been stuck for long, and due work is being done.

    Right after a start nothing is late: the worker is about to do what became due while none was running.
    """
    waiting_since = oldest_waiting()
    if not heartbeat.has_settled(now):
        return
    if waiting_since is not None and now - waiting_since > WAITS_AT_MOST:
        raise Failing(
            f"The oldest task in the queue has been waiting for {_span(now - waiting_since)}. "
            "The workers are busy or stuck: check their log, start more, or restart them."
        )
    late = now - UNTOUCHED_AT_MOST
    if MessageLog.objects.running().without_sender(late).exists():
        raise Failing("A blast is waiting, but no worker is sending it. Check the workers' log.")
    if ScheduledMessage.objects.due(late).exists():
        raise Failing("A scheduled message is due, but no worker is sending it. Check the workers' log.")
    if schedules.are_late(now - WAITS_AT_MOST):
        raise Failing("The recurring tasks are not being started. Check the workers' log.")


def oldest_waiting() -> datetime | None:
    """Since when the oldest unclaimed task has been waiting; None if there is none. Raises Failing."""
    if not settings.REDIS_URL:
        # A claimed task is locked until it may be claimed again; a waiting one is locked until it was queued.
        waiting = OrmQ.objects.filter(lock__lte=timezone.now()).order_by("lock")
        return waiting.values_list("lock", flat=True).first()
    import redis  # only installed where it is used

    try:
        with redis_client() as client:
            package = client.lindex(installation.queue_key(), 0)
    except redis.RedisError as error:
        raise Failing("Redis, which holds the queue, is not responding.") from error
    try:
        started: datetime | None = SignedPackage.loads(package)["started"] if package else None
    except BadSignature as error:
        raise Failing(
            "The queue holds a task signed with another SECRET_KEY. Use the same one on all machines."
        ) from error
    return started


def redis_client() -> Any:
    """A client for the queue's Redis that waits only a few seconds for each response."""
    import redis  # only installed where it is used

    return redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=REDIS_SECONDS, socket_connect_timeout=REDIS_SECONDS
    )


def _span(length: timedelta) -> str:
    return dates.span(round(length.total_seconds()))


CHECKS: Final[tuple[tuple[str, Check], ...]] = (
    ("database", check_database),
    ("migrations", check_migrations),
    ("writing", check_writing),
    ("worker", check_worker),
    ("queue", check_queue),
)
