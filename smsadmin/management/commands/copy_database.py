"""`manage.py copy_database`: copies everything from the database in use into another one."""

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError
from django.db import DatabaseError, connection
from tqdm import tqdm

from messaging.models import MessageLog, ScheduledMessage
from smsadmin.copying import addresses, rows
from smsadmin.copying.addresses import CannotCopy
from smsadmin.doctor import storage
from smsadmin.lib.commands import ExplainedCommand
from smsadmin.lib.plurals import counted


class Command(ExplainedCommand):
    help = (
        "Copy everything from the database in use (DATABASE_URL) into another, empty one: from SQLite to\n"
        "PostgreSQL, or back. It is all or nothing: one transaction, with each table read back and compared. The\n"
        "database in use is only read. Stop the web server and the worker first. docs/postgresql.md has every step."
    )
    epilog = (
        "exit codes:\n"
        "  0  every row is in the new database and matches the old one\n"
        "  1  nothing was copied; the output says why"
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "target",
            metavar="TARGET_URL",
            help="the new database, in the form of DATABASE_URL: postgres://user:password@host:5432/name, or "
            "sqlite:////absolute/path/sms.db; - reads the address from standard input",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        url = sys.stdin.readline().strip() if options["target"] == "-" else options["target"]
        try:
            addresses.check_source()
            with addresses.opened(url) as target:
                addresses.prepare_target(target, url)
                self.stdout.write(f"From {addresses.describe(connection)}\nTo   {addresses.describe(target)}")
                copied = self._copy(target)
        except CannotCopy as problem:
            raise CommandError(f"Nothing was copied. {problem}") from None
        except DatabaseError as error:
            raise CommandError(f"Nothing was copied. Database error: {storage.first_line(error)}.") from error
        except KeyboardInterrupt:
            raise CommandError("Stopped. Nothing was copied.") from None
        self._report(copied)

    def _copy(self, target: Any) -> list[rows.Copied]:
        with tqdm(total=2 * rows.count_rows(), unit=" rows", disable=None, leave=False) as bar:

            def show(what: str, number: int) -> None:
                bar.set_description(what, refresh=False)
                bar.update(number)

            return rows.copy_all(target, show)

    def _report(self, copied: list[rows.Copied]) -> None:
        width = max(len(one.table) for one in copied)
        for one in copied:
            self.stdout.write(f"  {one.table.ljust(width)}  {one.rows:>12,}")
        total = sum(one.rows for one in copied)
        self.stdout.write(
            f"Copied {counted(total, 'row', 'rows')} of {counted(len(copied), 'table', 'tables')}. "
            "Each table was read back and matches.",
            self.style.SUCCESS,
        )
        for one in copied:
            for column, number in one.cleaned.items():
                self.stdout.write(
                    f"{counted(number, 'value', 'values')} of {one.table}.{column} had characters that cannot be "
                    "stored and were removed or replaced."
                )
        self.stdout.write(
            "Sessions and queued tasks were not copied: everyone signs in again, and the worker finds its work."
        )
        waiting = MessageLog.objects.filter(status=MessageLog.Status.PROCESSING).count()
        scheduled = ScheduledMessage.objects.filter(status=ScheduledMessage.Status.PENDING).count()
        if waiting or scheduled:
            self.stdout.write(
                f"{counted(waiting, 'unfinished blast', 'unfinished blasts')} and "
                f"{counted(scheduled, 'scheduled message', 'scheduled messages')} are now in both databases. "
                "A worker on the old one would text the same people again."
            )
        self.stdout.write(
            "Next: set DATABASE_URL to the new database on every machine, move the old one where nothing can start "
            "on it, run manage.py dbdoctor --doctor, and start the web server and the worker."
        )
