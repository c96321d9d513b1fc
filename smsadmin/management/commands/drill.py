import signal
import sys
import tempfile
from argparse import ArgumentParser
from pathlib import Path
from types import FrameType
from typing import Any

from django.core.management.base import CommandError

from smsadmin.backups import backup_files
from smsadmin.backups.contents import BackupFailed
from smsadmin.drilling.drill import Drilled, drill
from smsadmin.lib import dates
from smsadmin.lib.commands import ExplainedCommand
from smsadmin.lib.plurals import counted, people


class Command(ExplainedCommand):
    help = (
        "Test whether a backup can be restored, isolated from this installation: in a temporary folder and\n"
        "database, without its settings, folders, Redis or address, with a simulator that texts nobody. Both are\n"
        "removed afterward. For a PostgreSQL backup, the role in DATABASE_URL must be able to create databases."
    )
    epilog = (
        "exit codes:\n"
        "  0  the backup was restored and is fine\n"
        "  1  it was restored, but dbdoctor or a page found a problem\n"
        "  2  it could not be restored; the output says why"
    )
    # The database in use may be what was lost.
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE", help="a backup, made by manage.py backup")
        parser.add_argument(
            "--folder",
            type=Path,
            metavar="DIR",
            default=Path(tempfile.gettempdir()),
            help="where to work; a SQLite backup needs three times its size there (%(default)s)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        # So that everything is removed even if the drill is stopped.
        before = signal.signal(signal.SIGTERM, _stop)
        try:
            found = drill(path, options["folder"], self._say)
        except BackupFailed as failed:
            raise CommandError(f"The drill failed. {failed}", returncode=2) from failed
        except KeyboardInterrupt:
            raise CommandError("Stopped. The temporary files were removed.", returncode=2) from None
        finally:
            signal.signal(signal.SIGTERM, before)
        self._report(path, found)

    def _say(self, sentence: str) -> None:
        self.stdout.write(sentence)
        self.stdout.flush()

    def _report(self, path: Path, found: Drilled) -> None:
        taken_at = dates.moment(backup_files.taken_at(path))
        self.stdout.write(
            f"{path.name} was made on {taken_at}. It holds {people(found.people)}, "
            f"{counted(found.blasts, 'blast', 'blasts')} and {counted(found.texts, 'text', 'texts')}, "
            f"and was restored in {counted(max(round(found.seconds), 1), 'second', 'seconds')}."
        )
        for what, at in found.newest.items():
            self.stdout.write(f"The newest {what}: {dates.moment(at) if at else 'none'}.")
        shown = len(found.pages) - len(found.failed_pages)
        self.stdout.write(f"{counted(shown, 'page was', 'pages were')} loaded.")
        for page in found.failed_pages:
            self.stdout.write(
                f"The page {page} could not be loaded (status {found.pages[page]}). If the static files are missing, "
                "run: manage.py collectstatic."
            )
        for problem in found.problems:
            self.stdout.write(f"dbdoctor: {problem}")
        self.stdout.write("The temporary files were removed.")
        if found.failed_pages or found.problems:
            raise CommandError("The backup can be restored, but it has problems: see above.", returncode=1)
        self.stdout.write("The drill succeeded: this backup can be restored.", self.style.SUCCESS)


def _stop(signum: int, frame: FrameType | None) -> None:
    sys.exit(128 + signum)
