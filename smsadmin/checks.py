"""System checks: what installations get wrong, each with an id and a hint that says what to do.

`manage.py check` (and `migrate`, at every start) runs the first part; `manage.py check --deploy` also the second,
which is about installations that really send.
"""

import ipaddress
import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core import checks
from django.core.checks import CheckMessage, Tags, register
from django.http.request import validate_host
from django.utils.module_loading import import_string

SIMULATOR = "messaging.backends.simulator.SimulatorBackend"


@register(Tags.compatibility)
def check_dotted_paths(**_: Any) -> list[CheckMessage]:
    """E001, E002: what settings name by dotted path exists."""
    found: list[CheckMessage] = []
    for name, paths, identifier, hint in (
        ("SMS_BACKEND", [settings.SMS_BACKEND], "smsadmin.E001", "Leave SMS_BACKEND empty for the one that fits."),
        ("CLOCK_TASKS", settings.CLOCK_TASKS, "smsadmin.E002", "Correct the name in smsadmin/settings.py."),
    ):
        for path in paths:
            try:
                import_string(path)
            except ImportError as error:
                found.append(
                    checks.Error(f"{name} names {path!r}, which cannot be imported: {error}", hint, id=identifier)
                )
    return found


@register(Tags.files)
def check_sqlite_file(**_: Any) -> list[CheckMessage]:
    """E003: SQLite can write the database file and, for its journal, the folder around it."""
    database = settings.DATABASES["default"]
    if not database["ENGINE"].endswith("sqlite3") or "memory" in str(database["NAME"]):
        return []
    problem, hint = find_sqlite_problem(Path(database["NAME"]))
    if not problem:
        return []
    return [checks.Error(f"The database cannot be used: {problem}.", hint, id="smsadmin.E003")]


def find_sqlite_problem(path: Path) -> tuple[str, str]:
    """What keeps SQLite from using this file, and the remedy; empty where nothing does."""
    if not path.parent.is_dir():
        return f"the folder {path.parent} does not exist", "Create it, or correct DATABASE_URL."
    if path.is_dir():
        return f"{path} is a folder", "Name a file in it in DATABASE_URL, such as sms.db."
    if not os.access(path.parent, os.W_OK | os.X_OK) or (path.exists() and not os.access(path, os.R_OK | os.W_OK)):
        hint = "Give both to the user that SMS Admin runs as (chown), and let that user write (chmod u+w)."
        return f"{path} or its folder cannot be written", hint
    return "", ""


@register(Tags.urls)
def check_public_address(**_: Any) -> list[CheckMessage]:
    """W001 to W003, W007: Twilio can reach PUBLIC_BASE_URL, and we answer there as we should."""
    host = urlsplit(settings.PUBLIC_BASE_URL).hostname
    if not host:
        return []
    found: list[CheckMessage] = []
    if not validate_host(host if ":" not in host else f"[{host}]", settings.ALLOWED_HOSTS):
        found.append(
            checks.Warning(
                f"PUBLIC_BASE_URL is at {host}, which is not in ALLOWED_HOSTS: its pages and Twilio's reports "
                "are refused.",
                f"Add {host} to ALLOWED_HOSTS.",
                id="smsadmin.W001",
            )
        )
    if "_" in host:
        found.append(
            checks.Warning(
                f"PUBLIC_BASE_URL has an underscore in its host name, {host}: Twilio refuses such addresses.",
                "Use a host name of letters, digits and hyphens.",
                id="smsadmin.W002",
            )
        )
    if uses_twilio() and _is_private(host):
        found.append(
            checks.Warning(
                f"PUBLIC_BASE_URL is at {host}, which Twilio cannot reach: it reports no deliveries.",
                "Set PUBLIC_BASE_URL to the address that the internet knows this site by.",
                id="smsadmin.W003",
            )
        )
    if settings.DEBUG and not _is_private(host):
        found.append(
            checks.Warning(
                f"DEBUG is on although the site is public, at {host}: errors show settings and data to strangers.",
                "Remove DEBUG, or PUBLIC_BASE_URL where this is no public installation.",
                id="smsadmin.W007",
            )
        )
    return found


@register(Tags.compatibility)
def check_queue(**_: Any) -> list[CheckMessage]:
    """W008: the database and the queue are made for the same number of machines."""
    if not settings.REDIS_URL or not settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"):
        return []
    return [
        checks.Warning(
            "REDIS_URL is set beside an SQLite file: Redis is for several machines, the file for one alone.",
            "Remove REDIS_URL, or use PostgreSQL (DATABASE_URL).",
            id="smsadmin.W008",
        )
    ]


@register(Tags.compatibility)
def check_twilio(**_: Any) -> list[CheckMessage]:
    """W004 to W006: the variables for sending fit together."""
    found: list[CheckMessage] = []
    if settings.TWILIO_ACCOUNT_SID and settings.SMS_BACKEND == SIMULATOR:
        found.append(
            checks.Warning(
                "Twilio's credentials are set, but SMS_BACKEND is the simulator: nothing is sent.",
                "Remove SMS_BACKEND to send by Twilio.",
                id="smsadmin.W004",
            )
        )
    sender = settings.TWILIO_FROM_NUMBER or settings.TWILIO_MESSAGING_SERVICE_SID
    if sender and not settings.TWILIO_ACCOUNT_SID:
        found.append(
            checks.Warning(
                "A sender is set, but no Twilio account: nothing is sent, texts are simulated.",
                "Set TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN.",
                id="smsadmin.W005",
            )
        )
    if uses_twilio() and not settings.PUBLIC_BASE_URL:
        found.append(
            checks.Warning(
                "PUBLIC_BASE_URL is not set: Twilio cannot report what was delivered, and opt-outs and wrong "
                "numbers that only a report shows are not learned.",
                "Set it to the https address of this site.",
                id="smsadmin.W006",
            )
        )
    return found


@register(Tags.security, deploy=True)
def check_deployment(**_: Any) -> list[CheckMessage]:
    """W010 to W015: what an installation that really sends should have."""
    found: list[CheckMessage] = []
    if settings.PUBLIC_BASE_URL.startswith("http:"):
        found.append(
            checks.Warning(
                "PUBLIC_BASE_URL is not https: passwords and phone numbers cross the network in the clear.",
                "Put the site behind a proxy that speaks https (docs/architecture/running.md).",
                id="smsadmin.W010",
            )
        )
    if settings.PUBLIC_BASE_URL.startswith("https:") and not settings.TRUSTED_PROXIES:
        found.append(
            checks.Warning(
                "TRUSTED_PROXIES is not set, but https needs a proxy in front: everybody seems to come from "
                "its address, and some wrong passwords of one stranger lock everybody out.",
                "Set it to the proxy's address as the web server sees it, such as 127.0.0.1.",
                id="smsadmin.W015",
            )
        )
    if settings.TWILIO_API_BASE_URL:
        found.append(
            checks.Warning(
                f"TWILIO_API_BASE_URL is set: texts go to {urlsplit(settings.TWILIO_API_BASE_URL).hostname} "
                "in place of Twilio.",
                "Remove it unless that is a proxy of yours.",
                id="smsadmin.W011",
            )
        )
    if not settings.ADMIN_TEST_PHONE:
        found.append(
            checks.Warning(
                "ADMIN_TEST_PHONE is not set: test mode has nobody to send to.",
                "Set it to the phone of whoever tries out messages.",
                id="smsadmin.W012",
            )
        )
    env_file = settings.BASE_DIR / ".env"
    # The group may read: a file of root's is read by the services so (docs/deployment.md).
    if env_file.exists() and env_file.stat().st_mode & 0o027:
        found.append(
            checks.Warning(
                "Other users of this machine can read .env, which has the secrets, or its group can change it.",
                "Run: chmod g-w,o= .env",
                id="smsadmin.W013",
            )
        )
    if not has_static_files():
        found.append(
            checks.Warning(
                "The static files have not been collected: every page fails.",
                "Run: manage.py collectstatic",
                id="smsadmin.W014",
            )
        )
    return found


def has_static_files() -> bool:
    """Whether pages find their style sheets: `collectstatic` has been run, or DEBUG serves them as they are."""
    manifest = getattr(staticfiles_storage, "manifest_name", None)
    return settings.DEBUG or manifest is None or staticfiles_storage.exists(manifest)


def uses_twilio() -> bool:
    return "twilio" in settings.SMS_BACKEND.lower()


def _is_private(host: str) -> bool:
    if host == "localhost" or host.endswith((".localhost", ".local", ".internal")):
        return True
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return "." not in host
