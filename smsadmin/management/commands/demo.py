from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts import organization
from messaging.backends import get_backend
from smsadmin import demo
from smsadmin.demo import people
from smsadmin.lib.plurals import counted


class Command(BaseCommand):
    help = "Add sample people, events, blasts, conversations and surveys. Adding them again changes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--force", action="store_true", help="add them even if there are real people")

    def handle(self, *args: Any, **options: Any) -> None:
        organization.use_zone()
        if not options["force"]:
            self._refuse_real_ones()
        added = demo.add()
        if added.is_empty:
            self.stdout.write("The sample data is already there. Nothing was added.")
            return
        self.stdout.write(
            f"Added {counted(added.members, 'person', 'people')}, {counted(added.events, 'event', 'events')} with "
            f"{counted(added.registrations, 'registration', 'registrations')}, "
            f"{counted(added.unsubscribed, 'opt-out', 'opt-outs')}, "
            f"{counted(added.suppressed, 'unreachable number', 'unreachable numbers')}, "
            f"{counted(added.blasts, 'blast', 'blasts')}, "
            f"{counted(added.conversations, 'conversation', 'conversations')}, "
            f"{counted(added.keyword_replies, 'keyword reply', 'keyword replies')}, "
            f"{counted(added.surveys, 'survey', 'surveys')} and "
            f"{counted(added.scheduled, 'scheduled message', 'scheduled messages')}. All of it is sample data."
        )

    def _refuse_real_ones(self) -> None:
        if not get_backend().is_simulated:
            raise CommandError(
                "This installation sends real texts, so no sample data was added. "
                "Use another database, or --force if you mean it."
            )
        if count := people.count_real_people():
            raise CommandError(
                f"The lists contain {counted(count, 'real number', 'real numbers')}, so no sample data was added. "
                "Use another database, or --force if you mean it."
            )
