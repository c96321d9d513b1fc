"""Importing a file of people, from top to bottom: stage, read, adjust, confirm, apply, clean up.

`contacts.imports.undoing` takes a finished import back.

The file is stored, then read line by line into staged rows and compared with the list (`contacts.imports.staging`).
Staff see what would happen and can adjust how the file is read. Only once they confirm do the rows become people, in
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

from ..models import ContactImport, Event, Group, ImportChange, ImportChunk, ImportRow, ImportValue
from ..models.imports import FINISHED, KEEP_OURS, MOST_STARTS, OPT_OUT, STALLED_AFTER
from . import merge
from .field_columns import FieldsChanged
from .formats.tables import Unreadable
from .staged_people import staged_people

logger = logging.getLogger(__name__)

MAX_BYTES: Final = 100 * 1024 * 1024
CHUNK_BYTES: Final = 1024 * 1024
_GIVEN_UP: Final = (
    f"We tried to import the people {MOST_STARTS} times, and each time the program crashed. Nothing was "
    "imported. Try again, or split the file and import the parts one at a time."
)

# The permissions needed to import into each list. If names change, both are needed.
PERMISSIONS: Final[dict[str, tuple[str, ...]]] = {
    ContactImport.Target.COMMUNITY: ("contacts.add_communitymember", "contacts.change_communitymember"),
    ContactImport.Target.EVENT: ("contacts.add_eventregistration", "contacts.change_eventregistration"),
    ContactImport.Target.GROUP: ("contacts.add_groupmember", "contacts.change_groupmember"),
    ContactImport.Target.UNSUBSCRIBED: ("contacts.add_unsubscribedcontact", "contacts.change_unsubscribedcontact"),
}

Status = ContactImport.Status


def may_import(user: Any, target: str) -> bool:
    """Whether the user may import into that list, and see and manage its imports."""
    return target in PERMISSIONS and bool(user.has_perms(PERMISSIONS[target]))


# Stage ------------------------------------------------------------------------------------------------------


def too_large(size: int, name: str = "") -> str:
    """The message for a file of `size` bytes that is too large, "" for one that isn't."""
    if size <= MAX_BYTES:
        return ""
    subject = f"“{name}”" if name else "The file"
    return (
        f"{subject} is {size / 1024**2:,.0f} MB. The limit is {MAX_BYTES // 1024**2} MB. "
        "Remove columns you don’t need, or split the file and import the parts one at a time."
    )


def unsaved(target: str, place: Event | Group | None) -> ContactImport:
    """An import into that list: into `place`, an event or group, if the target has several lists."""
    return ContactImport(
        target=target,
        event=place if isinstance(place, Event) else None,
        group=place if isinstance(place, Group) else None,
    )


def stage(
    file: File,
    target: str,
    place: Event | Group | None = None,
    user: AppUser | None = None,
    adjustments: Any = None,
) -> ContactImport:
    """Stores an uploaded file in the database, ready to be read. Raises Unreadable if it is too large.

    `place` is the event or group that it goes into. The adjustment "new_group" is the name of a group that is made
    once the people are imported.
    """
    name = PurePath(str(file.name or "file").replace("\\", "/")).name
    if problem := too_large(file.size, name):
        raise Unreadable(problem)
    contact_import = unsaved(target, place)
    contact_import.file_name = "".join(filter(str.isprintable, name))[-255:] or "file"
    contact_import.file_size = file.size
    contact_import.created_by = user
    contact_import.adjustments = adjustments or {}
    contact_import.save()
    # Not in one transaction: 100 MB would keep everyone else from writing. A reader notices if a piece is
    # missing.
    for position, data in enumerate(file.chunks(CHUNK_BYTES)):
        ImportChunk.objects.create(contact_import=contact_import, position=position, data=data)
    return contact_import


def queue_reading(contact_import: ContactImport) -> None:
    """Has a worker read it (see `contacts.imports.staging`)."""
    _queue("contacts.tasks.read_import", contact_import)


def _queue(task: str, contact_import: ContactImport) -> None:
    # Fails safely: without a queue the page still opens, and offers to start again.
    transaction.on_commit(partial(async_task, task, contact_import.pk), robust=True)


# Adjust -----------------------------------------------------------------------------------------------------


def adjust(contact_import: ContactImport, adjustments: dict[str, Any]) -> bool:
    """Has the file read again with the adjustments; False if it is being read or has been imported."""
    adjustable = ContactImport.objects.filter(pk=contact_import.pk, status__in=[Status.READY, Status.FAILED])
    if not adjustable.update(status=Status.WAITING, adjustments=adjustments, updated_at=timezone.now()):
        return False
    queue_reading(contact_import)
    return True


def start_again(contact_import: ContactImport) -> bool:
    """Requeues work without progress for a minute; False if there is progress."""
    has_not_moved = shared_clock.is_past("updated_at", timezone.now(), STALLED_AFTER)
    stalled = ContactImport.objects.filter(has_not_moved, pk=contact_import.pk)
    reading = stalled.filter(status__in=[Status.WAITING, Status.READING])
    if reading.update(status=Status.WAITING, updated_at=timezone.now()):
        queue_reading(contact_import)
        return True
    if stalled.filter(status=Status.UNDOING).update(updated_at=timezone.now()):
        _queue("contacts.tasks.undo_import", contact_import)
        return True
    if stalled.filter(status=Status.APPLYING).update(updated_at=timezone.now()):
        _queue("contacts.tasks.apply_import", contact_import)
        return True
    return False


def resume_abandoned() -> int:
    """Restarts every import with work to do but no progress for a minute, and returns how many: their worker died."""
    busy = (Status.WAITING, Status.READING, Status.APPLYING, Status.UNDOING)
    unfinished = ContactImport.objects.filter(status__in=busy)
    return sum(start_again(contact_import) for contact_import in unfinished)


# Confirm and apply ------------------------------------------------------------------------------------------


def confirm(contact_import: ContactImport, refusals: str = OPT_OUT, names: str = KEEP_OURS) -> bool:
    """Has a worker import the staged people; False if someone else has just confirmed or adjusted it.

    `refusals` (OPT_OUT or LEAVE_OUT) is for people who don't want texts, according to the file, and `names`
    (KEEP_OURS or TAKE_FILES) for names that differ from ours.
    """
    if not take_for_applying(contact_import, refusals, names):
        return False
    _queue("contacts.tasks.apply_import", contact_import)
    return True


def take_for_applying(contact_import: ContactImport, refusals: str = OPT_OUT, names: str = KEEP_OURS) -> bool:
    """Moves it from ready to applying; False if it wasn't ready. Of two clicks, one gets True."""
    ready = ContactImport.objects.filter(pk=contact_import.pk, status=Status.READY)
    adjustments = contact_import.adjustments | {"refusals": refusals, "names": names}
    return bool(
        ready.update(
            status=Status.APPLYING, adjustments=adjustments, starts=0, error_message="", updated_at=timezone.now()
        )
    )


def apply(import_id: int) -> None:
    """Writes the people of a confirmed import to their list, in one transaction and only once.

    If that fails, nothing is written, and the import can be confirmed again.
    """
    contact_import = ContactImport.objects.filter(pk=import_id, status=Status.APPLYING).first()
    if contact_import is None:
        return
    applying = ContactImport.objects.filter(pk=import_id, status=Status.APPLYING)
    if contact_import.starts >= MOST_STARTS:
        logger.error("Import %s: gave up after its process died %s times.", import_id, MOST_STARTS)
        applying.update(status=Status.READY, starts=0, error_message=_GIVEN_UP, updated_at=timezone.now())
        return
    applying.update(starts=contact_import.starts + 1)
    try:
        if not _apply(contact_import):
            return
    except FieldsChanged as problem:
        applying.update(status=Status.READY, starts=0, error_message=str(problem), updated_at=timezone.now())
        return
    except BaseException:
        # Also if the worker or the command is stopped: whoever stopped it doesn't want it to continue.
        applying.update(
            status=Status.READY,
            starts=0,
            error_message="The people could not be imported. The log says why. Nothing was changed. Try again.",
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
        _make_group(contact_import)
        people = staged_people(contact_import)
        done = merge.merge(contact_import) | merge.count_blocked(people, contact_import)
        # Whatever is written from now on is not the import's (see `contacts.imports.undoing`).
        ContactImport.objects.filter(pk=contact_import.pk).update(
            counts=contact_import.counts | done, applied_at=timezone.now()
        )
    logger.info("Import %s: %s new, %s renamed.", contact_import.pk, done["new"], done["renamed"])
    return True


def _make_group(contact_import: ContactImport) -> None:
    """Makes the group of an import into a new one, unless somebody else has in the meantime."""
    if contact_import.target != ContactImport.Target.GROUP or contact_import.group_id is not None:
        return
    name = contact_import.adjustments["new_group"]
    contact_import.group = Group.objects.named(name).first() or Group.objects.create(name=name)
    contact_import.save(update_fields=["group"])


# Clean up ---------------------------------------------------------------------------------------------------


def discard(contact_import: ContactImport) -> bool:
    """Deletes an import with everything staged for it; False once it is confirmed."""
    gone = ContactImport.objects.filter(pk=contact_import.pk).exclude(status__in=[Status.APPLYING, *FINISHED])
    if not gone.update(status=Status.FAILED, updated_at=timezone.now()):
        return False
    _delete(contact_import)
    return True


def clean_up() -> int:
    """Deletes imports that nobody confirmed within a week, and leftovers of others; returns how many.

    Who was in a finished import, and what it changed, is forgotten after a week; the people stay.
    """
    abandoned = list(ContactImport.objects.abandoned())
    for contact_import in abandoned:
        _delete(contact_import)
    for contact_import in ContactImport.objects.filter(status__in=FINISHED, chunks__position=0):
        _forget_people(contact_import)
    long_done = ContactImport.objects.long_done()
    ContactImport.members.through.objects.filter(contactimport__in=long_done).delete()
    ImportChange.objects.filter(contact_import__in=long_done).delete()
    return len(abandoned)


def _delete(contact_import: ContactImport) -> None:
    ImportRow.objects.filter(contact_import=contact_import).delete_in_slices()
    ImportValue.objects.filter(contact_import=contact_import).delete_in_slices()
    _delete_file(contact_import)
    contact_import.delete()


def _forget_people(contact_import: ContactImport) -> None:
    """Deletes the staged people and the file of a finished import. Rejected lines stay for download, as do those with
    values that weren't imported.

    The first piece of the file is deleted last: as long as it exists, `clean_up` knows that something is left.
    """
    ImportRow.objects.filter(contact_import=contact_import, problem="", unfit="").delete_in_slices()
    ImportValue.objects.filter(contact_import=contact_import).delete_in_slices()
    _delete_file(contact_import)


def _delete_file(contact_import: ContactImport) -> None:
    chunks = ImportChunk.objects.filter(contact_import=contact_import)
    for position in reversed(range(chunks.count())):
        chunks.filter(position__gte=position).delete()
