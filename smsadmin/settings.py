"""Settings of SMS Admin: the only module that reads the environment.

Each variable is documented in `.env.example`. A bad or missing value ends the start with one line
that names the variable and the remedy.
"""

import os
import sys
import zoneinfo
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlsplit

import environ
import phonenumbers

BASE_DIR = Path(__file__).resolve().parent.parent
INSTANCE_DIR = BASE_DIR / "instance"

env = environ.Env()
if env_file := os.environ.get("ENV_FILE", ".env"):
    env.read_env(BASE_DIR / env_file)


def stop(name: str, problem: str, remedy: str) -> NoReturn:
    sys.exit(f"SMS Admin cannot start: {name} {problem}. {remedy} (Set it in .env or in the environment.)")


def read(name: str, kind: Callable[..., Any], default: Any, remedy: str) -> Any:
    """The variable `name` as the type that `kind` of django-environ gives; `default` when unset or empty."""
    if env.str(name, "").strip() == "":
        return default
    try:
        return kind(name)
    except (ValueError, ArithmeticError, environ.ImproperlyConfigured):
        stop(name, f"is {env.str(name)!r}, which cannot be used", remedy)


def read_number(name: str, kind: Callable[..., Any], default: Any, least: float, most: float, unit: str) -> Any:
    """A number between `least` and `most`; the remedy names the bounds and the unit."""
    remedy = f"Give a number of {unit} from {least:g} to {most:g}."
    value = read(name, kind, default, remedy)
    if not least <= value <= most:
        stop(name, f"is {value}, which is out of range", remedy)
    return value


def read_bool(name: str, default: bool) -> bool:
    value = env.str(name, "").strip().lower()
    if value in {"", "true", "1", "yes", "on", "false", "0", "no", "off"}:
        return value in {"true", "1", "yes", "on"} if value else default
    stop(name, f"is {value!r}, which cannot be used", "Write true or false.")


def decimal(name: str) -> Decimal:
    value = Decimal(env.str(name))
    if not value.is_finite():
        raise ValueError(name)
    return value


# The process ------------------------------------------------------------------------------------------------

DEBUG = read_bool("DEBUG", False)

SECRET_KEY: str = env.str("SECRET_KEY", "")
if not SECRET_KEY:
    stop(
        "SECRET_KEY",
        "is missing",
        'Make one with: python -c "import secrets; print(secrets.token_urlsafe(50))".',
    )

ALLOWED_HOSTS: list[str] = [host.strip() for host in env.list("ALLOWED_HOSTS", default=[]) if host.strip()]
if not ALLOWED_HOSTS:
    if not DEBUG:
        stop(
            "ALLOWED_HOSTS",
            "is missing",
            "List the host names that the site is reached by, separated by commas.",
        )
    ALLOWED_HOSTS = ["127.0.0.1", "localhost", "[::1]"]

PUBLIC_BASE_URL: str = env.str("PUBLIC_BASE_URL", "").strip().rstrip("/")
if PUBLIC_BASE_URL and (
    urlsplit(PUBLIC_BASE_URL).scheme not in {"http", "https"} or not urlsplit(PUBLIC_BASE_URL).hostname
):
    stop(
        "PUBLIC_BASE_URL",
        f"is {PUBLIC_BASE_URL!r}, which is no address",
        "Write it as https://sms.example.org.",
    )

APP_TIMEZONE: str = env.str("APP_TIMEZONE", "").strip() or "UTC"
try:
    zoneinfo.ZoneInfo(APP_TIMEZONE)
except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
    stop(
        "APP_TIMEZONE",
        f"is {APP_TIMEZONE!r}, which is no time zone",
        "Use a name such as America/Denver.",
    )

# Database and queue -----------------------------------------------------------------------------------------

try:
    DATABASES = {"default": env.db("DATABASE_URL", default=f"sqlite:///{INSTANCE_DIR / 'sms.db'}")}
except (ValueError, environ.ImproperlyConfigured):
    DATABASES = {"default": {"ENGINE": ""}}
_engine = DATABASES["default"]["ENGINE"]
if _engine == "django.db.backends.sqlite3":
    # WAL lets pages be read while a blast is written; immediate transactions wait for the write lock at
    # their start, where the busy timeout applies, instead of failing at their first write. FULL makes a
    # commit durable before the call that follows it: a claim that a power cut forgot would text twice.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 30,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-16000;",
    }
    if DATABASES["default"]["NAME"] == str(INSTANCE_DIR / "sms.db"):
        INSTANCE_DIR.mkdir(exist_ok=True)
elif _engine == "django.db.backends.postgresql":
    DATABASES["default"]["CONN_MAX_AGE"] = 60
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
else:
    stop(
        "DATABASE_URL",
        "names no database that SMS Admin knows",
        "Use sqlite:///absolute/path/sms.db or postgres://user:password@host:5432/name.",
    )

REDIS_URL: str = env.str("REDIS_URL", "").strip()
if REDIS_URL and urlsplit(REDIS_URL).scheme not in {"redis", "rediss", "unix"}:
    stop(
        "REDIS_URL",
        "is no Redis address",
        "Write redis://host:6379/0, or leave it empty to keep the queue in the database.",
    )

Q_WORKERS: int = read_number("Q_WORKERS", env.int, 2, 1, 64, "worker processes")
Q_CLUSTER: dict[str, Any] = {
    "name": "smsadmin",
    "workers": Q_WORKERS,
    "queue_limit": Q_WORKERS,
    # A task is a nudge, the database is the truth: a lost or failed one is never repeated by the queue, the
    # sweep finds what is left to do. The time limit only ends a task that hangs.
    "timeout": 900,
    "retry": 960,
    "max_attempts": 1,
    "ack_failures": True,
    "catch_up": False,
    "save_limit": 500,
    "poll": 0.2,
    "label": "Background tasks",
}
if REDIS_URL:
    Q_CLUSTER["redis"] = REDIS_URL
else:
    Q_CLUSTER["orm"] = "default"

# Sending ----------------------------------------------------------------------------------------------------

TWILIO_ACCOUNT_SID: str = env.str("TWILIO_ACCOUNT_SID", "").strip()
TWILIO_AUTH_TOKEN: str = env.str("TWILIO_AUTH_TOKEN", "").strip()
TWILIO_FROM_NUMBER: str = env.str("TWILIO_FROM_NUMBER", "").strip()
TWILIO_MESSAGING_SERVICE_SID: str = env.str("TWILIO_MESSAGING_SERVICE_SID", "").strip()
TWILIO_API_BASE_URL: str = env.str("TWILIO_API_BASE_URL", "").strip().rstrip("/")
if TWILIO_ACCOUNT_SID and not TWILIO_AUTH_TOKEN:
    stop(
        "TWILIO_AUTH_TOKEN",
        "is missing while TWILIO_ACCOUNT_SID is set",
        "Copy it from the Twilio console.",
    )
if TWILIO_ACCOUNT_SID and not (TWILIO_FROM_NUMBER or TWILIO_MESSAGING_SERVICE_SID):
    stop(
        "TWILIO_FROM_NUMBER",
        "and TWILIO_MESSAGING_SERVICE_SID are both missing while TWILIO_ACCOUNT_SID is set",
        "Set the sender's number (as +17205550100) or the Messaging Service.",
    )
if TWILIO_API_BASE_URL and urlsplit(TWILIO_API_BASE_URL).scheme not in {"http", "https"}:
    stop(
        "TWILIO_API_BASE_URL",
        f"is {TWILIO_API_BASE_URL!r}, which is no address",
        "Leave it empty for Twilio itself.",
    )

SMS_BACKEND: str = env.str("SMS_BACKEND", "").strip() or (
    "messaging.backends.twilio.TwilioBackend"
    if TWILIO_ACCOUNT_SID
    else "messaging.backends.simulator.SimulatorBackend"
)
if SMS_BACKEND == "messaging.backends.twilio.TwilioBackend" and not TWILIO_ACCOUNT_SID:
    stop(
        "TWILIO_ACCOUNT_SID",
        "is missing while SMS_BACKEND is Twilio's",
        "Set it, or leave SMS_BACKEND empty to simulate.",
    )

SMS_CONCURRENCY: int = read_number("SMS_CONCURRENCY", env.int, 10, 1, 200, "calls at once")
SMS_RATE_PER_SECOND: float = read_number(
    "SMS_RATE_PER_SECOND", env.float, 20.0, 0, 10_000, "messages a second (0: no limit)"
)
SMS_SENDERS_PER_BLAST: int = read_number("SMS_SENDERS_PER_BLAST", env.int, Q_WORKERS, 1, 100, "senders at once")
SMS_BREAKER_SAMPLE: int = read_number("SMS_BREAKER_SAMPLE", env.int, 25, 1, 10_000, "results")
SMS_UNKNOWN_GRACE_MINUTES: int = read_number("SMS_UNKNOWN_GRACE_MINUTES", env.int, 30, 0, 10_080, "minutes")
SMS_PRICE_PER_SEGMENT: Decimal = read_number(
    "SMS_PRICE_PER_SEGMENT", decimal, Decimal("0.0083"), 0, 10, "dollars a segment"
)
SCHEDULED_MESSAGE_MAX_LAG: int = read_number(
    "SCHEDULED_MESSAGE_MAX_LAG", env.int, 1440, 0, 525_600, "minutes (0: never expires)"
)

DEFAULT_PHONE_REGION: str = env.str("DEFAULT_PHONE_REGION", "").strip().upper() or "US"
if DEFAULT_PHONE_REGION not in phonenumbers.SUPPORTED_REGIONS:
    stop(
        "DEFAULT_PHONE_REGION",
        f"is {DEFAULT_PHONE_REGION!r}, which is no country",
        "Use a two-letter code such as US.",
    )


def read_phone(name: str) -> str:
    """A phone number in E.164, or "" when unset."""
    raw = env.str(name, "").strip()
    if not raw:
        return ""
    try:
        number = phonenumbers.parse(raw, DEFAULT_PHONE_REGION)
    except phonenumbers.NumberParseException:
        number = None
    if number is None or not phonenumbers.is_possible_number(number):
        stop(name, f"is {raw!r}, which is no phone number", "Write it as +17205550100.")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


ADMIN_TEST_PHONE = read_phone("ADMIN_TEST_PHONE")
ADMIN_USERNAME: str = env.str("ADMIN_USERNAME", "").strip() or "admin"
ADMIN_PASSWORD: str = env.str("ADMIN_PASSWORD", "")

# Django -----------------------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "accounts",
    "contacts",
    "messaging",
    "surveys",
    "smsadmin.apps.SmsAdminConfig",
    "smsadmin.apps.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django_q",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "smsadmin.urls"
WSGI_APPLICATION = "smsadmin.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "messaging.context_processors.sending",
            ],
        },
    },
]

AUTH_USER_MODEL = "accounts.AppUser"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
LOGIN_URL = "admin:login"

LANGUAGE_CODE = "en-us"
TIME_ZONE = APP_TIMEZONE
USE_I18N = True
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": (
            "django.contrib.staticfiles.storage.StaticFilesStorage"
            if DEBUG
            else "whitenoise.storage.CompressedManifestStaticFilesStorage"
        )
    },
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Forms of the admin's list pages post one field per selected row.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 20_000

# Where the site is public by https, everything that a browser can be told to keep on https is told so.
_https = PUBLIC_BASE_URL.startswith("https://")
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _https else None
SECURE_SSL_REDIRECT = _https
SESSION_COOKIE_SECURE = _https
CSRF_COOKIE_SECURE = _https
CSRF_TRUSTED_ORIGINS = [PUBLIC_BASE_URL] if PUBLIC_BASE_URL else []
SECURE_HSTS_SECONDS = 31_536_000 if _https else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = _https
SECURE_HSTS_PRELOAD = _https
X_FRAME_OPTIONS = "DENY"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {"django-q": {"handlers": ["console"], "level": "WARNING", "propagate": False}},
}
