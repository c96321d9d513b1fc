"""What is known of people by their phones, whatever lists they are on."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.contrib.admin.models import CHANGE, LogEntry
from django.db import transaction
from django.db.models import Model
from django.dispatch import Signal

from accounts.models import AppUser
from smsadmin.lib.locks import lock_bulk_changes

from . import profile_values
from .models import (
    CommunityMember,
    EventRegistration,
    GroupMember,
    Profile,
    ProfileField,
    UnsubscribedContact,
)

# The lists that call people by a name of their own.
NAMED: Final[tuple[type[Model], ...]] = (CommunityMember, EventRegistration, GroupMember, UnsubscribedContact)
# What a profile says beside the name and the staff's fields.
DETAILS: Final = ("time_zone", "language", "notes")

# Sent with `phone` in E.164 and `name` ("" for none) in the transaction that renames somebody.
renamed = Signal()


@dataclass(frozen=True, slots=True)
class Changes:
    """What staff have changed of a person. `name` is None if it stays, "" if it is removed; `details` are by the name
    of their column, `values` are what was typed, by field."""

    name: str | None
    details: Mapping[str, str]
    values: Mapping[ProfileField, str]


def ensure(phones: Iterable[str]) -> None:
    """Give each phone in E.164 a profile, if only an empty one: people on no list can then be in an audience."""
    Profile.objects.bulk_create([Profile(phone=phone) for phone in phones], ignore_conflicts=True)


def edit(phone: str, changes: Changes, user: AppUser) -> Profile:
    """Write what staff have changed, with the change log. Raises profile_values.BadValue, without an effect."""
    with transaction.atomic():
        lock_bulk_changes()
        ensure([phone])
        profile = Profile.objects.select_for_update().get(phone=phone)
        changed = [name for name, value in changes.details.items() if getattr(profile, name) != value]
        for name in changed:
            setattr(profile, name, changes.details[name])
        if changes.name is not None:
            rename(phone, changes.name, user)
            profile.name = changes.name
            changed.append("name")
        profile.save()
        labels = [name.replace("_", " ").capitalize() for name in changed]
        before = profile_values.values_of([phone], changes.values).get(phone, {})
        for field, typed in changes.values.items():
            found = profile_values.canonical(field, typed)
            if (found.value if found else "") != before.get(field.key, ""):
                profile_values.set_value(field, phone, typed)
                labels.append(field.label)
        if labels:
            _log(user, [profile], labels)
    return profile


def rename(phone: str, name: str, user: AppUser) -> None:
    """Call a person by this name on every list they are on; "" removes it. Writes the change log of their entries."""
    for model in NAMED:
        rows = list(model._default_manager.filter(phone=phone).exclude(name=name or None))
        model._default_manager.filter(pk__in=[row.pk for row in rows]).update(name=name or None)
        for row in rows:
            row.name = name  # type: ignore[attr-defined]
        _log(user, rows, ["Name"])
    renamed.send(Profile, phone=phone, name=name)


def follow(phone: str, name: str, user: AppUser) -> None:
    """After one list's entry was renamed by staff: if the person has a confirmed name, this is the new one."""
    with transaction.atomic():
        lock_bulk_changes()
        if Profile.objects.filter(phone=phone).exclude(name="").update(name=name):
            rename(phone, name, user)


def rows_named(phone: str) -> list[type[Model]]:
    """The lists that have this phone, and thus a name to change."""
    return [model for model in NAMED if model._default_manager.filter(phone=phone).exists()]


def _log(user: AppUser, rows: list[Any], fields: list[str]) -> None:
    for model in {type(row) for row in rows}:
        of_model = [row for row in rows if type(row) is model]
        LogEntry.objects.log_actions(user.pk, of_model, CHANGE, [{"changed": {"fields": fields}}])
