"""`manage.py import_legacy`: imports the database of the replaced system."""

import os
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TextIO

from django.core.management.base import CommandError
from django.db import DatabaseError
from django.utils.translation import ngettext
from tqdm import tqdm

from accounts import organization
from smsadmin.legacy.importing import move_in
from smsadmin.legacy.reading import Unreadable
from smsadmin.legacy.report import Report, in_words
from smsadmin.lib.commands import ExplainedCommand, first_line
from smsadmin.lib.plurals import counted


class Command(ExplainedCommand):
    help = (
        "Import everything from the database file of the system that SMS Admin replaces: users with their\n"
        "passwords, lists, events, blasts with each recipient, scheduled messages, surveys with their answers and\n"
        "conversations. The file is only read. All or nothing: one transaction. Running it again imports what is\n"
        "new in the file and leaves everything else alone. It doesn't text anyone."
    )
    epilog = (
        "exit codes:\n"
        "  0  every row was imported (with --dry-run: would be)\n"
        "  1  every row except those listed as rejected\n"
        "  2  nothing was changed: the file can't be read, or the database failed"
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="the old database, usually instance/sms.db of the old system")
        parser.add_argument("--dry-run", action="store_true", help="only report what would happen; change nothing")
        parser.add_argument(
            "--report", type=Path, metavar="FILE", help="write each row that was fixed or rejected to this CSV file"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        organization.use_zone()
        try:
            with (
                _opened(options["report"], options["file"]) as file,
                tqdm(desc="Importing", unit=" rows", disable=None, leave=False) as bar,
            ):
                report = Report(file, bar.update)
                move_in(options["file"], report, is_dry_run=options["dry_run"])
        except Unreadable as problem:
            raise CommandError(f"Nothing was changed. {problem.sentence}", returncode=2) from None
        except DatabaseError as error:
            raise CommandError(
                f"Nothing was changed. Database error: {first_line(error)}. "
                "If it is new, run manage.py dbdoctor --apply first. If it is busy, stop the workers.",
                returncode=2,
            ) from None
        except OSError as error:
            # Rows of the report are written while rows are imported: no transaction has ended yet.
            raise CommandError(
                f"Nothing was changed. The report cannot be written: {error.strerror or error}.", returncode=2
            ) from None
        except KeyboardInterrupt:
            raise CommandError("Stopped. Nothing was changed.", returncode=2) from None
        self._tell(report, options["report"], options["dry_run"])

    def _tell(self, report: Report, file: Path | None, is_dry_run: bool) -> None:
        for line in in_words(report):
            self.stdout.write(line)
        total = report.total
        self.stdout.write("")
        if file:
            about = ngettext(
                "%(count)s line about a single row is", "All %(count)s lines about single rows are", report.lines
            )
            self.stdout.write(f"{about % {'count': f'{report.lines:,}'}} in {file}.")
        elif report.lines:
            self.stdout.write("To list each of these rows with its reason, use --report FILE.")
        verb = "would be imported" if is_dry_run else "was imported" if total.taken == 1 else "were imported"
        read = counted(total.read, "row", "rows")
        taken = f"{total.taken:,} of {read} {verb}" if total.taken else "No rows were new"
        self.stdout.write(f"{taken}; {total.present:,} {'was' if total.present == 1 else 'were'} already there.")
        if is_dry_run:
            self.stdout.write("Dry run: nothing was changed.")
        elif not total.taken:
            self.stdout.write("Nothing was changed.")
        if total.refused:
            verb = "would be" if is_dry_run else "was" if total.refused == 1 else "were"
            raise CommandError(f"{counted(total.refused, 'row', 'rows')} {verb} rejected: see above.", returncode=1)


@contextmanager
def _opened(path: Path | None, old: Path) -> Iterator[TextIO | None]:
    """The report file while it is being written; it only gets its name once everything has succeeded."""
    if path is None:
        yield None
        return
    if path.is_dir() or not path.name:
        raise CommandError(f"Nothing was changed. {path} is a folder. Specify a file for the report.", returncode=2)
    if _is_same(path, old):
        raise CommandError(
            f"Nothing was changed. {path} is the old database itself. Specify another file for the report.",
            returncode=2,
        )
    unfinished = path.with_name(f"{path.name}.unfinished")
    try:
        file = unfinished.open("w", encoding="utf-8", newline="")
    except OSError as error:
        raise CommandError(f"Nothing was changed. {path} can't be written: {error.strerror}.", returncode=2) from None
    try:
        with file:
            # It contains phone numbers and names.
            os.chmod(unfinished, 0o600)
            yield file
            try:
                file.close()
                unfinished.replace(path)
            except OSError as error:
                raise CommandError(
                    f"The report could not be written to {path}: {error.strerror}. Everything else was done.",
                    returncode=1,
                ) from None
    finally:
        unfinished.unlink(missing_ok=True)


def _is_same(path: Path, other: Path) -> bool:
    with suppress(OSError):
        return path.samefile(other)
    return False
