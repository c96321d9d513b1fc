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
    help = "Replace the database in use with a backup. The current database is backed up first."
    # The database in use may be what is broken.
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE", help="a backup, made by manage.py backup")
        parser.add_argument("--no-input", action="store_true", help="don't ask for confirmation")
        parser.add_argument("--force", action="store_true", help="restore even if a worker seems to be running")

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
            f"A worker is running ({names}). Stop it and the web server first: end make run, or stop their "
            "services. A killed worker is forgotten after a minute. --force restores anyway."
        )

    def _ask(self, path: Path, contents: Contents, *, is_quiet: bool) -> None:
        self.stdout.write(
            f"{path} was made on {dates.moment(backup_files.taken_at(path))} and holds {contents.summary}.\n"
            "It replaces everything in the database in use, which is kept as another backup."
        )
        if not contents.is_sealed:
            self.stdout.write(
                "It has no checksum because an earlier version made it. It looks fine, but there is no way to "
                "tell whether it was changed."
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
            self.stdout.write(f"The previous database is in {restored.kept}.")
        blasts, scheduled = restoring.count_held()
        if blasts:
            self.stdout.write(
                ngettext(
                    "%(count)s blast was unfinished then. It is paused, and people who were waiting are unconfirmed: "
                    "see its page.",
                    "%(count)s blasts were unfinished then. They are paused, and people who were waiting are "
                    "unconfirmed: see their pages.",
                    blasts,
                )
                % {"count": f"{blasts:,}"}
            )
        if scheduled:
            self.stdout.write(
                ngettext(
                    "%(count)s scheduled message is still waiting: check whether it should still be sent.",
                    "%(count)s scheduled messages are still waiting: check whether they should still be sent.",
                    scheduled,
                )
                % {"count": f"{scheduled:,}"}
            )
        self.stdout.write(
            "Opt-outs, imports and changes made since the backup are missing. Everyone has to sign in again."
        )
        if contents.missing:
            self.stdout.write("The backup is from an older version. Next, run: manage.py dbdoctor --apply")
        self.stdout.write("Then start the web server and the worker again.")
