from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from smsadmin import file_modes
from smsadmin.worker import lifeline
from smsadmin.worker.main import Worker


class Command(BaseCommand):
    help = "Run the background tasks (sending, imports, schedules) until SIGTERM or Ctrl-C."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--stop-at-eof", action="store_true", help="stop when standard input ends (used by `serve`)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        file_modes.close()
        Worker().run(lifeline.is_cut if options["stop_at_eof"] else lambda: False)
