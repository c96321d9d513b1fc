"""`manage.py process_scheduled`: let the scheduled messages leave that are due, beside the workers or without one."""

import sys
from argparse import ArgumentParser
from collections.abc import Iterable
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from messaging.models import ScheduledMessage
from messaging.scheduling import scheduled_messages
from messaging.scheduling.process_due import catch_up, due
from smsadmin.lib import dates


class Command(BaseCommand):
    help = (
        "Expires what is too late, lets leave what is due, and brings the states of those that have left up to date. "
        "Workers do the same by themselves; both at once do no harm. The texts themselves are sent by the workers. "
        "Exit code 0: all is well; 1: something expired, failed, or could not start yet."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only say what is due; change nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["dry_run"]:
            self._foretell()
            return
        seen = catch_up()
        self._say("Expired", seen.expired)
        self._say("Left", seen.left)
        self._say("Could not start yet", seen.put_off)
        self._say("Failed", seen.failed)
        self._say("Sent", seen.sent)
        if not (seen.expired or seen.left or seen.put_off or seen.failed or seen.sent):
            self.stdout.write("Nothing is due.")
        self._say_next()
        if not seen.is_well:
            sys.exit(1)

    def _foretell(self) -> None:
        now = timezone.now()
        waiting = list(due(now))
        late = [message for message in waiting if scheduled_messages.is_too_late(message, now)]
        doomed = [message for message in waiting if message not in late and scheduled_messages.find_problem(message)]
        for message in doomed:
            message.error_message = scheduled_messages.find_problem(message)
        self._say("Would expire", late)
        self._say("Would fail", doomed)
        self._say("Would leave", [message for message in waiting if message not in (*late, *doomed)])
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
        upcoming = ScheduledMessage.objects.leaving_next().filter(scheduled_at__gt=now).first()
        if upcoming is not None:
            self.stdout.write(
                f"Next: {upcoming.pk} “{upcoming}”, {dates.moment(upcoming.scheduled_at)}, "
                f"{dates.countdown(upcoming.scheduled_at, now)}."
            )
