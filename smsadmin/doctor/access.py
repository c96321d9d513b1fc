"""Whether other users of the machine can read or replace the installation's files."""

from collections.abc import Iterator

from smsadmin import file_modes
from smsadmin.lib.plurals import counted

from .findings import Finding, ok, problem, some


def find_open_files() -> Iterator[Finding]:
    found = file_modes.find_open()
    own = [each.path for each in found if each.is_own]
    if own:
        yield problem(
            f"Other users of this machine can use {some(own, 3)}.", "Remove their access: chmod go= FILE", _close
        )
    for each in found:
        if not each.is_own:
            yield problem(
                f"Other users of this machine can use {each.path}, which belongs to a different user.",
                f"As its owner or root: chmod go= {each.path}",
            )
    folders = file_modes.find_shared_folders()
    for folder in folders:
        yield problem(
            f"Every user of this machine can replace files in {folder}.", f"As its owner or root: chmod o-w {folder}"
        )
    if not found and not folders:
        yield ok("No other user of this machine can read the database, the backups or the settings.")


def _close() -> str:
    closed = file_modes.close()
    return f"{counted(len(closed), 'file was', 'files were')} made private."
