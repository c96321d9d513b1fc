from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.template.defaultfilters import filesizeformat
from django.utils.translation import ngettext

from smsadmin import file_modes
from smsadmin.backups.backup_files import back_up
from smsadmin.backups.contents import BackupFailed
from smsadmin.version import version


class Command(BaseCommand):
    help = (
        "Back up the database into a folder, check the backup, and remove the oldest ones. The site can stay in use."
    )
    # A database that is behind the code can still be backed up.
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("directory", nargs="?", type=Path, metavar="DIR", help="the folder (BACKUP_DIR)")
        parser.add_argument(
            "--keep", type=int, metavar="N", help="how many to keep, including the new one (BACKUP_KEEP)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        keep = settings.BACKUP_KEEP if options["keep"] is None else options["keep"]
        if keep < 1:
            raise CommandError("--keep needs a number of 1 or more.", returncode=2)
        file_modes.close()
        try:
            backup = back_up(options["directory"] or settings.BACKUP_DIR, keep)
        except BackupFailed as failed:
            raise CommandError(str(failed)) from failed
        size = filesizeformat(backup.size).replace("\xa0", " ")
        self.stdout.write(
            f"Wrote and checked {backup.path} ({size}, SMS Admin {version()}): {backup.contents.summary}."
        )
        if removed := len(backup.removed):
            sentence = ngettext("Removed %(count)s old backup.", "Removed %(count)s old backups.", removed)
            self.stdout.write(sentence % {"count": f"{removed:,}"})
