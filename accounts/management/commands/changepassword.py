import getpass
from typing import Any

from django.contrib.auth.management.commands import changepassword

from accounts.events import record
from accounts.security_events import Kind


class Command(changepassword.Command):
    """Django's command, but it also records a security event."""

    def handle(self, *args: Any, **options: Any) -> str | None:
        said = super().handle(*args, **options)
        record(Kind.PASSWORD_CHANGED, of_user=options["username"] or getpass.getuser())
        return said
