"""From staged lines to people, in set-based SQL: what an import would do to its list, and doing it."""

from typing import Any, Final

from django.db import connection, models
from django.db.models import Count, Exists, OuterRef, Q, Subquery
from django.utils import timezone

from contacts.models.opt_outs import unsubscribed
from contacts.models.suppression import suppressed

from ..consent import opting_out
from ..models import (
    CommunityMember,
    ContactImport,
    EventRegistration,
    GroupMember,
    ImportChange,
    ImportRow,
    UnsubscribedContact,
)
from ..models.imports import ImportRowQuerySet
from .merging_fields import count_valued, write_values
from .staged_people import condition, execute, staged_people

_MODELS: Final[dict[str, type[models.Model]]] = {
    ContactImport.Target.COMMUNITY: CommunityMember,
    ContactImport.Target.EVENT: EventRegistration,
    ContactImport.Target.GROUP: GroupMember,
    ContactImport.Target.UNSUBSCRIBED: UnsubscribedContact,
}


def model_of(target: str) -> type[models.Model]:
    """The model that an import into `target` creates rows of."""
    return _MODELS[target]


def list_of(contact_import: ContactImport) -> models.QuerySet:
    """Everyone on the import's list now."""
    people: models.QuerySet = _MODELS[contact_import.target]._default_manager.all()
    return people.filter(**_own_list(contact_import))


def _own_list(contact_import: ContactImport) -> dict[str, int | None]:
    """The column that says whose list a row is on, with its value; empty where the table is one list.

    A group that is new has nobody yet: nothing has its id, which is None.
    """
    match contact_import.target:
        case ContactImport.Target.EVENT:
            return {"event_id": contact_import.event_id}
        case ContactImport.Target.GROUP:
            return {"group_id": contact_import.group_id}
    return {}


def count(contact_import: ContactImport) -> dict[str, int]:
    """What importing would do now, counted in people and lines:

    `people` = `new` + `renamed` + `differing` + `known`: `renamed` get a name that they lack, and `differing` have
    another one than in the file. Of these, `opted_out` and `suppressed` are imported but won't be texted, `valued`
    have a field that changes, and `unfit` a value that isn't imported because it doesn't suit its field.
    `refused` are those who don't want texts, according to the file itself, `to_opt_out` those of them who haven't
    opted out yet, `noted` those with a note on how their line was read. `repeats` and `invalid` are lines that aren't
    imported.
    """
    rows: ImportRowQuerySet = ImportRow.objects.filter(contact_import=contact_import)
    people = rows.people()
    is_person = Q(problem="", is_repeat=False)
    present = list_of(contact_import).filter(phone=OuterRef("phone"))
    numbers = rows.aggregate(
        people=Count("pk", filter=is_person),
        repeats=Count("pk", filter=Q(is_repeat=True)),
        invalid=Count("pk", filter=~Q(problem="")),
        refused=Count("pk", filter=is_person & Q(opts_out=True)),
        noted=Count("pk", filter=is_person & ~Q(note="")),
        unfit=Count("pk", filter=is_person & ~Q(unfit="")),
    )
    if contact_import.target == ContactImport.Target.UNSUBSCRIBED:
        numbers["refused"] = 0
    numbers["to_opt_out"] = numbers["refused"]
    if numbers["refused"]:
        numbers["to_opt_out"] = people.filter(~unsubscribed(), opts_out=True).count()
    known = people.filter(Exists(present)).count()
    renamed = differing = 0
    if _has_names(contact_import):
        nameless = present.filter(Q(name=None) | Q(name=""))
        renamed = people.filter(Exists(nameless), name__isnull=False).count()
        differing = differing_people(contact_import).count()
    numbers |= {
        "new": numbers["people"] - known,
        "renamed": renamed,
        "differing": differing,
        "known": known - renamed - differing,
        "valued": count_valued(contact_import),
    }
    return numbers | count_blocked(people, contact_import)


def differing_people(contact_import: ContactImport) -> ImportRowQuerySet:
    """The lines of people whose name on the list, `ours`, is another one than in the file, in file order."""
    rows: ImportRowQuerySet = ImportRow.objects.filter(contact_import=contact_import).people()
    if not _has_names(contact_import):
        return rows.none()
    named = list_of(contact_import).filter(phone=OuterRef("phone")).exclude(name=None).exclude(name="")
    others = rows.filter(Exists(named.exclude(name=OuterRef("name"))), name__isnull=False)
    return others.annotate(ours=Subquery(named.values("name")[:1])).order_by("line")


def count_blocked(people: models.QuerySet, contact_import: ContactImport) -> dict[str, int]:
    """How many of the people can't be texted: `opted_out`, and `suppressed` without having opted out."""
    if contact_import.target == ContactImport.Target.UNSUBSCRIBED:
        return {"opted_out": 0, "suppressed": 0}
    return {
        "opted_out": people.filter(unsubscribed()).count(),
        "suppressed": people.filter(suppressed(), ~unsubscribed()).count(),
    }


def merge(contact_import: ContactImport) -> dict[str, int]:
    """Writes the staged people to the list and returns what was done: `people`, `new`, `renamed`, `differing` (whose
    own name was kept) and `known`; `valued`, with fields that changed; `to_opt_out` who were opted out because the
    file says so, and `left_out` who were left out because of it.

    Must be called in a transaction. A name that is missing is filled in. One that differs is replaced only if staff
    chose so; a blank name in the file never erases one. Existing opt-outs stay unchanged. What was changed is
    recorded as ImportChange. Raises FieldsChanged.
    """
    people = staged_people(contact_import)
    total = people.count()
    opted_out = left_out = 0
    valued = count_valued(contact_import)
    write_values(contact_import)
    renamed = _rename(contact_import) if _has_names(contact_import) else 0
    differing = 0
    if contact_import.target == ContactImport.Target.UNSUBSCRIBED:
        new = _opt_out(contact_import, f"Imported from {contact_import.file_name}", "")
    else:
        new = _insert(contact_import)
        differing = _count_differing(contact_import)
        if contact_import.target == ContactImport.Target.COMMUNITY:
            _remember_members(contact_import)
        refused = ImportRow.objects.filter(contact_import=contact_import, opts_out=True).people()
        if contact_import.leaves_refusals_out:
            left_out = refused.count()
        elif refused.exists():
            reason = f"{contact_import.file_name} says that they don’t want texts"
            opted_out = _opt_out(contact_import, reason, "AND staged.opts_out ")
    return {
        "people": total,
        "new": new,
        "renamed": renamed,
        "differing": differing,
        "known": total - new - renamed - differing,
        "valued": valued,
        "to_opt_out": opted_out,
        "left_out": left_out,
    }


def _has_names(contact_import: ContactImport) -> bool:
    return contact_import.target != ContactImport.Target.UNSUBSCRIBED


def _count_differing(contact_import: ContactImport) -> int:
    differing = differing_people(contact_import)
    return (differing.filter(opts_out=False) if contact_import.leaves_refusals_out else differing).count()


def _rename(contact_import: ContactImport) -> int:
    table = _MODELS[contact_import.target]._meta.db_table
    own = _own_list(contact_import)
    own_list = "".join(f"known.{column} = %s AND " for column in own)
    which = "known.name <> staged.name" if contact_import.takes_names else "known.name = ''"
    changes = (
        f"{condition(contact_import)} AND {own_list}known.phone = staged.phone AND staged.name IS NOT NULL "
        f"AND (known.name IS NULL OR {which})"
    )
    execute(
        f"INSERT INTO {ImportChange._meta.db_table} "  # noqa: S608 - names of our own
        "(contact_import_id, kind, phone, row_id, old, new) "
        "SELECT staged.contact_import_id, %s, known.phone, known.id, known.name, staged.name "
        f"FROM import_rows AS staged, {table} AS known WHERE {changes}",
        [ImportChange.Kind.RENAMED.value, contact_import.pk, *own.values()],
    )
    return execute(
        f"UPDATE {table} AS known SET name = staged.name FROM import_rows AS staged WHERE {changes}",  # noqa: S608
        [contact_import.pk, *own.values()],
    )


def _insert(contact_import: ContactImport) -> int:
    # In the ORM's format: SQLite compares times as text.
    now = connection.ops.adapt_datetimefield_value(timezone.now())
    columns: dict[str, Any] = {"created_at": now}
    if contact_import.target == ContactImport.Target.GROUP:
        columns["source"] = GroupMember.Source.IMPORT.value
    own = _own_list(contact_import)
    model = _MODELS[contact_import.target]
    inserted = _insert_into(model, columns | own, contact_import, "")
    own_list = "".join(f"known.{column} = %s AND " for column in own)
    # Nobody else adds a number of the file in exactly this microsecond.
    execute(
        f"INSERT INTO {ImportChange._meta.db_table} "  # noqa: S608 - names of our own
        "(contact_import_id, kind, phone, row_id, new) "
        "SELECT staged.contact_import_id, %s, known.phone, known.id, known.name "
        f"FROM import_rows AS staged JOIN {model._meta.db_table} AS known ON known.phone = staged.phone "
        f"WHERE {condition(contact_import)} AND {own_list}known.created_at = %s",
        [ImportChange.Kind.ADDED.value, contact_import.pk, *own.values(), now],
    )
    return inserted


def _remember_members(contact_import: ContactImport) -> None:
    """Whom of the community the import was about, new or not."""
    table = ContactImport.members.through._meta.db_table
    execute(
        f"INSERT INTO {table} (contactimport_id, communitymember_id) "  # noqa: S608 - names of our own
        "SELECT staged.contact_import_id, known.id FROM import_rows AS staged "
        f"JOIN {CommunityMember._meta.db_table} AS known ON known.phone = staged.phone "
        f"WHERE {condition(contact_import)}",
        [contact_import.pk],
    )


def _opt_out(contact_import: ContactImport, reason: str, which: str) -> int:
    """Adds the staged people that match the condition `which` to the opt-out list and the consent history."""
    now = timezone.now()
    columns = {
        "created_at": connection.ops.adapt_datetimefield_value(now),
        "source": UnsubscribedContact.Source.IMPORT.value,
        "reason": reason,
    }
    inserted = _insert_into(UnsubscribedContact, columns, contact_import, which)
    # No other entry has this source, this reason and exactly this microsecond.
    actor = contact_import.created_by.get_username() if contact_import.created_by else ""
    added = UnsubscribedContact.objects.filter(**columns | {"created_at": now})
    opting_out.record_import(added, reason, actor)
    return inserted


def _insert_into(
    model: type[models.Model], columns: dict[str, Any], contact_import: ContactImport, which: str
) -> int:
    names, places = ", ".join(columns), ", ".join(["%s"] * len(columns))
    return execute(
        f"INSERT INTO {model._meta.db_table} (phone, name, {names}) "  # noqa: S608 - names of our own
        f"SELECT staged.phone, staged.name, {places} FROM import_rows AS staged "
        f"WHERE {condition(contact_import)} {which}ORDER BY staged.line ON CONFLICT DO NOTHING",
        [*columns.values(), contact_import.pk],
    )
