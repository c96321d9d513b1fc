"""Who owns the files that an operator's command makes.

The services run as a user of their own. What root makes beside their files would be out of their reach: a backup that
they can't restore, a lock that they can't take.
"""

import os
from pathlib import Path


def give_to_owner_of_folder(path: Path) -> None:
    """As root, let a file or folder belong to whoever owns the folder it's in. Raises OSError."""
    if os.geteuid() == 0:
        owner = path.parent.stat()
        os.chown(path, owner.st_uid, owner.st_gid)


def make_folder(folder: Path) -> None:
    """Make a folder, and those above it that are missing, readable by nobody but its owner. Raises OSError."""
    if folder.is_dir():
        return
    if folder != folder.parent:
        make_folder(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)
    give_to_owner_of_folder(folder)
