"""`manage.py catch_up`: takes in texts that never reached us."""

from argparse import ArgumentParser
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts import organization
from messaging.backends import SendError, get_backend
from messaging.inbound import catch_up
from messaging.scheduling import local_times
from smsadmin.lib import dates
from smsadmin.lib.plurals import counted


class Command(BaseCommand):
    help = (
        "Looks in Twilio's list for texts that never reached us, and takes them in: opt-outs count, and all wait in "
        "the inbox. Workers do this when they start and every 15 minutes. Running it again is safe."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--since",
            metavar="WHEN",
            help='Look from this time on, such as "2026-12-01 18:30" (default: since the last time, at most '
            "INBOUND_CATCH_UP_HOURS)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        organization.use_zone()
        since = _read_since(options["since"]) if options["since"] is not None else None
        if get_backend().is_simulated:
            raise CommandError("Texts are simulated, so there is no list at Twilio to look in.")
        if since is None and not settings.INBOUND_CATCH_UP_HOURS:
            raise CommandError("Catching up is turned off (INBOUND_CATCH_UP_HOURS=0). Say from when: --since.")
        try:
            report = catch_up.catch_up(since)
        except catch_up.AlreadyCatchingUp:
            raise CommandError("A worker is catching up right now. Wait a minute, then try again.") from None
        except SendError as error:
            raise CommandError(
                f"Twilio's list of texts can't be read: {str(error).rstrip('.')}. Nothing was taken in. See "
                "manage.py dbdoctor --doctor --online."
            ) from None
        self.stdout.write(_sentence(report))


def _read_since(text: str) -> datetime:
    """Raises CommandError."""
    zone = organization.zone()
    try:
        since = local_times.read(text, zone)
    except local_times.MissingTime as error:
        since = error.earlier
    except local_times.RepeatedTime as error:
        since = error.first
    except (ValueError, OverflowError):
        raise CommandError(f"--since: “{text}” isn’t a date and time. Enter it like 2026-12-01 18:30.") from None
    if since > timezone.now():
        raise CommandError(f"--since: {dates.moment(since, zone)} is in the future. Enter a time in the past.")
    return since


def _sentence(report: catch_up.Report) -> str:
    if not report.taken_in:
        return "No text was missing."
    found = counted(report.taken_in, "text was", "texts were")
    people = counted(report.opted_out, "person has", "people have")
    late = counted(report.late, "text arrived", "texts arrived")
    return f"{found} missing and {'is' if report.taken_in == 1 else 'are'} now in the inbox. {people} opted out. " + (
        f"{late} too late for an automatic reply."
    )
