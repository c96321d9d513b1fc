"""Runs manage.py isolated from this installation: on another database, in its own environment.

No setting of this installation reaches such a process: it has no Redis, no Twilio account, no public address, and no
folder of this installation to write to, whatever settings are added later.
"""

import secrets
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from django.conf import settings

SIMULATOR: Final = "messaging.backends.simulator.SimulatorBackend"


def environment(database_url: str, folder: Path) -> dict[str, str]:
    """All variables of a process that works on `database_url` and writes its files to `folder`."""
    return {
        **settings.SYSTEM_ENVIRONMENT,
        "DJANGO_SETTINGS_MODULE": "smsadmin.settings",
        "ENV_FILE": "",
        "SECRET_KEY": secrets.token_urlsafe(50),
        "DEBUG": str(settings.DEBUG).lower(),
        "ALLOWED_HOSTS": "localhost",
        "PUBLIC_BASE_URL": "http://localhost",
        "APP_TIMEZONE": settings.APP_TIMEZONE,
        "DEFAULT_PHONE_REGION": settings.DEFAULT_PHONE_REGION,
        "DATABASE_URL": database_url,
        "BACKUP_DIR": str(folder / "backups"),
        "BACKUP_DAILY": "false",
        "REDIS_URL": "",
        "SMS_BACKEND": SIMULATOR,
    }


def run(arguments: Sequence[str], database_url: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Runs `python ARGUMENTS` to the end and captures its output."""
    return subprocess.run(  # noqa: S603 - our own commands
        [sys.executable, *arguments],
        cwd=settings.BASE_DIR,
        env=environment(database_url, folder),
        check=False,
        capture_output=True,
        text=True,
        errors="replace",
        stdin=subprocess.DEVNULL,
    )


def complaint(ended: subprocess.CompletedProcess[str]) -> str:
    """What a failed command said: Django prints it after "CommandError: "."""
    said = [line.strip() for line in (ended.stderr or ended.stdout).splitlines() if line.strip()]
    start = next((number for number, line in enumerate(said) if line.startswith("CommandError: ")), len(said) - 1)
    return " ".join(said[start:]).removeprefix("CommandError: ") or f"exit code {ended.returncode}"
