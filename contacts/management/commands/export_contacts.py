"""`manage.py export_contacts`: the admin's export on the command line, with the same code."""

import os
import sys
from argparse import ArgumentParser
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from django.db import DatabaseError
from django.db.models import QuerySet
from tqdm import tqdm

from accounts import organization
from accounts.events import record
from accounts.security_events import Kind
from contacts import exporting
from contacts.models import (
    CommunityMember,
    Event,
    EventRegistration,
    Group,
    GroupMember,
    SuppressedContact,
    UnsubscribedContact,
)
from smsadmin.lib.commands import ExplainedCommand, first_line
from smsadmin.lib.plurals import people


class Command(ExplainedCommand):
    help = (
        "Export a list of people as CSV (UTF-8, with headings, oldest first).\n\n"
        "import_contacts can read the file back. Times are in the organization's time zone, with the UTC offset."
    )
    epilog = (
        "exit codes:\n"
        "  0  everyone was exported\n"
        "  1  the export failed; FILE is unchanged\n"
        "  2  an option is invalid"
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("--community", action="store_true", help="people in the community")
        which.add_argument("--event", type=int, metavar="ID", help="people registered for this event")
        which.add_argument("--group", metavar="NAME", help="people in this group")
        which.add_argument("--unsubscribed", action="store_true", help="people who opted out")
        which.add_argument("--suppressed", action="store_true", help="unreachable numbers")
        parser.add_argument("--output", type=Path, metavar="FILE", help="write to FILE instead of standard output")

    def handle(self, *args: Any, **options: Any) -> None:
        organization.use_zone()
        chosen = choose(options)
        output: Path | None = options["output"]
        if output is not None and output.is_dir():
            raise CommandError(f"{output} is a folder. Name a file inside it.", returncode=2)
        try:
            record(
                Kind.DATA_EXPORTED, list=str(chosen.model._meta.verbose_name_plural), by="manage.py export_contacts"
            )
            count = self._print(chosen) if output is None else write_file(chosen, output)
        except DatabaseError as error:
            raise CommandError(f"The export failed. Database error: {first_line(error)}.", returncode=1) from None
        where = f" to {output}" if output else ""
        self.stderr.write(f"Exported {people(count)}{where}.", self.style.SUCCESS)

    def _print(self, chosen: QuerySet[Any]) -> int:
        count = chosen.count()
        try:
            for piece in exporting.write_csv(chosen):
                self.stdout.write(piece, ending="")
            self.stdout.flush()
        except BrokenPipeError:
            # The reader is gone. Python would complain again when it closes the pipe.
            with suppress(OSError, ValueError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise CommandError("The export was cut short: the program reading it has quit.", returncode=1) from None
        return count


def choose(options: dict[str, Any]) -> QuerySet[Any]:
    """The people of the one list that the options name. CommandError if there is no such event or group."""
    if options["event"] is not None:
        event = Event.objects.filter(pk=options["event"]).first()
        if event is None:
            raise CommandError(f"There is no event {options['event']}.", returncode=2)
        return EventRegistration.objects.filter(event=event)
    if options["group"] is not None:
        group = Group.objects.named(options["group"]).first()
        if group is None:
            raise CommandError(f"There is no group “{options['group']}”.", returncode=2)
        return GroupMember.objects.filter(group=group)
    if options["unsubscribed"]:
        return UnsubscribedContact.objects.all()
    if options["suppressed"]:
        return SuppressedContact.objects.all()
    return CommunityMember.objects.all()


def write_file(chosen: QuerySet[Any], output: Path) -> int:
    """Writes the export beside `output`, moves it there once complete, and returns the number of people."""
    draft = output.with_name(f"{output.name}.part")
    count = chosen.count()
    try:
        with (
            draft.open("w", encoding="utf-8", newline="") as file,
            tqdm(total=count, desc="Exporting", unit=" people", disable=None, leave=False) as bar,
        ):
            file.writelines(counted(exporting.write_csv(chosen), bar))
        draft.replace(output)
    except OSError as error:
        raise CommandError(f"{output} can't be written: {error.strerror}.", returncode=1) from None
    finally:
        draft.unlink(missing_ok=True)
    return count


def counted(pieces: Iterable[str], bar: tqdm) -> Iterator[str]:
    """Passes the pieces on and advances the bar by their lines."""
    for piece in pieces:
        yield piece
        bar.update(piece.count("\r\n"))
