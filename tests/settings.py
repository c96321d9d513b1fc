"""The project's settings in a fixed environment, so that a developer's `.env` never affects a test."""

import os

os.environ["ENV_FILE"] = ""
os.environ.update(
    SECRET_KEY="tests-only-" + "0123456789" * 5,
    DEBUG="false",
    ALLOWED_HOSTS="testserver,127.0.0.1,localhost",
    APP_TIMEZONE="America/Denver",
    PUBLIC_BASE_URL="http://testserver",
    SMS_BACKEND="messaging.backends.locmem.LocmemBackend",
    SMS_CONCURRENCY="4",
    SMS_RATE_PER_SECOND="0",
    SMS_PRICE_PER_SEGMENT="0.0079",
    TWILIO_ACCOUNT_SID="",
    TWILIO_AUTH_TOKEN="",
    TWILIO_FROM_NUMBER="",
    TWILIO_MESSAGING_SERVICE_SID="",
    TWILIO_API_BASE_URL="",
    ADMIN_TEST_PHONE="+17205550199",
    BACKUP_DAILY="false",
)
os.environ.setdefault("DATABASE_URL", "sqlite:///:memory:")
os.environ.setdefault("REDIS_URL", "")

from smsadmin.settings import *  # noqa: F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
Q_CLUSTER = {**Q_CLUSTER, "sync": True, "testing": True}  # noqa: F405
MIDDLEWARE = [name for name in MIDDLEWARE if "whitenoise" not in name]  # noqa: F405
