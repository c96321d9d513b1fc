"""Taking back a finished import within a week: what can be undone, what can't and why, and doing it.

People whom it added are removed again unless anything has happened to them since. Names and fields that it changed
get back what they were, unless they have been changed again. Opt-outs stay: they are the people's own wish.
"""

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Final

from django.db import connection, transaction
from django.db.models import Case, CharField, Count, Exists, OuterRef, Q, QuerySet, Value, When
from django.utils import timezone
from django_q.tasks import async_task

from smsadmin.lib.locks import lock_bulk_changes

from ..models import (
    CommunityMember,
    ConsentRecord,
    ContactImport,
    EventRegistration,
    GroupMember,
    ImportChange,
    Profile,
    ProfileValue,
    UnsubscribedContact,
)
from ..models.imports import REMEMBERED_FOR
from . import merge, traces
from .staged_people import execute

logger = logging.getLogger(__name__)

_AT_ONCE: Final = 1000
_POOLS: Final = (CommunityMember, EventRegistration, GroupMember)
# Why people stay, in the order in which it is looked for.
REASONS: Final[dict[str, str]] = {
    "gone": "removed already",
    "texted": "texted, or texted you, since",
    "consent": "opted out or in since",
    "listed": "added to another list since",
    "edited": "edited since",
}
_UNTOUCHED: Final = ""

Kind = ImportChange.Kind
Status = ContactImport.Status


@dataclass(frozen=True)
class Effect:
    """What undoing does, in people, names and values; `kept_people` are numbers by `REASONS`, without zeros."""

    people: int = 0
    names: int = 0
    values: int = 0
    kept_people: tuple[tuple[str, int], ...] = ()
    kept_names: int = 0
    kept_values: int = 0


def may_be_undone(contact_import: ContactImport) -> bool:
    """Whether it is finished, for less than a week, and changed anything."""
    at = contact_import.applied_at
    is_recent = at is not None and at > timezone.now() - REMEMBERED_FOR
    return contact_import.status == Status.APPLIED and is_recent and _changes(contact_import).exists()


def foresee(contact_import: ContactImport) -> Effect:
    """What undoing it would do now."""
    reasons = _with_reasons(contact_import).order_by().values_list("reason").annotate(Count("pk"))
    found: dict[str, int] = dict(reasons)
    names, values = _changes(contact_import, Kind.RENAMED), _changes(contact_import, Kind.VALUE)
    name_count = names.filter(_has_name(contact_import)).count() if names.exists() else 0
    value_count = values.filter(_has_value()).count()
    return Effect(
        people=found.get(_UNTOUCHED, 0),
        names=name_count,
        values=value_count,
        kept_people=tuple((reason, found[reason]) for reason in REASONS if found.get(reason)),
        kept_names=names.count() - name_count,
        kept_values=values.count() - value_count,
    )


def start(contact_import: ContactImport) -> bool:
    """Has a worker undo it; False if it can't be undone, or somebody else has just started that."""
    if not may_be_undone(contact_import) or not take(contact_import):
        return False
    queue(contact_import)
    return True


def take(contact_import: ContactImport) -> bool:
    """Moves it from applied to undoing; False if it wasn't applied. Of two clicks, one gets True."""
    applied = ContactImport.objects.filter(pk=contact_import.pk, status=Status.APPLIED)
    return bool(applied.update(status=Status.UNDOING, error_message="", updated_at=timezone.now()))


def queue(contact_import: ContactImport) -> None:
    # Fails safely: without a queue the page still opens, and offers to start again.
    transaction.on_commit(partial(async_task, "contacts.tasks.undo_import", contact_import.pk), robust=True)


def undo(import_id: int) -> None:
    """Undoes it in one transaction and only once. If that fails, nothing is undone, and it can be tried again."""
    contact_import = ContactImport.objects.filter(pk=import_id, status=Status.UNDOING).first()
    if contact_import is None:
        return
    try:
        _undo(contact_import)
    except BaseException:
        ContactImport.objects.filter(pk=import_id, status=Status.UNDOING).update(
            status=Status.APPLIED,
            error_message="The import could not be undone. The log says why. Nothing was changed. Try again.",
            updated_at=timezone.now(),
        )
        raise


def _undo(contact_import: ContactImport) -> None:
    with transaction.atomic():
        lock_bulk_changes()
        now = timezone.now()
        mine = ContactImport.objects.filter(pk=contact_import.pk, status=Status.UNDOING)
        if not mine.update(status=Status.UNDONE, undone_at=now, updated_at=now):
            return
        # The people first: what is undone of their fields would count as a change of them.
        people = 0
        for batch in _untouched(contact_import):
            merge.model_of(contact_import.target)._default_manager.filter(pk__in=batch).delete()
            people += len(batch)
        undone = {"people": people, "names": _undo_names(contact_import), "values": _undo_values(contact_import)}
        counts = contact_import.counts | {"undone": undone}
        ContactImport.objects.filter(pk=contact_import.pk).update(counts=counts)
        _changes(contact_import).delete()
    logger.info("Import %s: undone: %s.", contact_import.pk, undone)


def _changes(contact_import: ContactImport, kind: str = "") -> QuerySet[ImportChange]:
    changes = ImportChange.objects.filter(contact_import=contact_import)
    return changes.filter(kind=kind) if kind else changes


# People -----------------------------------------------------------------------------------------------------


def _untouched(contact_import: ContactImport) -> Iterator[list[int]]:
    """The ids of the rows to remove, in batches."""
    changes = _with_reasons(contact_import).filter(reason=_UNTOUCHED).order_by("pk")
    last = 0
    while batch := list(changes.filter(pk__gt=last).values_list("pk", "row_id")[:_AT_ONCE]):
        last = batch[-1][0]
        yield [row for _, row in batch]


def _with_reasons(contact_import: ContactImport) -> QuerySet[Any]:
    """Those whom it added, each with the reason why they stay, "" if they can be removed."""
    since = _applied_at(contact_import)
    row = merge.list_of(contact_import).filter(pk=OuterRef("row_id"))
    own = row.filter(phone=OuterRef("phone"))
    has_same_name = Q(Exists(own.filter(name=OuterRef("new")))) | Q(Exists(own.filter(name=None)), new=None)
    conditions = {
        "gone": ~Exists(row),
        "texted": _any_of([phones_since(since) for phones_since in traces.texted]),
        "consent": _any_of(
            [ConsentRecord.objects.filter(created_at__gte=since).exclude(source=UnsubscribedContact.Source.IMPORT)]
        ),
        "listed": _any_of(_other_lists(contact_import)),
        "edited": ~has_same_name
        | _any_of(
            [
                ProfileValue.objects.filter(updated_at__gte=since),
                Profile.objects.filter(updated_at__gte=since).exclude(name="", time_zone="", language="", notes=""),
            ]
        ),
    }
    reasons = [When(conditions[reason], then=Value(reason)) for reason in REASONS]
    why = Case(*reasons, default=Value(_UNTOUCHED), output_field=CharField())
    return _changes(contact_import, Kind.ADDED).annotate(reason=why)


def _applied_at(contact_import: ContactImport) -> datetime:
    if contact_import.applied_at is None:
        raise ValueError("An import that isn't finished can't be undone.")
    return contact_import.applied_at


def _any_of(rows: Iterable[QuerySet[Any]]) -> Q:
    """Whether the phone of a change is among those of any of the rows, which are read once for all changes."""
    found = Q(pk__in=[])
    for each in rows:
        found |= Q(phone__in=each.order_by().values("phone"))
    return found


def _other_lists(contact_import: ContactImport) -> Iterator[QuerySet[Any]]:
    """The rows that were added to other lists since."""
    for model in _POOLS:
        rows = model.objects.filter(created_at__gte=_applied_at(contact_import))
        if model is not merge.model_of(contact_import.target):
            yield rows
        elif contact_import.place is not None:
            own = "event" if model is EventRegistration else "group"
            yield rows.exclude(**{own: contact_import.place})


# Names and values -------------------------------------------------------------------------------------------


def _has_name(contact_import: ContactImport) -> Exists:
    """Whether the row of a change still has the name that the import gave it."""
    return Exists(merge.list_of(contact_import).filter(pk=OuterRef("row_id"), name=OuterRef("new")))


def _has_value() -> Exists:
    """Whether the field of a change still has the value that the import gave it."""
    return Exists(
        ProfileValue.objects.filter(phone=OuterRef("phone"), field=OuterRef("field"), value=OuterRef("new"))
    )


def _undo_names(contact_import: ContactImport) -> int:
    table = merge.model_of(contact_import.target)._meta.db_table
    return execute(
        f"UPDATE {table} AS known SET name = change.old FROM import_changes AS change "  # noqa: S608 - our own names
        "WHERE change.contact_import_id = %s AND change.kind = %s AND known.id = change.row_id "
        "AND known.name = change.new",
        [contact_import.pk, Kind.RENAMED.value],
    )


def _undo_values(contact_import: ContactImport) -> int:
    """Gives fields the values that they had, and removes those that they hadn't. Returns how many."""
    now = connection.ops.adapt_datetimefield_value(timezone.now())
    which = "change.contact_import_id = %s AND change.kind = %s AND known.value = change.new"
    values = [contact_import.pk, Kind.VALUE.value]
    restored = execute(
        "UPDATE profile_values AS known SET value = change.old, folded = change.old_folded, "  # noqa: S608
        "number = change.old_number, updated_at = %s FROM import_changes AS change "
        "WHERE known.phone = change.phone AND known.field_id = change.field_id AND change.old IS NOT NULL "
        f"AND {which}",
        [now, *values],
    )
    removed = execute(
        "DELETE FROM profile_values WHERE id IN (SELECT known.id FROM import_changes AS change "  # noqa: S608
        "JOIN profile_values AS known ON known.phone = change.phone AND known.field_id = change.field_id "
        f"WHERE change.old IS NULL AND {which})",
        values,
    )
    return restored + removed
