from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from messaging.backends import get_backend
from smsadmin import demo
from smsadmin.demo import people


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
            f"Added {added.members} members, {added.events} events with {added.registrations} registrations, "
            f"{added.unsubscribed} opt-outs, {added.suppressed} suppressed numbers, {added.blasts} blasts, "
            f"{added.conversations} conversations, {added.keyword_replies} keyword replies, {added.surveys} surveys "
            f"and {added.scheduled} scheduled messages. All of them are made up."
        )

    def _refuse_real_ones(self) -> None:
        if not get_backend().is_simulated:
            raise CommandError(
                "This installation sends real texts, so nothing made up was added. "
                "Use another database, or --force if you mean it."
            )
        if count := people.count_real_people():
            raise CommandError(
                f"The lists hold {count:,} numbers of real people, so nothing made up was added. "
                "Use another database, or --force if you mean it."
            )
