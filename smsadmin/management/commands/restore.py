from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import ngettext

from smsadmin import file_modes
from smsadmin.backups import backup_files, restoring
from smsadmin.backups.contents import BackupFailed, Contents
from smsadmin.lib import dates


class Command(BaseCommand):
    help = "Put a backup in the place of the database in use, which is backed up before."
    # The database in use may be what is broken.
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE", help="a backup, made by manage.py backup")
        parser.add_argument("--no-input", action="store_true", help="do not ask")
        parser.add_argument("--force", action="store_true", help="restore although a worker seems to be running")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        try:
            contents = restoring.check(path)
            if not options["force"]:
                self._refuse_workers()
            self._ask(path, contents, is_quiet=options["no_input"])
            restored = restoring.restore(path, settings.BACKUP_DIR)
            file_modes.close()
        except BackupFailed as failed:
            raise CommandError(f"{failed}\nNothing was restored.") from failed
        self._report(contents, restored)

    def _refuse_workers(self) -> None:
        if not (workers := restoring.living_workers()):
            return
        names = ", ".join(map(str, workers))
        raise CommandError(
            f"A worker is running ({names}). Stop it first, and the web server too: end make run, or stop their "
            "services. One that was killed is forgotten after a minute. --force restores all the same."
        )

    def _ask(self, path: Path, contents: Contents, *, is_quiet: bool) -> None:
        self.stdout.write(
            f"{path} is of {dates.moment(backup_files.taken_at(path))} and holds {contents.summary}.\n"
            "It takes the place of everything in the database in use, which is kept as another backup."
        )
        if not contents.is_sealed:
            self.stdout.write(
                "It has no checksum, as backups of earlier versions have none: what it holds is in order, but nobody "
                "can tell whether it was changed."
            )
        if is_quiet:
            return
        try:
            answer = input('Restore it? Type "yes": ')
        except EOFError:
            answer = ""
        if answer.strip().lower() != "yes":
            raise CommandError("Nothing was restored.")

    def _report(self, contents: Contents, restored: restoring.Restored) -> None:
        self.stdout.write(f"Restored {contents.summary}.", self.style.SUCCESS)
        if restored.kept:
            self.stdout.write(f"What was there before is in {restored.kept}.")
        blasts, scheduled = restoring.count_held()
        if blasts:
            self.stdout.write(
                ngettext(
                    "%(count)s blast was not finished then. It is paused, and whoever waited in it is in doubt: "
                    "its page says more.",
                    "%(count)s blasts were not finished then. They are paused, and whoever waited in them is in "
                    "doubt: their pages say more.",
                    blasts,
                )
                % {"count": f"{blasts:,}"}
            )
        if scheduled:
            self.stdout.write(
                ngettext(
                    "%(count)s scheduled message waits for its time: see whether it still should leave.",
                    "%(count)s scheduled messages wait for their time: see whether they still should leave.",
                    scheduled,
                )
                % {"count": f"{scheduled:,}"}
            )
        self.stdout.write("Opt-outs, imports and changes since the backup are not in it. Everybody logs in again.")
        if contents.missing:
            self.stdout.write("The backup is of an older version. Next: manage.py dbdoctor --apply.")
        self.stdout.write("Then start the web server and the worker again.")
