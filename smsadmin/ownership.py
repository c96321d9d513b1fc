"""Ownership of the files that an operator's command creates.

The services run as their own user. They couldn't access what root creates beside their files: a backup that they
can't restore, a lock that they can't take.
"""

import os
from pathlib import Path


def give_to_owner_of_folder(path: Path) -> None:
    """As root, gives a file or folder to the owner of its parent folder. Raises OSError."""
    if os.geteuid() == 0:
        owner = path.parent.stat()
        os.chown(path, owner.st_uid, owner.st_gid)


def make_folder(folder: Path) -> None:
    """Creates a folder and its missing parents, readable only by the owner. Raises OSError."""
    if folder.is_dir():
        return
    if folder != folder.parent:
        make_folder(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)
    give_to_owner_of_folder(folder)
