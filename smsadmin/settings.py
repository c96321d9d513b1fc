"""Settings of SMS Admin. Each variable is documented in `.env.example`; `smsadmin.env` reads and checks them."""

import os
import re
import zoneinfo
from decimal import Decimal
from pathlib import Path
from typing import Any

import phonenumbers

from smsadmin import database_urls, env
from smsadmin.lib.daily_hours import DailyHours
from smsadmin.log_times import LINE

BASE_DIR = Path(__file__).resolve().parent.parent
INSTANCE_DIR = BASE_DIR / "instance"

# Every process of SMS Admin imports this module first. The files it writes (the database, backups, exports) are only
# for the user it runs as. Static files are the exception: see the command `collectstatic`.
os.umask(0o077)

ENV_FILE = env.load_variables(BASE_DIR)

# The process ------------------------------------------------------------------------------------------------

DEBUG = env.read_bool("DEBUG", False)

SECRET_KEY = env.read_text("SECRET_KEY")
if not SECRET_KEY:
    env.stop(
        "SECRET_KEY",
        "is missing",
        'Make one with: python -c "import secrets; print(secrets.token_urlsafe(50))".',
    )

ALLOWED_HOSTS = [host.strip() for host in env.read_text("ALLOWED_HOSTS").split(",") if host.strip()]
if not ALLOWED_HOSTS:
    if not DEBUG:
        env.stop(
            "ALLOWED_HOSTS",
            "is missing",
            "List the host names of the site, separated by commas.",
        )
    ALLOWED_HOSTS = ["127.0.0.1", "localhost", "[::1]"]
for _host in ALLOWED_HOSTS:
    if not re.fullmatch(r"\*|\.?[\w-]+(\.[\w-]+)*\.?|\[[0-9a-fA-F:.]+\]", _host):
        env.stop(
            "ALLOWED_HOSTS",
            f"contains {_host!r}, which is not a host name",
            "Write only names, such as sms.example.org.",
        )

# What a process needs from the system's environment, without anything of this installation (see
# smsadmin.isolated_commands).
SYSTEM_ENVIRONMENT = env.system_variables()

PORT: int = env.read_number("PORT", int, 8000, 1, 65_535, "a port")

PUBLIC_BASE_URL = env.read_address("PUBLIC_BASE_URL", "Write it like https://sms.example.org.")

TRUSTED_PROXIES: list[Any] = env.read_proxies("TRUSTED_PROXIES")

SESSION_IDLE_MINUTES: int = env.read_number("SESSION_IDLE_MINUTES", int, 30, 1, 1440, "minutes")

LOGIN_MAX_FAILURES: int = env.read_number("LOGIN_MAX_FAILURES", int, 5, 1, 100, "failed sign-ins")
LOGIN_WINDOW_MINUTES: int = env.read_number("LOGIN_WINDOW_MINUTES", int, 5, 1, 1440, "minutes")
LOGIN_LOCK_MINUTES: int = env.read_number("LOGIN_LOCK_MINUTES", int, 10, 1, 1440, "minutes")

APP_TIMEZONE = env.read_text("APP_TIMEZONE", "UTC")
try:
    zoneinfo.ZoneInfo(APP_TIMEZONE)
except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
    env.stop(
        "APP_TIMEZONE",
        f"is {APP_TIMEZONE!r}, which is not a time zone",
        "Use a name such as America/Denver.",
    )

# Database and queue -----------------------------------------------------------------------------------------

_database_url = env.read_text("DATABASE_URL")
try:
    _database = (
        database_urls.parse(_database_url, BASE_DIR)
        if _database_url
        else database_urls.sqlite(str(INSTANCE_DIR / "sms.db"))
    )
except database_urls.BadDatabaseUrl as _error:
    env.stop("DATABASE_URL", _error.problem, _error.remedy)
DATABASES: dict[str, dict[str, Any]] = {"default": _database}
if not _database_url and os.access(BASE_DIR, os.W_OK):
    INSTANCE_DIR.mkdir(mode=0o700, exist_ok=True)

BACKUP_DIR: Path = BASE_DIR / env.read_text("BACKUP_DIR", str(INSTANCE_DIR / "backups"))
if env.read_text("BACKUP_DIR").startswith("~"):
    env.stop("BACKUP_DIR", f"is {env.read_text('BACKUP_DIR')!r}, and ~ is not expanded", "Write the full path.")
if os.path.exists(BACKUP_DIR) and not os.path.isdir(BACKUP_DIR):
    env.stop("BACKUP_DIR", f"names {BACKUP_DIR}, which is not a folder", "Set it to a folder, or leave it empty.")
BACKUP_KEEP: int = env.read_number("BACKUP_KEEP", int, 14, 1, 10_000, "backups")
BACKUP_DAILY = env.read_bool("BACKUP_DAILY", True)
# The time limit of the daily backup in the queue: a large database on a slow disk needs hours.
BACKUP_SECONDS: int = 6 * 60 * 60

REDIS_URL = env.read_text("REDIS_URL")
if REDIS_URL and not re.match(r"(rediss?|unix)://[^/]*[^\s]", REDIS_URL):
    env.stop(
        "REDIS_URL",
        "is not a Redis address",
        "Write it like redis://host:6379/0, or leave it empty to keep the queue in the database.",
    )

Q_WORKERS: int = env.read_number("Q_WORKERS", int, 2, 1, 64, "worker processes")
Q_CLUSTER: dict[str, Any] = {
    "name": "smsadmin",
    "workers": Q_WORKERS,
    # A task is a nudge, the database is the truth: a lost or failed one is never repeated by the queue, the
    # sweep finds what is left to do. The time limit only ends a task that hangs; the daily backup has its own.
    "timeout": 900,
    # The queue would start again whatever is still running after this long.
    "retry": BACKUP_SECONDS + 60,
    "max_attempts": 1,
    "ack_failures": True,
    "catch_up": False,
    "save_limit": 500,
    # Each worker process polls for tasks itself: ten polls a second in total, however many there are.
    "poll": 0.1 * Q_WORKERS,
    "label": "Background tasks",
}
if REDIS_URL:
    Q_CLUSTER["redis"] = REDIS_URL
    # Several installations may share one Redis.
    Q_CLUSTER["broker_class"] = "smsadmin.worker.broker.InstallationQueue"
else:
    Q_CLUSTER["orm"] = "default"

# Sending ----------------------------------------------------------------------------------------------------

DEFAULT_PHONE_REGION = env.read_text("DEFAULT_PHONE_REGION", "US").upper()
if DEFAULT_PHONE_REGION not in phonenumbers.SUPPORTED_REGIONS:
    env.stop(
        "DEFAULT_PHONE_REGION",
        f"is {DEFAULT_PHONE_REGION!r}, which is not a country",
        "Use a two-letter code such as US.",
    )

TWILIO_ACCOUNT_SID = env.read_sid("TWILIO_ACCOUNT_SID", "AC", "an account")
TWILIO_AUTH_TOKEN = env.read_text("TWILIO_AUTH_TOKEN")
TWILIO_FROM_NUMBER = env.read_text("TWILIO_FROM_NUMBER")
# Short codes and alphanumeric senders stay unchanged; everything else is a phone number.
if not re.fullmatch(r"[0-9]{5,6}|(?=.*[A-Za-z])[A-Za-z0-9 ]{1,11}", TWILIO_FROM_NUMBER):
    TWILIO_FROM_NUMBER = env.read_phone("TWILIO_FROM_NUMBER", DEFAULT_PHONE_REGION)
TWILIO_MESSAGING_SERVICE_SID = env.read_sid("TWILIO_MESSAGING_SERVICE_SID", "MG", "a Messaging Service")
TWILIO_API_BASE_URL = env.read_address("TWILIO_API_BASE_URL", "Leave it empty for Twilio itself.")
if TWILIO_ACCOUNT_SID and not TWILIO_AUTH_TOKEN:
    env.stop(
        "TWILIO_AUTH_TOKEN",
        "is missing while TWILIO_ACCOUNT_SID is set",
        "Copy it from the Twilio console.",
    )
if TWILIO_AUTH_TOKEN and not TWILIO_ACCOUNT_SID:
    env.stop(
        "TWILIO_ACCOUNT_SID",
        "is missing while TWILIO_AUTH_TOKEN is set",
        "Copy it from the Twilio console, or remove the token to simulate.",
    )
if TWILIO_ACCOUNT_SID and not (TWILIO_FROM_NUMBER or TWILIO_MESSAGING_SERVICE_SID):
    env.stop(
        "TWILIO_FROM_NUMBER",
        "and TWILIO_MESSAGING_SERVICE_SID are both missing while TWILIO_ACCOUNT_SID is set",
        "Set the sender's number (as +17205550100) or the Messaging Service.",
    )

SMS_BACKEND = env.read_text(
    "SMS_BACKEND",
    "messaging.backends.twilio.TwilioBackend"
    if TWILIO_ACCOUNT_SID
    else "messaging.backends.simulator.SimulatorBackend",
)
if not re.fullmatch(r"\w+(\.\w+)+", SMS_BACKEND):
    env.stop("SMS_BACKEND", f"is {SMS_BACKEND!r}, which is not a dotted path", "Leave it empty to use the right one.")
if SMS_BACKEND == "messaging.backends.twilio.TwilioBackend" and not TWILIO_ACCOUNT_SID:
    env.stop(
        "TWILIO_ACCOUNT_SID",
        "is missing while SMS_BACKEND is Twilio's",
        "Set it, or leave SMS_BACKEND empty to simulate.",
    )

SMS_CONCURRENCY: int = env.read_number("SMS_CONCURRENCY", int, 10, 1, 200, "calls at once")
SMS_RATE_PER_SECOND: float = env.read_number(
    "SMS_RATE_PER_SECOND", float, 20.0, 0, 10_000, "messages a second (0: no limit)"
)
SMS_SENDERS_PER_BLAST: int = env.read_number("SMS_SENDERS_PER_BLAST", int, Q_WORKERS, 1, 100, "senders at once")
SMS_BREAKER_SAMPLE: int = env.read_number("SMS_BREAKER_SAMPLE", int, 25, 1, 10_000, "results")
BLAST_STALE_MINUTES: int = env.read_number("BLAST_STALE_MINUTES", int, 120, 0, 525_600, "minutes (0: never)")
SMS_UNKNOWN_GRACE_MINUTES: int = env.read_number("SMS_UNKNOWN_GRACE_MINUTES", int, 30, 0, 10_080, "minutes")
SMS_PRICE_PER_SEGMENT: Decimal = env.read_number(
    "SMS_PRICE_PER_SEGMENT", Decimal, Decimal("0.0083"), 0, 10, "dollars a segment"
)
QUIET_HOURS: DailyHours | None = env.read_hours("QUIET_HOURS")
SCHEDULED_MESSAGE_MAX_LAG: int = env.read_number(
    "SCHEDULED_MESSAGE_MAX_LAG", int, 1440, 0, 525_600, "minutes (0: never expires)"
)

# Receiving --------------------------------------------------------------------------------------------------

TWILIO_HANDLES_OPT_OUT: bool = env.read_bool("TWILIO_HANDLES_OPT_OUT", True)
# Who is texting, and how to reach them: carriers require both in the replies to STOP, START and HELP (CTIA).
# What admins enter on the page Organization takes precedence over these two and APP_TIMEZONE (accounts.organization).
ORGANIZATION_NAME = env.read_text("ORGANIZATION_NAME")
ORGANIZATION_CONTACT = env.read_text("ORGANIZATION_CONTACT")
# Empty: the replies in messaging.consent.answers.
SMS_OPT_OUT_REPLY = env.read_answer("SMS_OPT_OUT_REPLY")
SMS_OPT_IN_REPLY = env.read_answer("SMS_OPT_IN_REPLY")
SMS_HELP_REPLY = env.read_answer("SMS_HELP_REPLY")
SMS_AUTO_REPLIES_PER_HOUR: int = env.read_number(
    "SMS_AUTO_REPLIES_PER_HOUR", int, 60, 1, 1_000, "replies to one phone"
)
SMS_KEYWORD_REPLIES_PER_HOUR: int = env.read_number(
    "SMS_KEYWORD_REPLIES_PER_HOUR", int, 10, 1, 1_000, "replies to the keywords of one phone"
)
SURVEY_SESSION_HOURS: int = env.read_number("SURVEY_SESSION_HOURS", int, 24, 1, 8_760, "hours")

INBOUND_CATCH_UP_HOURS: int = env.read_number("INBOUND_CATCH_UP_HOURS", int, 72, 0, 8_760, "hours (0: off)")

INBOX_RETENTION_DAYS: int = env.read_number("INBOX_RETENTION_DAYS", int, 0, 0, 36_500, "days (0: for ever)")

# Asked in this order about each incoming text; the first to answer handles it (see messaging.inbound.handlers).
INBOUND_HANDLERS: list[str] = [
    "messaging.consent.handlers.hear_words",
    "surveys.conversation.continue_session",
    "surveys.conversation.start_by_keyword",
    "messaging.keywords.reply",
    "messaging.consent.handlers.hear_yes",
]

# People -----------------------------------------------------------------------------------------------------

ADMIN_TEST_PHONE = env.read_phone("ADMIN_TEST_PHONE", DEFAULT_PHONE_REGION)
ADMIN_USERNAME = env.read_text("ADMIN_USERNAME", "admin")
# Like the model (accounts.models.AppUser), which can't be imported here.
if not re.fullmatch(r"[\w.@+-]{1,80}", ADMIN_USERNAME):
    env.stop(
        "ADMIN_USERNAME",
        f"is {ADMIN_USERNAME!r}, which is not a valid user name",
        "Use 1 to 80 letters, digits and the characters @ . + - _, without spaces.",
    )
ADMIN_PASSWORD = env.read_password("ADMIN_PASSWORD")

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
    # First: error pages pass through it too.
    "smsadmin.middleware.ContentSecurity",
    "smsadmin.health.AnswerProbes",
    "smsadmin.middleware.RefuseLostDatabase",
    "messaging.webhooks.middleware.AnswerTwilio",
    "django.middleware.gzip.GZipMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "smsadmin.middleware.RefuseNul",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "smsadmin.middleware.IdleTimeout",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.requests.RememberRequest",
    "django.contrib.messages.middleware.MessageMiddleware",
    "accounts.middleware.LocalTimes",
    "accounts.middleware.ForcedPasswordChange",
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
                "messaging.context_processors.inbox",
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
    {"NAME": "accounts.passwords.NotUsedLatelyValidator", "OPTIONS": {"last": 3}},
]
PASSWORD_HASHERS = [
    "accounts.hashers.StrongScryptPasswordHasher",
    "accounts.hashers.EqualizedPBKDF2PasswordHasher",
]
AUTHENTICATION_BACKENDS = ["accounts.backends.LimitedBackend"]
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"

LANGUAGE_CODE = "en-us"
TIME_ZONE = APP_TIMEZONE
USE_I18N = True
FORMAT_MODULE_PATH = "smsadmin.formats"
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage",
        # The web server in front may read these, and may run as another user.
        "OPTIONS": {"file_permissions_mode": 0o644, "directory_permissions_mode": 0o755},
    },
}
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o700
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Forms of the admin's list pages post one field per selected row.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 20_000

# A session ends this long after its last activity: smsadmin.middleware.IdleTimeout says what that is.
SESSION_COOKIE_AGE = SESSION_IDLE_MINUTES * 60
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"

# If the site is public over https, cookies are only sent over https, and everything else is redirected there.
_https = PUBLIC_BASE_URL.startswith("https://")
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _https else None
SECURE_SSL_REDIRECT = _https
SESSION_COOKIE_SECURE = _https
CSRF_COOKIE_SECURE = _https
CSRF_TRUSTED_ORIGINS = [env.origin_of(PUBLIC_BASE_URL)] if PUBLIC_BASE_URL else []
# Browsers can't be made to forget HSTS, and the domain may have other sites: the operator decides.
SECURE_HSTS_SECONDS: int = env.read_number("HSTS_SECONDS", int, 0, 0, 63_072_000, "seconds (0: off)")
SECURE_HSTS_INCLUDE_SUBDOMAINS = env.read_bool("HSTS_INCLUDE_SUBDOMAINS", False)
SECURE_HSTS_PRELOAD = env.read_bool("HSTS_PRELOAD", False)
# Django's advice is to set all three. Our own checks say what belongs together (smsadmin.checks.check_hsts).
SILENCED_SYSTEM_CHECKS = ["security.W004", "security.W005", "security.W021"]
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"class": "smsadmin.log_times.UtcFormatter", "format": LINE, "style": "{"}},
    "filters": {"refusals": {"()": "smsadmin.logs.RefusalsInOneLine"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["refusals"]}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        "django-q": {"handlers": ["console"], "level": "WARNING", "propagate": False},
        # Django's own handlers would log everything twice while DEBUG is on.
        "django": {"level": "INFO"},
    },
}
