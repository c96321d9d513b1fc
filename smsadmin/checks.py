"""System checks for common mistakes of installations, each with an id and a hint on what to do.

`manage.py check` (and `migrate`, at every start) runs the first part; `manage.py check --deploy` also runs the
second, which is for installations that really send.
"""

import ipaddress
import os
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import ManifestFilesMixin, staticfiles_storage
from django.core import checks
from django.core.checks import CheckMessage, Tags, register
from django.http.request import validate_host
from django.utils.module_loading import import_string
from django.utils.text import get_text_list

from accounts import organization
from messaging.consent import answers
from messaging.text.encoding import measure
from messaging.text.personalization import takes_replies

YEAR: Final = 31_536_000
SIMULATOR = "messaging.backends.simulator.SimulatorBackend"


@register(Tags.compatibility)
def check_dotted_paths(**_: Any) -> list[CheckMessage]:
    """E001, E002: the dotted paths in settings exist."""
    found: list[CheckMessage] = []
    for name, paths, identifier, hint in (
        ("SMS_BACKEND", [settings.SMS_BACKEND], "smsadmin.E001", "Leave SMS_BACKEND empty to use the right one."),
        ("INBOUND_HANDLERS", settings.INBOUND_HANDLERS, "smsadmin.E002", "Correct it in smsadmin/settings.py."),
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
    """What keeps SQLite from using this file, and the remedy; empty if nothing does."""
    if not path.parent.is_dir():
        return f"the folder {path.parent} does not exist", "Create it, or correct DATABASE_URL."
    if path.is_dir():
        return f"{path} is a folder", "Name a file in it in DATABASE_URL, such as sms.db."
    if not os.access(path.parent, os.W_OK | os.X_OK) or (path.exists() and not os.access(path, os.R_OK | os.W_OK)):
        hint = "Make the user that SMS Admin runs as their owner (chown) with write access (chmod u+w)."
        return f"{path} or its folder cannot be written", hint
    return "", ""


@register(Tags.files)
def check_backup_folder(**_: Any) -> list[CheckMessage]:
    """W016: backups can be written to BACKUP_DIR."""
    problem, hint = find_backup_problem(settings.BACKUP_DIR)
    return _warnings((problem, "smsadmin.W016", f"{problem}.", hint))


def find_backup_problem(folder: Path) -> tuple[str, str]:
    """What keeps backups from being written to this folder, or it from being created, and the remedy; else empty."""
    place = folder
    while not os.path.exists(place) and place != place.parent:
        place = place.parent
    sentence = f"Backups cannot be written to {folder} (BACKUP_DIR)"
    hint = "Give the user that SMS Admin runs as write access, or set BACKUP_DIR to another folder."
    if not os.path.isdir(place):
        return f"{sentence}: {place} is not a folder", hint
    if not os.access(place, os.W_OK | os.X_OK):
        return f"{sentence}: this user cannot write to {place}", hint
    return "", ""


def _warnings(*possible: tuple[object, str, str, str]) -> list[CheckMessage]:
    """Returns warnings for those of (whether it applies, id, problem, remedy) that apply."""
    return [checks.Warning(sentence, hint, id=identifier) for is_so, identifier, sentence, hint in possible if is_so]


@register(Tags.urls)
def check_public_address(**_: Any) -> list[CheckMessage]:
    """W001 to W003, W007: Twilio can reach PUBLIC_BASE_URL, and we respond there correctly."""
    host = (urlsplit(settings.PUBLIC_BASE_URL).hostname or "").rstrip(".")
    if not host:
        return []
    return _warnings(
        (
            not validate_host(host if ":" not in host else f"[{host}]", settings.ALLOWED_HOSTS),
            "smsadmin.W001",
            f"PUBLIC_BASE_URL is at {host}, which is not in ALLOWED_HOSTS: pages and Twilio's reports there "
            "are rejected.",
            f"Add {host} to ALLOWED_HOSTS.",
        ),
        (
            "_" in host,
            "smsadmin.W002",
            f"PUBLIC_BASE_URL has an underscore in its host name, {host}: Twilio rejects such addresses.",
            "Use a host name of letters, digits and hyphens.",
        ),
        (
            uses_twilio() and _is_private(host),
            "smsadmin.W003",
            f"PUBLIC_BASE_URL is at {host}, which Twilio cannot reach, so there are no delivery reports.",
            "Set PUBLIC_BASE_URL to the public address of this site.",
        ),
        (
            settings.DEBUG and not _is_private(host),
            "smsadmin.W007",
            f"DEBUG is on although the site is public at {host}: error pages show settings and data to strangers.",
            "Remove DEBUG, or remove PUBLIC_BASE_URL if the site is not public.",
        ),
    )


@register(Tags.compatibility)
def check_queue(**_: Any) -> list[CheckMessage]:
    """W008: the database and the queue are meant for the same number of machines."""
    return _warnings(
        (
            settings.REDIS_URL and settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"),
            "smsadmin.W008",
            "REDIS_URL is set together with SQLite: Redis is for several machines, SQLite for only one.",
            "Remove REDIS_URL, or use PostgreSQL (DATABASE_URL).",
        )
    )


@register(Tags.compatibility)
def check_twilio(**_: Any) -> list[CheckMessage]:
    """W004 to W006, W020: the settings for sending are consistent."""
    return _warnings(
        (
            settings.TWILIO_ACCOUNT_SID and settings.SMS_BACKEND == SIMULATOR,
            "smsadmin.W004",
            "Twilio's credentials are set, but SMS_BACKEND is the simulator, so nothing is sent.",
            "Remove SMS_BACKEND to send through Twilio.",
        ),
        (
            (settings.TWILIO_FROM_NUMBER or settings.TWILIO_MESSAGING_SERVICE_SID)
            and not settings.TWILIO_ACCOUNT_SID,
            "smsadmin.W005",
            "A sender is set, but no Twilio account, so texts are only simulated.",
            "Set TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN.",
        ),
        (
            uses_twilio() and not settings.PUBLIC_BASE_URL,
            "smsadmin.W006",
            "PUBLIC_BASE_URL is not set, so Twilio cannot report what was delivered, and opt-outs and bad "
            "numbers that only show up in reports go unnoticed.",
            "Set it to the https address of this site.",
        ),
        (
            not takes_replies(),
            "smsadmin.W020",
            f"TWILIO_FROM_NUMBER is the name “{settings.TWILIO_FROM_NUMBER}”: nobody can reply to a name, "
            "so nobody can text STOP, and phones in the US and Canada don't receive texts from names.",
            "Send from a number. If a name is what you need, say in each text how else people can opt out.",
        ),
    )


@register(Tags.security, deploy=True)
def check_deployment(**_: Any) -> list[CheckMessage]:
    """W010 to W015, W021 to W024: what an installation that really sends should have."""
    env_file = settings.ENV_FILE or settings.BASE_DIR / ".env"
    lacking = answers.lacking()
    long_answers = [name for name, answer in answers.all_answers().items() if measure(answer).segments > 1]
    return _warnings(
        (
            settings.PUBLIC_BASE_URL.startswith("http:"),
            "smsadmin.W010",
            "PUBLIC_BASE_URL is not https: passwords and phone numbers are sent unencrypted.",
            "Put the site behind an https proxy (docs/architecture/running.md).",
        ),
        (
            settings.PUBLIC_BASE_URL.startswith("https:") and not settings.TRUSTED_PROXIES,
            "smsadmin.W015",
            "TRUSTED_PROXIES is not set, but https needs a proxy in front: everyone appears to come from "
            "its address, so a few wrong passwords from one stranger lock everyone out.",
            "Set it to the proxy's address as the web server sees it, such as 127.0.0.1.",
        ),
        (
            settings.TWILIO_API_BASE_URL,
            "smsadmin.W011",
            f"TWILIO_API_BASE_URL is set: texts go to {urlsplit(settings.TWILIO_API_BASE_URL).hostname} "
            "instead of Twilio.",
            "Remove it unless that is your own proxy.",
        ),
        (
            not organization.name(),
            "smsadmin.W021",
            "The organization has no name: carriers want the replies to STOP, START and HELP to name the sender.",
            "Enter the name people know you by, and how they can reach you, under Settings → Organization in the "
            "admin, or set ORGANIZATION_NAME and ORGANIZATION_CONTACT.",
        ),
        (
            long_answers,
            "smsadmin.W022",
            f"{get_text_list(long_answers, 'and')}: such a reply takes more than one segment, each billed.",
            "Shorten the reply, or the organization's name or contact. Accents take more room than letters.",
        ),
        (
            lacking,
            "smsadmin.W023",
            f"{get_text_list(lacking, 'and')}: such a reply has {{organization}} or {{contact}} in it, but the "
            "organization has none, so our own wording is sent instead.",
            "Enter it under Settings → Organization in the admin, or leave the field out of the reply.",
        ),
        (
            settings.QUIET_HOURS is None,
            "smsadmin.W024",
            "QUIET_HOURS is not set, so people are texted at any hour of the night.",
            "Set it to the hours when nobody is texted, such as 21:00-08:00, or to none if that is what you want.",
        ),
        (
            not settings.ADMIN_TEST_PHONE,
            "smsadmin.W012",
            'ADMIN_TEST_PHONE is not set, so "send_blast --test" has nowhere to send to.',
            "Set it to the phone of the person who tests messages.",
        ),
        (
            # The group may read: that is how the services read root's file (docs/deployment.md).
            env_file.exists() and env_file.stat().st_mode & 0o027,
            "smsadmin.W013",
            f"Other users of this machine can read {env_file.name}, which holds secrets, or its group can change it.",
            f"Run: chmod g-w,o= {env_file.name}",
        ),
        (
            find_uncollected(),
            "smsadmin.W014",
            "The static files have not been collected since the last upgrade, so pages fail.",
            "Run: manage.py collectstatic, and restart the web server.",
        ),
    )


@register(Tags.security, deploy=True)
def check_hsts(**_: Any) -> list[CheckMessage]:
    """W017 to W019: the HSTS settings are consistent. I001 reports that HSTS is off.

    For the requirements of the preload list, see https://hstspreload.org/#deployment-recommendations.
    """
    seconds = settings.SECURE_HSTS_SECONDS
    with_subdomains, with_preload = settings.SECURE_HSTS_INCLUDE_SUBDOMAINS, settings.SECURE_HSTS_PRELOAD
    found = _warnings(
        (
            seconds and not settings.SECURE_SSL_REDIRECT,
            "smsadmin.W017",
            "HSTS_SECONDS is set, but PUBLIC_BASE_URL is not https, so it has no effect.",
            "Set PUBLIC_BASE_URL to the https address of this site, or remove HSTS_SECONDS.",
        ),
        (
            (with_subdomains or with_preload) and not seconds,
            "smsadmin.W018",
            "HSTS_INCLUDE_SUBDOMAINS or HSTS_PRELOAD is set, but HSTS is off.",
            "Set HSTS_SECONDS too, or remove them.",
        ),
        (
            seconds and with_preload and not (with_subdomains and seconds >= YEAR),
            "smsadmin.W019",
            "HSTS_PRELOAD is set, but browsers only preload domains with subdomains included, for a year or more.",
            f"Set HSTS_INCLUDE_SUBDOMAINS=true and HSTS_SECONDS={YEAR} or more, or remove HSTS_PRELOAD.",
        ),
    )
    if settings.SECURE_SSL_REDIRECT and not seconds:
        hint = "Once everyone reaches the site by https, set HSTS_SECONDS (docs/settings.md)."
        found.append(checks.Info("HSTS is off: browsers may try http first.", hint, id="smsadmin.I001"))
    return found


def find_uncollected() -> list[str]:
    """Static files that `collectstatic` hasn't processed. Pages that use them fail, except with DEBUG."""
    if settings.DEBUG or not isinstance(staticfiles_storage, ManifestFilesMixin):
        return []
    hidden = ["CVS", ".*", "*~"]  # what collectstatic ignores
    names = (name for finder in finders.get_finders() for name, _ in finder.list(hidden))
    known = staticfiles_storage.hashed_files
    return [name for name in names if staticfiles_storage.hash_key(staticfiles_storage.clean_name(name)) not in known]


def uses_twilio() -> bool:
    return "twilio" in settings.SMS_BACKEND.lower()


def _is_private(host: str) -> bool:
    if host == "localhost" or host.endswith((".localhost", ".local", ".internal")):
        return True
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return "." not in host
