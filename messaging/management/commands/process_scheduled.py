"""`manage.py process_scheduled`: starts scheduled blasts that are due, with or without a worker."""

import sys
from argparse import ArgumentParser
from collections.abc import Iterable
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from accounts import organization
from messaging.models import ScheduledMessage
from messaging.scheduling import scheduled_messages
from messaging.scheduling.process_due import due, run_pass
from smsadmin.lib import dates


class Command(BaseCommand):
    help = (
        "Starts scheduled blasts that are due, expires those that are too late, and updates the status of those that "
        "have started. Workers do this on their own; running both is safe. Workers send the texts. "
        "Exits with 0 if all is well, and 1 if a blast expired, failed, or couldn't start yet."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="Only show what is due; change nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        organization.use_zone()
        if options["dry_run"]:
            self._preview()
            return
        seen = run_pass()
        self._say("Expired", seen.expired)
        self._say("Started", seen.left)
        self._say("Couldn't start yet", seen.put_off)
        self._say("Failed", seen.failed)
        self._say("Sent", seen.sent)
        if not (seen.expired or seen.left or seen.put_off or seen.failed or seen.sent):
            self.stdout.write("Nothing is due.")
        self._say_next()
        if not seen.is_well:
            sys.exit(1)

    def _preview(self) -> None:
        now = timezone.now()
        waiting = list(due(now))
        late = [message for message in waiting if scheduled_messages.is_too_late(message, now)]
        doomed = [message for message in waiting if message not in late and scheduled_messages.find_problem(message)]
        for message in doomed:
            message.error_message = scheduled_messages.find_problem(message)
        self._say("Would expire", late)
        self._say("Would fail", doomed)
        self._say("Would start", [message for message in waiting if message not in (*late, *doomed)])
        if not waiting:
            self.stdout.write("Nothing is due.")
        self._say_next()

    def _say(self, what: str, messages: Iterable[ScheduledMessage]) -> None:
        for message in messages:
            reason = f" {message.error_message}" if message.error_message else ""
            due_at = dates.moment(message.scheduled_at)
            self.stdout.write(f"{what}: {message.pk} “{message}”, due {due_at}.{reason}")

    def _say_next(self) -> None:
        now = timezone.now()
        upcoming = ScheduledMessage.objects.upcoming().filter(scheduled_at__gt=now).first()
        if upcoming is not None:
            self.stdout.write(
                f"Next: {upcoming.pk} “{upcoming}”, {dates.moment(upcoming.scheduled_at)}, "
                f"{dates.countdown(upcoming.scheduled_at, now)}."
            )
