"""Which columns of a file are kept as fields: as staff chose, now or for the last file with these headings."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from smsadmin.lib.text_lookup import fold

from .. import profile_fields
from ..models import ContactImport, ProfileField, RememberedColumns
from .formats.tables import Unreadable

LONGEST_LABEL: Final = 60


class FieldsChanged(Exception):
    """A field was defined, changed or deleted since the file was read; str() is a sentence for staff."""


@dataclass(frozen=True)
class FieldColumn:
    """A column and its field. `field` isn't saved yet if it is new."""

    position: int
    field: ProfileField

    @property
    def is_new(self) -> bool:
        return self.field.pk is None

    def described(self) -> dict[str, Any]:
        """As in the list `ContactImport.detected["fields"]`."""
        field = self.field
        return {
            "position": self.position,
            "id": field.pk,
            "key": field.key,
            "label": field.label,
            "kind": str(field.kind),
            "choices": list(field.choices),
        }


def kept(contact_import: ContactImport, headings: Sequence[str]) -> list[FieldColumn]:
    """The columns to keep. The adjustments say which:

    `fields` maps positions to the keys of fields, or to "" for a new one, called after the heading. `named_fields`
    is a list of (heading, key); a key that no field has is a new field's. Without either, the columns of the last
    file with the same headings are kept, as far as their fields still exist. Raises Unreadable for a heading that the
    file doesn't have.
    """
    adjustments = contact_import.adjustments
    may_add = "named_fields" in adjustments
    if may_add:
        chosen = _by_heading(adjustments["named_fields"], headings)
    elif "fields" in adjustments:
        chosen = {int(position): key for position, key in adjustments["fields"].items()}
    else:
        chosen = remembered(headings)
    known = {field.key: field for field in ProfileField.objects.all()}
    columns = []
    for position, key in sorted(chosen.items()):
        if position >= len(headings) or (key and key not in known and not may_add):
            continue
        label = label_of(headings[position], position)
        key = key or profile_fields.key_for(label, known)
        known.setdefault(key, ProfileField(key=key, label=label))
        columns.append(FieldColumn(position, known[key]))
    return columns


def _by_heading(named: Sequence[Sequence[str]], headings: Sequence[str]) -> dict[int, str]:
    plain = [fold(" ".join(heading.split())) for heading in headings]
    found = {}
    for heading, key in named:
        wanted = fold(" ".join(heading.split()))
        if not wanted or wanted not in plain:
            names = [f"“{name[:40]}”" for name in headings if name][:8]
            has = f" Its columns are {', '.join(names)}." if names else " It has no headings."
            raise Unreadable(f"The file has no column “{heading}”.{has}")
        found[plain.index(wanted)] = key
    return found


def current(contact_import: ContactImport) -> list[FieldColumn]:
    """The columns that were staged, with the fields of now. Raises FieldsChanged if these differ from those."""
    found = []
    for described in contact_import.detected.get("fields", []):
        field = ProfileField.objects.filter(key=described["key"]).first()
        now = FieldColumn(described["position"], field).described() if field else described | {"id": None}
        if any(now[name] != described[name] for name in ("id", "kind", "choices")):
            raise FieldsChanged(
                f"The field {described['label']} has been changed since the file was read. Nothing was imported. "
                "Read the file again."
            )
        if field is None:
            field = ProfileField(key=described["key"], label=described["label"], kind=described["kind"])
        found.append(FieldColumn(described["position"], field))
    return found


# Keys -------------------------------------------------------------------------------------------------------


def label_of(heading: str, position: int) -> str:
    """What a new field is called after the heading of its column."""
    return " ".join(heading.split())[:LONGEST_LABEL].strip() or f"Column {position + 1}"


# Remembering ------------------------------------------------------------------------------------------------


def remembered(headings: Sequence[str]) -> dict[int, str]:
    """The keys by position that were chosen for the last file with these headings."""
    found = RememberedColumns.objects.filter(headings=_digest(headings)).first() if any(headings) else None
    return {int(position): key for position, key in found.fields.items()} if found else {}


def remember(headings: Sequence[str], columns: Sequence[FieldColumn]) -> None:
    """Keeps the choice for the next file with these headings; a choice of none only where there was another."""
    if not any(headings):
        return
    fields = {str(column.position): column.field.key for column in columns}
    digest = _digest(headings)
    if fields:
        RememberedColumns.objects.update_or_create(headings=digest, defaults={"fields": fields})
    else:
        RememberedColumns.objects.filter(headings=digest).delete()


def _digest(headings: Sequence[str]) -> str:
    plain = "\n".join(fold(" ".join(heading.split())) for heading in headings)
    return hashlib.sha256(plain.encode()).hexdigest()
