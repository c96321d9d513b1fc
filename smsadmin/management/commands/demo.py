from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from messaging.backends import get_backend
from smsadmin import demo
from smsadmin.demo import people
from smsadmin.lib.plurals import counted


class Command(BaseCommand):
    help = (
        "Add made-up people, events, blasts, conversations and surveys to look at. Adding them again changes nothing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--force", action="store_true", help="Add them beside real people all the same.")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["force"]:
            self._refuse_real_ones()
        added = demo.add()
        if added.is_empty:
            self.stdout.write("What is made up is there already. Nothing was added.")
            return
        self.stdout.write(
            f"Added {counted(added.members, 'member', 'members')}, {counted(added.events, 'event', 'events')} with "
            f"{counted(added.registrations, 'registration', 'registrations')}, "
            f"{counted(added.unsubscribed, 'opt-out', 'opt-outs')}, "
            f"{counted(added.suppressed, 'suppressed number', 'suppressed numbers')}, "
            f"{counted(added.blasts, 'blast', 'blasts')}, "
            f"{counted(added.conversations, 'conversation', 'conversations')}, "
            f"{counted(added.keyword_replies, 'keyword reply', 'keyword replies')}, "
            f"{counted(added.surveys, 'survey', 'surveys')} and "
            f"{counted(added.scheduled, 'scheduled message', 'scheduled messages')}. All of them are made up."
        )

    def _refuse_real_ones(self) -> None:
        if not get_backend().is_simulated:
            raise CommandError(
                "This installation sends real texts, so nothing made up was added. "
                "Use another database, or --force if you mean it."
            )
        if count := people.count_real_people():
            raise CommandError(
                f"The lists hold {counted(count, 'number', 'numbers')} of real people, so nothing made up was added. "
                "Use another database, or --force if you mean it."
            )
