"""`manage.py import_legacy`: move in with the database of the replaced system."""

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

from smsadmin.legacy.importing import move_in
from smsadmin.legacy.reading import Unreadable
from smsadmin.legacy.report import Report, in_words
from smsadmin.lib.commands import ExplainedCommand, first_line
from smsadmin.lib.plurals import counted


class Command(ExplainedCommand):
    help = (
        "Take everything in from the database file of the system that SMS Admin replaces: users with their\n"
        "passwords, lists, events, blasts with each recipient, scheduled messages, surveys with their answers and\n"
        "conversations. The file is only read. All or nothing: one transaction. Doing it again takes in what is new\n"
        "in the file and leaves everything else alone. Nobody is texted by it."
    )
    epilog = (
        "exit codes:\n"
        "  0  every row is here (with --dry-run: would be)\n"
        "  1  every row but those that are listed as refused\n"
        "  2  nothing has changed: the file cannot be read, or the database says no"
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="the old database, usually instance/sms.db of the old system")
        parser.add_argument("--dry-run", action="store_true", help="only say what would happen; change nothing")
        parser.add_argument(
            "--report", type=Path, metavar="FILE", help="write each row that was mended or refused here, as CSV"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with (
                _opened(options["report"], options["file"]) as file,
                tqdm(desc="Moving in", unit=" rows", disable=None, leave=False) as bar,
            ):
                report = Report(file, bar.update)
                move_in(options["file"], report, is_dry_run=options["dry_run"])
        except Unreadable as problem:
            raise CommandError(f"Nothing has changed. {problem.sentence}", returncode=2) from None
        except DatabaseError as error:
            raise CommandError(
                f"Nothing has changed. The database says: {first_line(error)}. "
                "If it is a new one, manage.py dbdoctor --apply comes first; if it is busy, stop the workers.",
                returncode=2,
            ) from None
        except OSError as error:
            # Rows of the report are written while rows move: no transaction has ended yet.
            raise CommandError(
                f"Nothing has changed. The report cannot be written: {error.strerror or error}.", returncode=2
            ) from None
        except KeyboardInterrupt:
            raise CommandError("Stopped. Nothing has changed.", returncode=2) from None
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
            self.stdout.write("--report FILE writes each of these rows with its reason.")
        verb = "would be taken in" if is_dry_run else "was taken in" if total.taken == 1 else "were taken in"
        read = counted(total.read, "row", "rows")
        taken = f"{total.taken:,} of {read} {verb}" if total.taken else "No row was new"
        self.stdout.write(f"{taken}; {total.present:,} {'is' if total.present == 1 else 'are'} here already.")
        if is_dry_run:
            self.stdout.write("Dry run: nothing was written.")
        elif not total.taken:
            self.stdout.write("Nothing has changed.")
        if total.refused:
            verb = "would be" if is_dry_run else "was" if total.refused == 1 else "were"
            raise CommandError(f"{counted(total.refused, 'row', 'rows')} {verb} refused: see above.", returncode=1)


@contextmanager
def _opened(path: Path | None, old: Path) -> Iterator[TextIO | None]:
    """The file of the report while it is written; under its own name only when all has gone well."""
    if path is None:
        yield None
        return
    if path.is_dir() or not path.name:
        raise CommandError(f"Nothing has changed. {path} is a folder: name a file for the report.", returncode=2)
    if _is_same(path, old):
        raise CommandError(
            f"Nothing has changed. {path} is the old database itself: name another file for the report.", returncode=2
        )
    unfinished = path.with_name(f"{path.name}.unfinished")
    try:
        file = unfinished.open("w", encoding="utf-8", newline="")
    except OSError as error:
        raise CommandError(
            f"Nothing has changed. {path} cannot be written: {error.strerror}.", returncode=2
        ) from None
    try:
        with file:
            # It has phone numbers and names.
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
