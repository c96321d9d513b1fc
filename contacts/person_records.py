"""Everything known of a person, for their page, to hand it over, and to erase it.

Each app registers what it keeps of a phone (`Keeper`) in its `AppConfig.ready`. Erasing keeps what has to stay: that
a number has opted out or is unreachable, and the consent history, both without names and words.
"""

import io
import json
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import Model, Q, QuerySet
from django.utils import timezone

from accounts.events import record
from accounts.security_events import Kind
from smsadmin.lib import csv_files
from smsadmin.lib.locks import lock_bulk_changes
from smsadmin.lib.registry import Registry

from .names import known_names

ERASED_NAME: Final = "(erased)"
_AT_ONCE: Final = 1000


class CannotErase(Exception):
    """The person can't be erased yet; str() is a sentence for staff that says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Table:
    """What is kept in one place: a name for the file, headings, and rows of texts, numbers, times or None."""

    name: str
    headings: tuple[str, ...]
    rows: list[tuple[Any, ...]]


class Keeper:
    """What one app keeps of a phone in E.164."""

    def knows(self, phone: str) -> bool:
        """Whether there is anything of it. Has to be fast for any phone."""
        raise NotImplementedError

    def tables(self, phone: str) -> Iterator[Table]:
        """Everything there is, for the person to read."""
        raise NotImplementedError

    def hold(self, phone: str) -> None:
        """Locks what a text from the phone locks first, so that one that comes in now waits or is waited for."""

    def check(self, phone: str) -> None:
        """Raises CannotErase while something still needs it. Called in the transaction that erases."""

    def erase(self, phone: str) -> None:
        """Deletes or redacts everything that needn't stay."""
        raise NotImplementedError


keepers: Registry[Keeper] = Registry()


def is_known(phone: str) -> bool:
    return any(keeper.knows(phone) for keeper in keepers)


def table(name: str, rows: QuerySet[Any], **columns: str) -> Table:
    """A table of these rows, oldest first. `columns` are headings (with _ for a space) and where their value is."""
    values = rows.order_by("pk").values_list(*columns.values())
    return Table(name, tuple(heading.replace("_", " ") for heading in columns), list(values))


# Hand over ----------------------------------------------------------------------------------------------------


def export(phone: str) -> bytes:
    """A ZIP file with everything known of the phone: person.json, and a CSV file for each table that has rows.

    Times are in the site's time zone. Records a security event, which doesn't name the person.
    """
    tables = [found for keeper in keepers for found in keeper.tables(phone) if found.rows]
    whole = {
        "phone": phone,
        "name": known_names([phone]).get(phone) or "",
        "exported": csv_files.moment(timezone.now()),
        **{
            found.name: [dict(zip(found.headings, _plain(row), strict=True)) for row in found.rows]
            for found in tables
        },
    }
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("person.json", json.dumps(whole, indent=2, ensure_ascii=False))
        for found in tables:
            lines = csv_files.write(found.headings, map(_plain, found.rows))
            archive.writestr(f"{found.name}.csv", "".join(lines))
    record(Kind.DATA_EXPORTED, list="one person")
    return file.getvalue()


def _plain(row: Iterable[Any]) -> list[Any]:
    """The row as JSON and CSV can have it."""
    return [
        csv_files.moment(value)
        if isinstance(value, datetime)
        else value.isoformat()
        if isinstance(value, date)
        else value
        for value in row
    ]


# Erase --------------------------------------------------------------------------------------------------------


def why_not_erasable(phone: str) -> str:
    """A sentence on why the person can't be erased right now; "" if they can."""
    try:
        for keeper in keepers:
            keeper.check(phone)
    except CannotErase as reason:
        return str(reason)
    return ""


def erase(phone: str) -> None:
    """Erase a person: everything but the bare facts that have to stay. Raises CannotErase, without an effect.

    Records a security event, which doesn't name the person.
    """
    with transaction.atomic():
        lock_bulk_changes()
        for keeper in keepers:
            keeper.hold(phone)
        for keeper in keepers:
            keeper.check(phone)
        for keeper in keepers:
            keeper.erase(phone)
        record(Kind.PERSON_ERASED)


def delete(rows: QuerySet[Any]) -> None:
    """Delete rows, and take their names out of the change log."""
    keys = list(rows.values_list("pk", flat=True))
    redact_log(rows.model, keys)
    rows.model._default_manager.filter(pk__in=keys).delete()


def redact_log(model: type[Model], keys: Iterable[Any]) -> None:
    """Take the names of these rows out of the change log, which keeps who changed them, and when."""
    entries = LogEntry.objects.filter(content_type=ContentType.objects.get_for_model(model))
    wanted = [str(key) for key in keys]
    for start in range(0, len(wanted), _AT_ONCE):
        entries.filter(object_id__in=wanted[start : start + _AT_ONCE]).update(object_repr=ERASED_NAME)


def redact_log_of(phone: str, models: Iterable[type[Model]]) -> None:
    """Take a number out of the change log of entries that are gone: those without a name went by it."""
    types = ContentType.objects.get_for_models(*models).values()
    LogEntry.objects.filter(Q(object_repr=phone), content_type__in=types).update(object_repr=ERASED_NAME)
