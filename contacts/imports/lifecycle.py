"""Importing a file of people, told from top to bottom: stage, read, adjust, confirm, apply, clean up.

The file is stored, then read line by line into staged rows and counted against the list (`contacts.imports.staging`).
Staff see what would happen and can adjust how the file is read. Only the confirm makes people of the rows, in
one transaction (`contacts.imports.merge`).
"""

import logging
from functools import partial
from pathlib import PurePath
from typing import Any, Final

from django.core.files import File
from django.db import transaction
from django.utils import timezone
from django_q.tasks import async_task

from accounts.models import AppUser
from smsadmin.lib import shared_clock
from smsadmin.lib.locks import lock_bulk_changes

from ..models import ContactImport, Event, ImportChunk, ImportRow
from ..models.imports import MOST_STARTS, OPT_OUT, STALLED_AFTER
from . import merge
from .formats.tables import Unreadable

logger = logging.getLogger(__name__)

MAX_BYTES: Final = 100 * 1024 * 1024
CHUNK_BYTES: Final = 1024 * 1024
_GIVEN_UP: Final = (
    f"Importing the people was begun {MOST_STARTS} times, and each time the program that did it died. Nothing was "
    "written. Try again, or split the file and import its parts one after the other."
)

# What a user must be allowed to for an import into each list. One that changes names takes both.
PERMISSIONS: Final[dict[str, tuple[str, ...]]] = {
    ContactImport.Target.COMMUNITY: ("contacts.add_communitymember", "contacts.change_communitymember"),
    ContactImport.Target.EVENT: ("contacts.add_eventregistration", "contacts.change_eventregistration"),
    ContactImport.Target.UNSUBSCRIBED: ("contacts.add_unsubscribedcontact",),
}

Status = ContactImport.Status


def may_import(user: Any, target: str) -> bool:
    """Whether the user may import into that list, and see and handle the imports into it."""
    return target in PERMISSIONS and bool(user.has_perms(PERMISSIONS[target]))


# Stage ------------------------------------------------------------------------------------------------------


def too_large(size: int, name: str = "") -> str:
    """The sentence for a file of `size` bytes that is too large, "" for one that is not."""
    if size <= MAX_BYTES:
        return ""
    subject = f"“{name}”" if name else "The file"
    return (
        f"{subject} has {size / 1024**2:,.0f} MB, and {MAX_BYTES // 1024**2} MB is the most. "
        "Remove columns that are not needed, or split the file and import its parts one after the other."
    )


def stage(
    file: File, target: str, event: Event | None = None, user: AppUser | None = None, adjustments: Any = None
) -> ContactImport:
    """Store an uploaded file in the database, ready to be read. Raises Unreadable for one that is too large."""
    name = PurePath(str(file.name or "file").replace("\\", "/")).name
    if problem := too_large(file.size, name):
        raise Unreadable(problem)
    contact_import = ContactImport.objects.create(
        target=target,
        event=event,
        file_name="".join(filter(str.isprintable, name))[-255:] or "file",
        file_size=file.size,
        created_by=user,
        adjustments=adjustments or {},
    )
    # Not in one transaction: 100 MB in one would keep everybody else from writing. A reader notices when a
    # piece is missing.
    for position, data in enumerate(file.chunks(CHUNK_BYTES)):
        ImportChunk.objects.create(contact_import=contact_import, position=position, data=data)
    return contact_import


def queue_reading(contact_import: ContactImport) -> None:
    """Have a worker read it (see `contacts.imports.staging`)."""
    _queue("contacts.tasks.read_import", contact_import)


def _queue(task: str, contact_import: ContactImport) -> None:
    # Robust: without a queue the page still opens, and offers to start again.
    transaction.on_commit(partial(async_task, task, contact_import.pk), robust=True)


# Adjust -----------------------------------------------------------------------------------------------------


def adjust(contact_import: ContactImport, adjustments: dict[str, Any]) -> bool:
    """Have the file read again as staff say; False when it is being read or has been imported meanwhile."""
    adjustable = ContactImport.objects.filter(pk=contact_import.pk, status__in=[Status.READY, Status.FAILED])
    if not adjustable.update(status=Status.WAITING, adjustments=adjustments, updated_at=timezone.now()):
        return False
    queue_reading(contact_import)
    return True


def start_again(contact_import: ContactImport) -> bool:
    """Put work that has not moved for a minute back into the queue; False when it moves."""
    has_not_moved = shared_clock.is_past("updated_at", timezone.now(), STALLED_AFTER)
    stalled = ContactImport.objects.filter(has_not_moved, pk=contact_import.pk)
    reading = stalled.filter(status__in=[Status.WAITING, Status.READING])
    if reading.update(status=Status.WAITING, updated_at=timezone.now()):
        queue_reading(contact_import)
        return True
    if stalled.filter(status=Status.APPLYING).update(updated_at=timezone.now()):
        _queue("contacts.tasks.apply_import", contact_import)
        return True
    return False


def resume_abandoned() -> int:
    """Start every import again that has work to do and has not moved for a minute: its worker died. How many."""
    unfinished = ContactImport.objects.filter(status__in=(Status.WAITING, Status.READING, Status.APPLYING))
    return sum(start_again(contact_import) for contact_import in unfinished)


# Confirm and apply ------------------------------------------------------------------------------------------


def confirm(contact_import: ContactImport, refusals: str = OPT_OUT) -> bool:
    """Have a worker import the staged people; False when somebody else has just confirmed or adjusted it.

    `refusals` (OPT_OUT or LEAVE_OUT) is for those of whom the file says that they want no texts.
    """
    if not take_for_applying(contact_import, refusals):
        return False
    _queue("contacts.tasks.apply_import", contact_import)
    return True


def take_for_applying(contact_import: ContactImport, refusals: str = OPT_OUT) -> bool:
    """Move it from ready to applying; False when it was not ready. Of two clicks one gets True."""
    ready = ContactImport.objects.filter(pk=contact_import.pk, status=Status.READY)
    adjustments = contact_import.adjustments | {"refusals": refusals}
    return bool(
        ready.update(
            status=Status.APPLYING, adjustments=adjustments, starts=0, error_message="", updated_at=timezone.now()
        )
    )


def apply(import_id: int) -> None:
    """Write the people of a confirmed import into their list, in one transaction and once.

    If that fails nothing is written, and the import is ready to be confirmed again.
    """
    contact_import = ContactImport.objects.filter(pk=import_id, status=Status.APPLYING).first()
    if contact_import is None:
        return
    applying = ContactImport.objects.filter(pk=import_id, status=Status.APPLYING)
    if contact_import.starts >= MOST_STARTS:
        logger.error("Import %s: given up, its process died %s times.", import_id, MOST_STARTS)
        applying.update(status=Status.READY, starts=0, error_message=_GIVEN_UP, updated_at=timezone.now())
        return
    applying.update(starts=contact_import.starts + 1)
    try:
        if not _apply(contact_import):
            return
    except BaseException:
        # Also when the worker or the command is told to stop: who stopped it does not want it to go on.
        applying.update(
            status=Status.READY,
            starts=0,
            error_message="The people could not be imported, for a reason that is in the log. Nothing was written. "
            "Try again.",
            updated_at=timezone.now(),
        )
        raise
    _forget_people(contact_import)


def _apply(contact_import: ContactImport) -> bool:
    with transaction.atomic():
        lock_bulk_changes()
        now = timezone.now()
        mine = ContactImport.objects.filter(pk=contact_import.pk, status=Status.APPLYING)
        if not mine.update(status=Status.APPLIED, starts=0, applied_at=now, updated_at=now):
            return False
        people = merge.staged_people(contact_import)
        done = merge.merge(contact_import) | merge.count_blocked(people, contact_import)
        ContactImport.objects.filter(pk=contact_import.pk).update(counts=contact_import.counts | done)
    logger.info("Import %s: %s new, %s renamed.", contact_import.pk, done["new"], done["renamed"])
    return True


# Clean up ---------------------------------------------------------------------------------------------------


def discard(contact_import: ContactImport) -> bool:
    """Delete an import with all that was staged for it; False once it is confirmed."""
    gone = ContactImport.objects.filter(pk=contact_import.pk).exclude(status__in=[Status.APPLYING, Status.APPLIED])
    if not gone.update(status=Status.FAILED, updated_at=timezone.now()):
        return False
    _delete(contact_import)
    return True


def clean_up() -> int:
    """Delete the imports that nobody confirmed within a week, and what an import left behind; their number."""
    abandoned = list(ContactImport.objects.abandoned())
    for contact_import in abandoned:
        _delete(contact_import)
    for contact_import in ContactImport.objects.filter(status=Status.APPLIED, chunks__position=0):
        _forget_people(contact_import)
    return len(abandoned)


def _delete(contact_import: ContactImport) -> None:
    ImportRow.objects.filter(contact_import=contact_import).delete_in_slices()
    _delete_file(contact_import)
    contact_import.delete()


def _forget_people(contact_import: ContactImport) -> None:
    """Delete the staged people and the file of an import that is done; the rejected lines stay for download.

    The first piece of the file goes last: as long as it is there, `clean_up` sees that something is left.
    """
    ImportRow.objects.filter(contact_import=contact_import, problem="").delete_in_slices()
    _delete_file(contact_import)


def _delete_file(contact_import: ContactImport) -> None:
    chunks = ImportChunk.objects.filter(contact_import=contact_import)
    for position in reversed(range(chunks.count())):
        chunks.filter(position__gte=position).delete()
