"""From staged lines to people, by set-based SQL: what an import would do to its list, and the doing of it."""

from typing import Any, Final

from django.db import connection, models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from . import opting_out, querysets
from .models import CommunityMember, ContactImport, EventRegistration, ImportRow, UnsubscribedContact
from .staging import ImportRowQuerySet

_MODELS: Final[dict[str, type[models.Model]]] = {
    ContactImport.Target.COMMUNITY: CommunityMember,
    ContactImport.Target.EVENT: EventRegistration,
    ContactImport.Target.UNSUBSCRIBED: UnsubscribedContact,
}


def model_of(target: str) -> type[models.Model]:
    """The model whose rows an import into `target` makes."""
    return _MODELS[target]


def list_of(contact_import: ContactImport) -> models.QuerySet:
    """Everybody who is in the import's list now."""
    people: models.QuerySet = _MODELS[contact_import.target]._default_manager.all()
    return people.filter(event=contact_import.event_id) if contact_import.event_id else people


def count(contact_import: ContactImport) -> dict[str, int]:
    """What importing would do now, in numbers of people and of lines:

    `people` = `new` + `renamed` + `known`; of these, `opted_out` and `suppressed` are imported and will not
    be texted. `repeats` and `invalid` are lines that are not imported.
    """
    rows: ImportRowQuerySet = ImportRow.objects.filter(contact_import=contact_import)
    people = rows.people()
    present = list_of(contact_import).filter(phone=OuterRef("phone"))
    total = people.count()
    known = people.filter(Exists(present)).count()
    renamed = 0
    if _takes_names(contact_import):
        otherwise = present.filter(Q(name=None) | ~Q(name=OuterRef("name")))
        renamed = people.filter(Exists(otherwise), name__isnull=False).count()
    counts = {
        "people": total,
        "new": total - known,
        "renamed": renamed,
        "known": known - renamed,
        "repeats": rows.filter(is_repeat=True).count(),
        "invalid": rows.rejected().count(),
    }
    return counts | count_blocked(people, contact_import)


def count_blocked(people: models.QuerySet, contact_import: ContactImport) -> dict[str, int]:
    """How many of the people cannot be texted: `opted_out`, and `suppressed` without having opted out."""
    if contact_import.target == ContactImport.Target.UNSUBSCRIBED:
        return {"opted_out": 0, "suppressed": 0}
    return {
        "opted_out": people.filter(querysets.unsubscribed()).count(),
        "suppressed": people.filter(querysets.suppressed(), ~querysets.unsubscribed()).count(),
    }


def merge(contact_import: ContactImport) -> dict[str, int]:
    """Write the staged people into the list and return what was done: `new`, `renamed` and `known`.

    To be called in a transaction. A person who is there already keeps everything but a name that the file
    has otherwise; a blank name in the file never erases one. Who is on the unsubscribed list stays as it is.
    """
    total = ImportRow.objects.filter(contact_import=contact_import).people().count()
    renamed = _rename(contact_import) if _takes_names(contact_import) else 0
    new = _insert(contact_import)
    return {"people": total, "new": new, "renamed": renamed, "known": total - new - renamed}


def _takes_names(contact_import: ContactImport) -> bool:
    return contact_import.target != ContactImport.Target.UNSUBSCRIBED


_STAGED: Final = "staged.contact_import_id = %s AND staged.problem = '' AND NOT staged.is_repeat"


def _rename(contact_import: ContactImport) -> int:
    table = _MODELS[contact_import.target]._meta.db_table
    event, values = _of_event(contact_import, "known.event_id = %s AND ")
    return _execute(
        f"UPDATE {table} AS known SET name = staged.name FROM import_rows AS staged "  # noqa: S608 - names of our own
        f"WHERE {_STAGED} AND {event}known.phone = staged.phone AND staged.name IS NOT NULL "
        "AND (known.name IS NULL OR known.name <> staged.name)",
        [contact_import.pk, *values],
    )


def _insert(contact_import: ContactImport) -> int:
    now = timezone.now()
    # As the ORM writes it: SQLite compares times as text.
    columns: dict[str, Any] = {"created_at": connection.ops.adapt_datetimefield_value(now)}
    if contact_import.target == ContactImport.Target.EVENT:
        columns["event_id"] = contact_import.event_id
    if contact_import.target == ContactImport.Target.UNSUBSCRIBED:
        columns["source"] = UnsubscribedContact.Source.IMPORT.value
        columns["reason"] = f"Imported from {contact_import.file_name}"
    table = _MODELS[contact_import.target]._meta.db_table
    names, places = ", ".join(columns), ", ".join(["%s"] * len(columns))
    inserted = _execute(
        f"INSERT INTO {table} (phone, name, {names}) SELECT staged.phone, staged.name, {places} "  # noqa: S608
        f"FROM import_rows AS staged WHERE {_STAGED} ORDER BY staged.line ON CONFLICT DO NOTHING",
        [*columns.values(), contact_import.pk],
    )
    if contact_import.target == ContactImport.Target.UNSUBSCRIBED:
        # No other entry has this source, this reason and this very microsecond.
        actor = contact_import.created_by.get_username() if contact_import.created_by else ""
        added = UnsubscribedContact.objects.filter(**columns | {"created_at": now})
        opting_out.record_import(added, columns["reason"], actor)
    return inserted


def _of_event(contact_import: ContactImport, condition: str) -> tuple[str, list[Any]]:
    return (condition, [contact_import.event_id]) if contact_import.event_id else ("", [])


def _execute(sql: str, values: list[Any]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.rowcount
